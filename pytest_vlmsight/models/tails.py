"""The tokens of prompts about the same images, of which a processor has made only one.

Processors prepare images and write their tokens into a prompt in one go. Of further prompts that
show the same only the text is tokenised: they are the known prompt with another end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A prompt that a processor has made.

    Attributes:
        tokens: that the model is given, images among them.
        words: the same prompt as text alone, one placeholder or none for an image.
        marks: numbers of tokens that are not plain text.
    """

    tokens: Sequence[int]
    words: Sequence[int]
    marks: Collection[int]

    def like(self, words: Sequence[int]) -> list[int] | None:
        """The tokens of another prompt with these words; None where that cannot be told.

        What differs must come after what the processor has put in, and must be plain text: a
        question that spells a control token is made harmless by the processor alone.
        """
        same = common(self.tokens[::-1], self.words[::-1])
        head = len(self.words) - same
        if common(self.words, words) < head:
            return None
        mine, its = ([t for t in some[head:] if t in self.marks] for some in (self.words, words))
        if mine != its:
            return None
        return [*self.tokens[: len(self.tokens) - same], *words[head:]]


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two prompts begin with alike."""
    shorter = min(len(one), len(other))
    return next((k for k in range(shorter) if one[k] != other[k]), shorter)
