"""What docs/ci.md says to type can be typed, and its workflows can be read."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_vlmsight.cli import parser
from pytest_vlmsight.options import OPTIONS
from pytest_vlmsight.report.github import LIMIT
from pytest_vlmsight.stats.paired import minimum_n
from pytest_vlmsight.stats.power import smallest_margin

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = (Path(__file__).parents[1] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
BY_FLAG = {option.flag: option for option in OPTIONS}

TO_COME = set[str]()
"""Options that the page names before they are there."""


def yaml(text: str) -> Any:
    """PyYAML comes with transformers, without types."""
    return importlib.import_module("yaml").safe_load(text)


def scripts(value: Any) -> Iterator[str]:
    """All lines of the shell in a workflow."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in {"run", "script"}:
                yield from "\n".join(one if isinstance(one, list) else [one]).splitlines()
            else:
                yield from scripts(one)
    elif isinstance(value, list):
        for one in value:
            yield from scripts(one)


def typed() -> list[list[str]]:
    """Words of every command of pytest and vlmsight that the page shows."""
    lines = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
    lines += [line for kind, text in BLOCKS if kind == "yaml" for line in scripts(yaml(text))]
    lines += re.findall(r"`((?:pytest|vlmsight) [^`]*-[^`]*)`", DOCS)
    commands = [shlex.split(line, comments=True) for line in lines]
    return [words for words in commands if words and words[0] in {"pytest", "vlmsight"}]


def test_the_page_has_a_workflow_for_github_and_one_for_gitlab() -> None:
    github, gitlab = (yaml(text) for kind, text in BLOCKS if kind == "yaml")
    # YAML 1.1 takes the word on for a truth value.
    assert set(github) == {"name", True, "permissions", "concurrency", "jobs"}
    used = [
        step["uses"] for job in github["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert len(used) >= 6
    assert all(re.fullmatch(r"actions/[a-z/-]+@v\d+", one) for one in used)
    assert github["permissions"] == {"contents": "read"}
    assert gitlab["sight"]["artifacts"]["reports"]["junit"] == "out/junit.xml"
    assert gitlab["sight"]["artifacts"]["when"] == "always"


def test_commands_of_pytest_have_options_that_exist_and_values_that_are_expected(
    request: pytest.FixtureRequest,
) -> None:
    commands = [words for words in typed() if words[0] == "pytest"]
    assert len(commands) >= 5
    for _, *words in commands:
        for word in words:
            flag, _, value = word.partition("=")
            if flag in BY_FLAG and value:
                BY_FLAG[flag].read(value)
            elif flag not in BY_FLAG and flag not in TO_COME:
                # Of pytest itself: raises where there is none of that name.
                request.config.getoption(flag)


def test_options_that_are_here_are_not_said_to_come() -> None:
    assert not TO_COME & set(BY_FLAG), "take them out of TO_COME"


def test_every_option_that_the_text_names_exists() -> None:
    named = set(re.findall(r"--vlm[a-z-]*", DOCS))
    assert named <= set(BY_FLAG) | TO_COME
    assert named >= TO_COME


def test_commands_of_vlmsight_are_understood() -> None:
    commands = [words for words in typed() if words[0] == "vlmsight"]
    assert len(commands) >= 4
    for _, *words in commands:
        parser().parse_args(words)


def test_a_job_that_writes_a_report_installs_what_it_is_made_with() -> None:
    jobs = [text for kind, text in BLOCKS if kind == "yaml" and "--vlm-report=" in text]
    assert jobs
    assert all("pip install 'pytest-vlmsight[report]'" in text for text in jobs)


def test_what_a_job_uploads_is_where_its_commands_write() -> None:
    for kind, text in BLOCKS:
        if kind == "yaml":
            files = re.findall(r"(?:=| -o )(\S+\.(?:json|html|svg|xml))", text)
            assert {file.split("/")[0] for file in files} == {"out", "vlmsight"}


def test_figures_are_those_of_the_code() -> None:
    (items,), (margins,) = (
        re.findall(rf"^\| {name} \|(.*)\|$", DOCS, re.MULTILINE)
        for name in ("`--vlm-items`", "smallest margin")
    )
    for n, margin in zip(items.split("|"), margins.split("|"), strict=True):
        shown = smallest_margin(int(n), psi=0.3, alpha=0.05)
        assert float(margin) == pytest.approx(shown, abs=0.005)
    assert f"`--vlm-items={minimum_n(0.10, 0.05)}` on one task" in DOCS
    assert f"below {LIMIT // 1024} kB" in DOCS


@pytest.mark.parametrize("tables", [["pytest", range(6)], ["vlmsight", range(3)]])
def test_every_exit_code_is_explained(tables: tuple[str, range]) -> None:
    command, codes = tables
    (rows,) = re.findall(rf"^\| `{command}` \|.*\n\|---\|---\|\n((?:\|.*\n)+)", DOCS, re.MULTILINE)
    assert [int(row.split("|")[1]) for row in rows.splitlines()] == list(codes)


def test_links_within_the_documentation_lead_somewhere() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    anchors = {
        heading.lower().replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", DOCS, re.MULTILINE)
    }
    linked = re.findall(r"docs/ci\.md#([\w-]+)", readme)
    assert linked
    assert set(linked) <= anchors
