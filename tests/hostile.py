"""Texts that would do something where they were not shown as text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from made_runs import case, evaluation, run

from pytest_vlmsight.baselines import Baseline
from pytest_vlmsight.evaluation import Asked
from pytest_vlmsight.gates import Outcome

if TYPE_CHECKING:
    from pytest_vlmsight.records.run import Run

TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title></style></script><h1 class=theirs>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&#x3c;",
    "--></pre><iframe srcdoc=x>",
    "gnp.\u202etxt",
    "step-\udcff",
    "nul\x00bell\x07",
)


def hostile_run() -> Run:
    """A run in which all that models, task folders and users write is hostile."""
    text = "".join(TEXTS)
    first = evaluation(n=40, sighted=0.3, provenance={text: text, "source": text})
    first = replace(
        first,
        model=f"model {text}",
        task=f"task {text}",
        unmeasured={f"native {text}": f"why {text}"},
        slices=tuple(((f"slice {text}", f"value {index % 2} {text}"),) for index in range(first.n)),
        asked=tuple(
            Asked(
                name=f"name {text}",
                question=f"question {text}",
                options=(f"one {text}", f"two {text}"),
            )
            for _ in range(first.n)
        ),
    )
    failed = case(first, "ceiling", Outcome.FAIL)
    assert failed.verdict is not None
    failed = replace(failed, verdict=replace(failed.verdict, reason=f"reason {text}"))
    error = replace(case(first, "blind", None), told=f"told {text}\nsecond line")
    other = replace(case(first, f"gate {text}", None), told=f"told {text}")
    made = run(first, cases=[failed, error, other])
    return replace(
        made,
        version=text,
        started=text,
        command=("pytest", f"--vlm={text}"),
        settings={"items": 40, text: text},
        environment={text: {text: [text]}},
    )


def hostile_baselines() -> dict[str, Baseline]:
    """What ``hostile_run`` is compared with: one task was asked otherwise, one is gone."""
    text = "".join(TEXTS)
    new = hostile_run()
    (one,) = new.evaluations
    old = replace(
        one,
        model=f"old {text}",
        provenance={**one.provenance, "seed": f"seed {text}", "dtype": text},
    )
    gone = replace(old, task=f"gone {text}")
    before = replace(
        run(old, gone, cases=[]),
        started=f"started {text}",
        environment={"python": f"python {text}", "packages": {f"package {text}": text}},
    )
    return {one.model: Baseline(path=Path("b.json"), shown=f"path {text}", run=before)}
