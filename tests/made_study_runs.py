"""Runs of the study's tasks made up: what a record of ``--vlm-protocol=study`` tells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from made_runs import evaluation, run

from pytest_vlmsight.published import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.records.run import Run

AS_STUDIED = {
    "source": "llava-hf/llava-1.5-7b-hf",
    "model_type": "llava",
    "encoder": "clip_vision_model",
    "fed_from": "encoder[23]",
    "dtype": "float32",
    "scoring": "generate",
    "several_images": "composite",
    "data": "hub/of-the-study@abab",
}

SETTINGS = {
    "protocol": "study",
    "items": 2019,
    "scoring": "generate",
    "ceiling": ["native"],
    "images": "composite",
}


def studied(
    name: str,
    *,
    model: str = "llava",
    n: int | None = None,
    provenance: Mapping[str, Any] | None = None,
    kind: str = "native",
    **more: Any,
) -> Evaluation:
    """An evaluation of a task ``study/…``, or of another where the name has a slash or is unknown.

    Args:
        name: of the study's task.
        model: as shown.
        n: items; the study's number where it is None.
        provenance: what is otherwise than the study's.
        kind: of the ceiling.
        more: as ``made_runs.evaluation`` takes it.
    """
    known = PUBLISHED.get(name)
    options = 2 if known is not None and known.chance == 0.5 else 4
    made = evaluation(
        model=model,
        task=f"study/{name}" if known is not None else name,
        n=n if n is not None else known.n if known is not None else 40,
        options=(options,),
        provenance={**AS_STUDIED, **(provenance or {})},
        **more,
    )
    ceiling = replace(made.ceilings["matched"], kind=kind)
    return replace(made, ceilings={kind: ceiling}, unmeasured={})


def study_run(*evaluations: Evaluation, settings: Mapping[str, Any] = SETTINGS) -> Run:
    """A run of these."""
    return replace(run(*evaluations), settings=settings)


def named(*runs: Run) -> Sequence[tuple[str, Run]]:
    """Runs with the names of their records."""
    return [(f"run{index}.json", one) for index, one in enumerate(runs)]
