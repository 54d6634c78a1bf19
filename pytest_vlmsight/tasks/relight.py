"""Other light on a picture: its colours, their curve, and a lamp to one side of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relight:
    """A change of light.

    Attributes:
        gains: of each channel.
        slope: how much brighter it is at the right and at the lower border than in the middle.
        bend: of each channel's curve; above 0 it brightens the middle tones, below 0 (and above
            −1) it darkens them.
    """

    gains: Three = (1.0, 1.0, 1.0)
    slope: tuple[float, float] = (0.0, 0.0)
    bend: Three = (0.0, 0.0, 0.0)

    def __call__(self, light: Any, x: Any, y: Any) -> Any:
        """(3, n) float32 light from 0 to 1, changed.

        Args:
            light: (3, n) float32.
            x: (n,) across the picture, from −.5 to .5.
            y: (n,) likewise, downwards.
        """
        import numpy as np

        across, down = self.slope
        lamp = (1 + 2 * across * x + 2 * down * y).astype(np.float32)
        changed = np.empty_like(light)
        for channel, (gain, bend) in enumerate(zip(self.gains, self.bend, strict=True)):
            value = np.clip(light[channel] * np.float32(gain) * lamp, 0, 1)
            # Schlick's rational curve stands for a power, which is not exact everywhere.
            bent = np.float32(bend)
            changed[channel] = value * (1 + bent) / (1 + bent * value)
        return changed


def draw_relight(rng: np.random.Generator, strength: float) -> Relight:
    """A change of light of a strength from 0 (none) to 1."""
    draws = [2 * value - 1 for value in rng.random(10).tolist()]

    def bent(value: float) -> float:
        # As often the curve as its inverse.
        return value if value >= 0 else value / (1 - value)

    return Relight(
        gains=(
            1 + strength * (0.25 * draws[0] + 0.2 * draws[1]),
            1 + strength * (0.25 * draws[0] + 0.2 * draws[2]),
            1 + strength * (0.25 * draws[0] + 0.2 * draws[3]),
        ),
        slope=(0.35 * strength * draws[4], 0.35 * strength * draws[5]),
        bend=(
            bent(strength * (0.8 * draws[6] + 0.3 * draws[7])),
            bent(strength * (0.8 * draws[6] + 0.3 * draws[8])),
            bent(strength * (0.8 * draws[6] + 0.3 * draws[9])),
        ),
    )
