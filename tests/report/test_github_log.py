"""What is printed is never a workflow command of GitHub's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.report.github_log import for_log, inert


def is_command(line: str) -> bool:
    """Whether a runner would look for a command there (``ActionCommand.cs``)."""
    return line.lstrip().startswith("::") or "##[" in line


def lines(text: str) -> list[str]:
    """As a runner reads them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        (" \t::set-output name=a::b", " \t\\x3a:set-output name=a::b"),
        ("one\n::add-mask::e", "one\n\\x3a:add-mask::e"),
        ("one\r\n\r\n ::debug::x", "one\r\n\r\n \\x3a:debug::x"),
        ("a ##[error]x", r"a \x23#[error]x"),
        ("####[error]x", r"##\x23#[error]x"),
        (":::x", r"\x3a::x"),
        ("vlmsight::a::b\n# [x] ::", "vlmsight::a::b\n# [x] ::"),
    ],
)
def test_what_would_be_a_command_is_escaped(text: str, shown: str) -> None:
    assert inert(text) == shown


@given(st.text(st.sampled_from(" \t\r\n\x0b\u2003:#[]ax")))
def test_no_line_is_a_command_and_other_texts_stay_as_they_are(text: str) -> None:
    assert not any(map(is_command, lines(inert(text))))
    if not any(map(is_command, lines(text))):
        assert inert(text) == text
    assert inert(inert(text)) == inert(text)


def test_elsewhere_texts_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert for_log("::error::x") == "::error::x"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert for_log("::error::x") == r"\x3a:error::x"
