"""How a multiple-choice question is worded, primed and read back as letters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import MeasurementError, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Primer:
    """The start of the answer that is put into the model's mouth, and what precedes a letter."""

    text: str
    before_letter: str


PRIMERS = (Primer("Answer: (", ""), Primer("Answer:", " "), Primer("Answer: ", ""))
"""Tried in this order: the first after which each letter is one token of its own is used.
Which one that is depends on the tokenizer alone, and stands in the provenance."""


def primers_for(prompt: Prompt) -> tuple[Primer, ...]:
    """The same for a wording: an answer is not begun with a bracket where options have none."""
    if prompt.wording.option.startswith("("):
        return PRIMERS
    return tuple(sorted(PRIMERS, key=lambda primer: primer.text.endswith("(")))


def wording(prompt: Prompt) -> str:
    """The text of a question with its lettered options."""
    options = dict(zip(LETTERS, prompt.options, strict=False))
    return prompt.wording.text(prompt.question, options)


def conversation(
    prompt: Prompt, *, images: Sequence[Any], primer: Primer | None
) -> list[dict[str, Any]]:
    """A chat of one question, its images first, and the primed start of the answer."""
    content: list[dict[str, Any]] = [{"type": "image", "image": image} for image in images]
    chat = [{"role": "user", "content": [*content, {"type": "text", "text": wording(prompt)}]}]
    if primer is not None:
        start = [{"type": "text", "text": primer.text}]
        chat.append({"role": "assistant", "content": start})
    return chat


def letter_tokens(
    tokenize: Callable[[str], list[int]],
    render: Callable[[Primer], str],
    *,
    count: int,
    primers: Sequence[Primer] = PRIMERS,
) -> tuple[Primer, list[int]]:
    """The primer after which letters are single tokens, and those tokens.

    Args:
        tokenize: text → token ids, without adding special tokens.
        render: primer → the whole prompt, ending with the primer's text.
        count: how many letters are needed.
        primers: to be tried, in this order.

    Returns:
        The primer and the token id of each of the first ``count`` letters in that context.

    Raises:
        MeasurementError: no primer works: letters are several tokens or share one.
    """
    seen = []
    for primer in primers:
        text = render(primer)
        if not text.endswith(primer.text):
            seen.append(f"after {primer.text!r}: the chat template does not end with it")
            continue
        start = tokenize(text)
        tails = [tokenize(text + primer.before_letter + mark) for mark in LETTERS[:count]]
        ids = [tail[-1] for tail in tails]
        single = all(tail[:-1] == start for tail in tails)
        if single and len(set(ids)) == count:
            return primer, ids
        what = f"share tokens ({ids})" if single else "are not one token each"
        seen.append(f"after {primer.text!r}: they {what}")
    raise MeasurementError(
        f"the options' letters A to {LETTERS[count - 1]} cannot be told apart by their next token: "
        + "; ".join(seen)
        + ". Check the tokenizer, or score generated text (--vlm-scoring=generate)."
    )


_REFUSAL = re.compile(
    r"(?i)\b(cannot|can['’]t|unable|don['’]t know|do not know|not sure|none of)\b"
)
_OPEN, _CLOSE = r"[(\[\"'*]*", r"[)\]\"'*]*"
_MARK = rf"{_OPEN}(?P<letter>[A-Za-z]){_CLOSE}"
_ARTICLE = r"[AaIi]\s+(?!(?:is|because|since|as|and|or)\b)[a-z]"
_LONE = re.compile(rf"{_MARK}[ \t]*(?:\.(?![a-z])|[:,)\n]|$)")
_BRACKETED = re.compile(r"(?<!\w)\((?P<letter>[A-Za-z])\)")
_NAMED = re.compile(
    r"\b(?P<noun>(?i:answer|option|choice))\b(?P<verb>\s+(?:is|would\ be)\b)?[\s*]*[:=]?[\s*]*"
    rf"{_MARK}(?!['’-]?\w)(?!\s+(?:is|was)\s+(?:not|wrong|incorrect|false)\b)"
)
_ANOTHER = re.compile(
    rf"{_CLOSE}\s*(?:,?\s*(?:or\b|and\b|/|&)\s*{_OPEN}(?!{_ARTICLE})[A-Za-z]"
    rf"|,\s*{_OPEN}(?!{_ARTICLE})[A-Z])(?!['’-]?\w)"
)
_LABELLED = re.compile(rf"{_MARK}\s*[.:,)–-]?\s+(?P<rest>.+)")


def parse_letter(text: str, options: Sequence[str]) -> int | None:
    """The option that a generated answer names, or None where it does not name exactly one.

    Accepted: a text that starts with a letter by itself ("B", "(b).", "B: the car"), one that says
    "answer/option/choice [is] B", one with a bracketed letter, one that is an option's own text.
    Anything else, a refusal, or two different letters is None: guessing would turn noise into
    accuracy (a parser that takes the first letter reads "The answer is B" as T).
    """
    text = text.strip()
    own = _option_with_text(text, options)
    labelled = _LABELLED.fullmatch(text)
    if labelled and own is None:  # before refusals: an option may read "none of these"
        own = _option_with_text(labelled["rest"], options)
        own = own if own == _index(labelled["letter"]) else None
    if own is None and _REFUSAL.search(text):
        return None
    found = [match for match in (_LONE.match(text), *_BRACKETED.finditer(text)) if match]
    found += [match for match in _NAMED.finditer(text) if not _is_article(match)]
    if not found or (labelled and own is not None):
        return own
    if any(_ANOTHER.match(text, match.end("letter")) for match in found):
        return None
    indices = {_index(match["letter"]) for match in found}
    index = indices.pop()
    return index if not indices and index < len(options) else None


def _option_with_text(text: str, options: Sequence[str]) -> int | None:
    plain = text.strip(" .").casefold()
    same = [j for j, option in enumerate(options) if option.strip(" .").casefold() == plain]
    return same[0] if len(same) == 1 else None


def _index(letter: str) -> int:
    return LETTERS.index(letter.upper())


def _is_article(named: re.Match[str]) -> bool:
    """Whether the letter of "the answer is a car" is a word; "option A shows" is not."""
    between = named.string[named.end("noun") : named.start("letter")]
    if named["noun"].lower() != "answer" and not between.strip():
        return False
    return re.match(_ARTICLE, named.string[named.start("letter") :]) is not None
