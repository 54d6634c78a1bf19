"""Readouts: decide an item from encoder features, without the language model.

A readout answers "what could be read from the features", which bounds what the language model
was given from below; it is no proof of an upper bound. Pure functions on arrays that import
nothing else of the project. Torch is imported inside functions, so that naming a readout costs
nothing before it is used.
"""

from pytest_vlmsight.readouts.depth import DenseDepthHead, closer, closer_box, closest, patches_in
from pytest_vlmsight.readouts.depth_moments import DepthFit, DepthMoments
from pytest_vlmsight.readouts.folds import deal
from pytest_vlmsight.readouts.gram import gram, gram_distance, nearest_gram
from pytest_vlmsight.readouts.linear import CrossFit, LinearReadout, cross_fit, fit_linear
from pytest_vlmsight.readouts.nearest_patch import nearest_patch
from pytest_vlmsight.readouts.oddity import odd_one_out
from pytest_vlmsight.readouts.patch_depth import pool_depth
from pytest_vlmsight.readouts.pooled import nearest_pooled, pool
from pytest_vlmsight.readouts.sampling import bilinear, box_mean
from pytest_vlmsight.readouts.sketch import WIDEST, sketch

__all__ = [
    "WIDEST",
    "CrossFit",
    "DenseDepthHead",
    "DepthFit",
    "DepthMoments",
    "LinearReadout",
    "bilinear",
    "box_mean",
    "closer",
    "closer_box",
    "closest",
    "cross_fit",
    "deal",
    "fit_linear",
    "gram",
    "gram_distance",
    "nearest_gram",
    "nearest_patch",
    "nearest_pooled",
    "odd_one_out",
    "patches_in",
    "pool",
    "pool_depth",
    "sketch",
]
