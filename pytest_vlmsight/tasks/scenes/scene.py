"""What there is to be seen: things in a room, and a light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .exact import WORLD, Frame, Vec, add, mul, out_of, unit

if TYPE_CHECKING:
    from .solids import Solid
    from .texture import Colour, Texture

_LAMP = unit((0.4, -0.5, 0.9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An object: solids in its own coordinates, and where it stands.

    Attributes:
        kind: its category, such as "chair".
        solids: in the thing's coordinates; by custom about 1 from its origin at most.
        skins: textures that the solids wear by number, in the thing's coordinates.
        position: of its origin in the world.
        axes: its own axes in the world.
        scale: length of its unit in the world.
        ghost: whether it casts no shadow.
    """

    kind: str
    solids: tuple[Solid, ...]
    skins: tuple[Texture, ...]
    position: Vec = (0.0, 0.0, 0.0)
    axes: Frame = WORLD
    scale: float = 1.0
    ghost: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its parts, each once, in the order of the solids."""
        return tuple(dict.fromkeys(solid.part for solid in self.solids))

    def place(self, point: Vec) -> Vec:
        """A point of the thing in the world; its coordinates may hold arrays."""
        return add(self.position, mul(out_of(self.axes, point), self.scale))

    def moved(
        self, position: Vec, *, axes: Frame | None = None, scale: float | None = None
    ) -> Thing:
        """The same thing elsewhere, turned or of another size."""
        return replace(
            self,
            position=position,
            axes=self.axes if axes is None else axes,
            scale=self.scale if scale is None else scale,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The inside of a box that all things and the camera are in; z = 0 is the floor.

    Attributes:
        low: lowest x, y and z.
        high: highest x, y and z.
        skins: textures of floor, walls and ceiling, in the world's coordinates.
    """

    low: Vec = (-5.0, -5.0, 0.0)
    high: Vec = (5.0, 5.0, 4.0)
    skins: tuple[Texture, Texture, Texture]


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A distant lamp, and the light that comes from everywhere.

    Attributes:
        direction: towards the lamp, of length 1; its z is positive.
        strength: of the lamp.
        ambient: what reaches places in shadow.
        tint: of both.
        shadows: whether things cast shadows.
    """

    direction: Vec = _LAMP
    strength: float = 0.75
    ambient: float = 0.35
    tint: Colour = (1.0, 1.0, 1.0)
    shadows: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Things in a room under a light."""

    room: Room
    things: tuple[Thing, ...]
    light: Light = Light()
