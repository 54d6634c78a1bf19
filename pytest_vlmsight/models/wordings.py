"""Ways to word a multiple-choice question: what the model is usually asked by, and others."""

from __future__ import annotations

from dataclasses import dataclass

INSTRUCTION = "Answer with the letter of the right option."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One way to word a question.

    Attributes:
        name: as shown.
        form: the text, with ``{question}`` and ``{options}``.
        option: each option, with ``{mark}``, its letter, and ``{text}``.
        between: what stands between two options.
    """

    name: str
    form: str
    option: str = "({mark}) {text}"
    between: str = "\n"

    def text(self, question: str, options: dict[str, str]) -> str:
        """A question with its options, letter → text."""
        told = self.between.join(
            self.option.format(mark=mark, text=text) for mark, text in options.items()
        )
        return self.form.format(question=question, options=told)


DEFAULT = Wording(name="default", form=f"{{question}}\n{{options}}\n{INSTRUCTION}")
"""By which gates are measured."""

WORDINGS: tuple[Wording, ...] = (
    DEFAULT,
    Wording(name="bare", form="{question}\n{options}"),
    Wording(
        name="A)",
        form=f"{{question}}\n{{options}}\n{INSTRUCTION}",
        option="{mark}) {text}",
    ),
    Wording(
        name="A.",
        form=f"{{question}}\n{{options}}\n{INSTRUCTION}",
        option="{mark}. {text}",
    ),
    # As LLaVA-1.5 was trained to be asked.
    Wording(
        name="letter directly",
        form="{question}\n{options}\n"
        "Answer with the option's letter from the given choices directly.",
        option="{mark}. {text}",
    ),
    Wording(
        name="one line",
        form=f"{{question}} Options: {{options}}. {INSTRUCTION}",
        between=", ",
    ),
    Wording(
        name="headings",
        form=f"Question: {{question}}\nOptions:\n{{options}}\n{INSTRUCTION}",
    ),
    Wording(
        name="markers in words",
        form="Points and regions may be marked in an image: by a dot or a frame, with a label in "
        f"letters beside it that the question refers to.\n{{question}}\n{{options}}\n{INSTRUCTION}",
    ),
    Wording(
        name="look first",
        form="Look closely at every image before you answer: decide what in it the question is "
        "about, compare it with each option, and rule out those that do not fit.\n"
        f"{{question}}\n{{options}}\n{INSTRUCTION}",
    ),
    Wording(
        name="question last",
        form=f"Options:\n{{options}}\nQuestion: {{question}}\n{INSTRUCTION}",
    ),
    Wording(
        name="exam",
        form="This is a test of visual perception with one right option each.\n"
        "{question}\nChoose one:\n{options}\nGive the letter of your choice only.",
    ),
)
"""The default first; the others are paraphrases and other forms of it."""
