"""A small ray caster with exact ground truth, the same pixels on every machine.

No renderer from a package gives that: those that need no GPU (pyrender on OSMesa, Blender,
pybullet's TinyRenderer) differ in pixels between builds, or give no surface points, and each is a
compiled dependency larger than this project. Here everything is NumPy, element by element.

The rule that makes pixels equal everywhere: only operations that IEEE 754 rounds exactly (+, −, ×,
÷, √, comparisons, floor) and table look-ups. No sine, power or exponential of a library, no
matrix product, no sum over an axis: their last bits depend on the processor. ``exact.py`` has what
is needed of angles.
"""
