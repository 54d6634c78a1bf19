"""What the study published, read off its figures: for comparison, never for a gate.

The numbers of Fu et al., "Hidden in plain sight: VLMs overlook their visual representations"
(arXiv 2506.08008, 2025), are drawn there and not printed, so each is known to within a reading
error. A difference from one of ours that is smaller than that says nothing, and a larger one may
come from their settings: VLMs of one recipe (Prismatic: Vicuna v1.5 7B, a projector of two layers,
LLaVA-1.5's data, 224 px, two images side by side), and readouts that see each image by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "Fu et al. 2025, arXiv 2506.08008; read off its figures"

ENCODERS = ("IN-1k", "DINOv2", "SigLIP", "CLIP")
"""ViT-L on ImageNet-1k, ViT-L/14, so400m and ViT-L/14, in the order of the study's table."""

_ERROR, _ROUGH_ERROR = 0.003, 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """A number read off a figure.

    Attributes:
        value: a share, 0 to 1.
        error: how far the true one may be from it, to either side.
    """

    value: float
    error: float = _ERROR

    @property
    def low(self) -> float:
        """The least that it may be."""
        return self.value - self.error

    @property
    def high(self) -> float:
        """The most that it may be."""
        return self.value + self.error

    def __str__(self) -> str:
        """In percent, with the error.

        >>> str(Reading(0.536))
        '53.6 ± 0.3'
        """
        return f"{100 * self.value:.1f} ± {100 * self.error:.1f}"


