"""The numbers read off the study's figures agree with each other and with what was noted.

What was noted lies beside the repository and not in it; tests that need it skip where it is absent.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from pytest_vlmsight.published import (
    ENCODERS,
    PREFIX_TUNED,
    PUBLISHED,
    STAGES,
    PublishedTask,
    Reading,
)

PACKAGE = Path(__file__).parents[1] / "pytest_vlmsight"
NAMES = {
    "semantic": "semantic_correspondence",
    "low-level": "low_level_matching",
    "depth": "object_depth",
    "affordance": "functional_correspondence",
    "art style": "art_style",
    "art": "art_style",
    "3D": "odd_one_out",
}
CORRESPONDENCE = ("semantic_correspondence", "low_level_matching", "functional_correspondence")


@pytest.fixture(scope="module")
def notes() -> str:
    default = Path(__file__).parents[2] / "shared" / "reference" / "paper.md"
    file = Path(os.environ.get("VLMSIGHT_PAPER", default))
    if not file.is_file():
        pytest.skip(f"no notes on the study at {file}: set VLMSIGHT_PAPER")
    return file.read_text(encoding="utf-8")


def section(notes: str, title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}.*?\n(.*?)(?=^## |\Z)", notes, re.S | re.M)
    assert found, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Cells of a Markdown table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def reading(text: str) -> Reading:
    return Reading(float(text.removeprefix("~")), 0.01 if text.startswith("~") else 0.003)


def test_readouts_and_answers_are_as_noted(notes: str) -> None:
    table = rows(section(notes, "Encoder readout → VLM accuracy"))
    assert {NAMES[row[0]] for row in table} == set(PUBLISHED)
    for name, *cells in table:
        task = PUBLISHED[NAMES[name]]
        noted = [tuple(reading(part) for part in cell.split(" → ")) for cell in cells]
        assert [task.of(encoder) for encoder in ENCODERS] == noted, name


def test_items_and_chance_are_as_noted(notes: str) -> None:
    titles = {
        "semantic correspondence": "semantic_correspondence",
        "low-level matching": "low_level_matching",
        "object affordance": "functional_correspondence",
        "art style": "art_style",
        "depth estimation": "object_depth",
        "3D object awareness (odd one out)": "odd_one_out",
    }
    table = {row[0]: row for row in rows(section(notes, "Tasks"))}
    for title, name in titles.items():
        row = next(cells for key, cells in table.items() if key.startswith(title.split(" (")[0]))
        assert PUBLISHED[name].n == int(row[2])
        assert PUBLISHED[name].chance == float(row[4].removeprefix("≈"))


def test_always_a_is_as_noted(notes: str) -> None:
    text = section(notes, "Tasks")
    words = {
        "semantic": "semantic_correspondence",
        "visual": "low_level_matching",
        "functional": "functional_correspondence",
        "art": "art_style",
    }
    noted = {name: float(re.search(rf"\b{word} (\.\d+)", text)[1]) for word, name in words.items()}  # type: ignore[index]
    assert {k: t.always_a for k, t in PUBLISHED.items() if t.always_a is not None} == noted


def test_distances_of_blind_answers_are_as_noted(notes: str) -> None:
    text = section(notes, "Blind answers")
    noted = {
        NAMES[name]: float(value)
        for name, value in re.findall(
            r"(semantic|low-level|affordance|depth|art|3D) (?:TV )?(\.\d+)", text
        )
    }
    assert {name: task.blind_distance for name, task in PUBLISHED.items()} == noted


def test_tuned_parts_are_as_noted(notes: str) -> None:
    for name, readout, *cells in rows(section(notes, "Tuning one part at a time")):
        task = PUBLISHED[NAMES[name]]
        tuned = task.tuned
        assert task.of("DINOv2")[0] == reading(readout)
        assert [tuned.untuned, tuned.encoder, tuned.projector, tuned.llm] == [
            reading(cell) for cell in cells
        ]


def test_stages_and_prefixes_are_as_noted(notes: str) -> None:
    stages = section(notes, "Layer-wise readout")
    for (name, encoder), stage in STAGES.items():
        numbers = (stage.encoder, stage.llm_input, stage.llm_mean)
        assert f"{encoder} " + "/".join(f"{r.value:.3f}"[1:] for r in numbers) in stages, name
    prefixes = section(notes, "Prompt tuning")
    for (name, encoder), tuned in PREFIX_TUNED.items():
        assert f"{encoder} " + "/".join(f"{r.value:.3f}"[1:] for r in tuned) in prefixes, name
    assert len(re.findall(r"\.\d+/", stages)) == 2 * len(STAGES)
    assert len(re.findall(r"\.\d+/", prefixes)) == 3 * len(PREFIX_TUNED)


def test_dinov2_is_first_as_an_encoder_on_all_tasks_but_one() -> None:
    first = [
        n
        for n, t in PUBLISHED.items()
        if max(t.readout, key=lambda r: r.value) == t.of("DINOv2")[0]
    ]
    assert set(PUBLISHED) - set(first) == {"art_style"}


def test_dinov2_is_last_or_near_last_in_a_vlm_where_points_are_matched() -> None:
    for name in CORRESPONDENCE:
        below = sum(r.value < PUBLISHED[name].of("DINOv2")[1].value for r in PUBLISHED[name].vlm)
        assert below <= 1, name


@pytest.mark.parametrize("task", PUBLISHED.values(), ids=PUBLISHED)
def test_one_quantity_in_two_figures_differs_by_no_more_than_both_errors(
    task: PublishedTask,
) -> None:
    one, other = task.of("DINOv2")[1], task.tuned.untuned
    assert abs(one.value - other.value) <= one.error + other.error


def test_no_prefix_is_the_vlm_itself() -> None:
    for (name, encoder), (untuned, *_) in PREFIX_TUNED.items():
        assert untuned == PUBLISHED[name].of(encoder)[1]


def test_every_readout_is_above_its_vlm_beyond_the_errors() -> None:
    for task in PUBLISHED.values():
        assert all(r.low > v.high for r, v in zip(task.readout, task.vlm, strict=True))


def test_an_encoder_that_the_study_has_not_is_told() -> None:
    with pytest.raises(ValueError, match="got 'ResNet'; expected one of"):
        PUBLISHED["art_style"].of("ResNet")


def imported(file: Path) -> set[str]:
    """What a module imports of the package, inside functions and for types too; absolute names."""
    own = ("pytest_vlmsight", *file.relative_to(PACKAGE).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = own[: len(own) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *((node.module,) if node.module else ())))
            found |= {stem, *(f"{stem}.{alias.name}" for alias in node.names)}
    return found


def test_only_the_command_that_lays_runs_beside_it_knows_what_was_published() -> None:
    """No gate, no statistic and nothing that a run of pytest loads, not by way of others either."""
    imports = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        imports[".".join(parts).removesuffix(".__init__")] = imported(file)
    knows, more = set(), {"pytest_vlmsight.published"}
    while more:
        knows |= more
        more = {name for name, others in imports.items() if others & knows} - knows
    assert {name.removeprefix("pytest_vlmsight.") for name in knows} == {
        "published",
        "beside_study",
        "report.study_tables",
        "commands.study",
        "cli",
    }
    assert "pytest_vlmsight.gates" in imports["pytest_vlmsight.judging"]  # they are found