def _rough(value: float) -> Reading:
    return Reading(value, _ROUGH_ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """Accuracy of the DINOv2 VLM after tuning one of its parts.

    Attributes:
        untuned: before.
        encoder: its ViT tuned.
        projector: its projector tuned.
        llm: its LLM tuned.
    """

    untuned: Reading
    encoder: Reading
    projector: Reading
    llm: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTask:
    """One task of the study.

    Attributes:
        n: items.
        chance: accuracy of guessing.
        always_a: accuracy of always answering A, where it is known; keys are not balanced.
        readout: accuracy of the direct readout of each encoder, in the order of ``ENCODERS``.
        vlm: accuracy of the VLM with that encoder, likewise.
        blind_distance: total variation distance between the shares of letters answered with the
            image and without; computed from read shares, so its error is not known.
        tuned: see ``Tuned``.
    """

    n: int
    chance: float
    always_a: float | None
    readout: tuple[Reading, Reading, Reading, Reading]
    vlm: tuple[Reading, Reading, Reading, Reading]
    blind_distance: float
    tuned: Tuned

    def of(self, encoder: str) -> tuple[Reading, Reading]:
        """Readout and VLM of one encoder.

        Raises:
            ValueError: the study has no such encoder.
        """
        if encoder not in ENCODERS:
            raise ValueError(f"encoder: got {encoder!r}; expected one of {ENCODERS}")
        place = ENCODERS.index(encoder)
        return self.readout[place], self.vlm[place]


PUBLISHED: Mapping[str, PublishedTask] = MappingProxyType(
    {
        "semantic_correspondence": PublishedTask(
            n=138,
            chance=0.25,
            always_a=0.324,
            readout=(Reading(0.428), Reading(0.536), Reading(0.392), Reading(0.384)),
            vlm=(_rough(0.30), Reading(0.224), Reading(0.305), Reading(0.297)),
            blind_distance=0.083,
            tuned=Tuned(
                untuned=Reading(0.222),
                encoder=Reading(0.325),
                projector=Reading(0.200),
                llm=Reading(0.353),
            ),
        ),
        "low_level_matching": PublishedTask(
            n=171,
            chance=0.25,
            always_a=0.297,
            readout=(Reading(0.719), Reading(0.818), Reading(0.631), Reading(0.532)),
            vlm=(Reading(0.288), Reading(0.169), Reading(0.245), Reading(0.182)),
            blind_distance=0.114,
            tuned=Tuned(
                untuned=Reading(0.165),
                encoder=Reading(0.201),
                projector=Reading(0.142),
                llm=Reading(0.353),
            ),
        ),
        "object_depth": PublishedTask(
            n=600,
            chance=0.5,
            always_a=None,
            readout=(Reading(0.870), Reading(0.887), Reading(0.840), Reading(0.852)),
            vlm=(_rough(0.645), Reading(0.653), Reading(0.663), Reading(0.624)),
            blind_distance=0.069,
            tuned=Tuned(
                untuned=Reading(0.652),
                encoder=Reading(0.629),
                projector=Reading(0.641),
                llm=Reading(0.729),
            ),
        ),
        "functional_correspondence": PublishedTask(
            n=129,
            chance=0.25,
            always_a=0.215,
            readout=(Reading(0.380), Reading(0.411), Reading(0.248), Reading(0.294)),
            vlm=(Reading(0.178), Reading(0.156), Reading(0.147), Reading(0.171)),
            blind_distance=0.054,
            tuned=Tuned(
                untuned=Reading(0.153),
                encoder=Reading(0.145),
                projector=Reading(0.199),
                llm=Reading(0.301),
            ),
        ),
        "art_style": PublishedTask(
            n=117,
            chance=0.5,
            always_a=0.470,
            readout=(_rough(0.74), Reading(0.676), Reading(0.744), Reading(0.760)),
            vlm=(_rough(0.535), Reading(0.529), Reading(0.427), Reading(0.539)),
            blind_distance=0.169,
            tuned=Tuned(
                untuned=Reading(0.530),
                encoder=Reading(0.530),
                projector=Reading(0.512),
                llm=Reading(0.589),
            ),
        ),
        "odd_one_out": PublishedTask(
            n=2019,
            chance=0.328,
            always_a=None,
            readout=(Reading(0.483), Reading(0.600), Reading(0.589), Reading(0.504)),
            vlm=(_rough(0.313), Reading(0.315), Reading(0.321), Reading(0.330)),
            blind_distance=0.191,
            tuned=Tuned(
                untuned=Reading(0.314),
                encoder=Reading(0.322),
                projector=Reading(0.318),
                llm=Reading(0.357),
            ),
        ),
    }
)
"""By the name that the task has under ``study/``."""

PREFIXES = (0, 1, 5, 10)
"""Numbers of embeddings that were learned in front of the prompt."""

PREFIX_TUNED: Mapping[tuple[str, str], tuple[Reading, ...]] = MappingProxyType(
    {
        ("semantic_correspondence", "DINOv2"): (
            Reading(0.224), Reading(0.247), Reading(0.244), Reading(0.231),
        ),
        ("low_level_matching", "SigLIP"): (
            Reading(0.245), Reading(0.285), Reading(0.266), Reading(0.254),
        ),
        ("object_depth", "CLIP"): (
            Reading(0.624), Reading(0.626), Reading(0.640), Reading(0.625),
        ),
        ("functional_correspondence", "CLIP"): (
            Reading(0.171), Reading(0.188), Reading(0.200), Reading(0.184),
        ),
        ("art_style", "SigLIP"): (
            Reading(0.427), Reading(0.433), Reading(0.446), Reading(0.450),
        ),
    }
)  # fmt: skip
"""By task and encoder: accuracy of the VLM with each of ``PREFIXES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Accuracy of the readout on the way, of pictures as the VLM sees them.

    Attributes:
        encoder: at the encoder's output; below the headline readout, which sees each image alone.
        llm_input: at the LLM's input.
        llm_mean: the mean over the LLM's layers.
    """

    encoder: Reading
    llm_input: Reading
    llm_mean: Reading


STAGES: Mapping[tuple[str, str], Stages] = MappingProxyType(
    {
        ("semantic_correspondence", "DINOv2"): Stages(
            encoder=Reading(0.459), llm_input=Reading(0.424), llm_mean=Reading(0.432)
        ),
        ("semantic_correspondence", "CLIP"): Stages(
            encoder=Reading(0.387), llm_input=Reading(0.399), llm_mean=Reading(0.410)
        ),
        ("low_level_matching", "DINOv2"): Stages(
            encoder=Reading(0.568), llm_input=Reading(0.568), llm_mean=Reading(0.572)
        ),
        ("low_level_matching", "CLIP"): Stages(
            encoder=Reading(0.527), llm_input=Reading(0.525), llm_mean=Reading(0.534)
        ),
        ("functional_correspondence", "DINOv2"): Stages(
            encoder=Reading(0.321), llm_input=Reading(0.315), llm_mean=Reading(0.320)
        ),
        ("art_style", "CLIP"): Stages(
            encoder=Reading(0.598), llm_input=Reading(0.572), llm_mean=Reading(0.675)
        ),
    }
)
"""By task and encoder."""
