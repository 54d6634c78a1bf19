"""Every setting of a run, in one table.

The command line, the ini file and ``pytest --help`` are made from it. Every pytest run loads this
module, so it imports nothing and defines no dataclass (creating one costs over a millisecond).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

BLIND_KINDS = ("blank", "none", "noise", "shuffled")
CEILINGS = ("matched", "native")
SCORINGS = ("letters", "generate")
INCONCLUSIVE = ("fail", "skip", "pass")
DTYPES = ("auto", "float32", "bfloat16", "float16", "int8", "int4")
SIZES = (224, 672)
PROTOCOLS = ("study",)
"""study_protocol.py has what they stand for."""
PARTS = (
    "layers",
    "bias",
    "prompt",
    "finetune",
    "attention",
    "encoders",
)
"""Of diagnosis; diagnosis/parts.py has their modules."""


class SettingError(ValueError):
    """A setting cannot be used; the message names it, what was given and what is expected."""


class Option:
    """One setting: ``--vlm-NAME`` on the command line, ``vlm_name`` in the ini file.

    Attributes:
        name: with dashes, without the leading "vlm-"; empty for ``--vlm`` itself.
        parse: text → value; raises ValueError.
        default: the value where neither place sets it.
        expected: what is accepted, for errors and --help.
        help: a sentence.
        many: may be given several times, or (but for paths) as several words in one value.
        whole: a value may hold spaces and commas, as a path does.
        lines: a value is a line of several words; all are kept, in the order typed.
        bare: may be typed without a value, which then is "true".
        valued: may be typed with a value.
        ini: type of the ini value in pytest's words; made from the default where it is empty.
    """

    def __init__(
        self,
        *,
        name: str,
        parse: Callable[[str], Any],
        default: Any,
        expected: str,
        help: str,  # noqa: A002 - pytest's own word for it
        many: bool = False,
        whole: bool = False,
        lines: bool = False,
        bare: bool = False,
        valued: bool = True,
        ini: str = "",
    ) -> None:
        self.name, self.parse, self.default, self.many = name, parse, default, many or lines
        self.expected, self.help, self.whole, self.lines = expected, help, whole or lines, lines
        self.bare, self.valued, self.ini = bare, valued, ini

    @property
    def ini_type(self) -> str:
        """What pytest is told of the ini value, so that TOML's own types can be written."""
        kinds = {tuple: "args", bool: "bool", int: "int", float: "float"}
        kind = "linelist" if self.lines else kinds.get(type(self.default), "string")
        return self.ini or kind

    @property
    def flag(self) -> str:
        """The option as typed."""
        return f"--vlm-{self.name}" if self.name else "--vlm"

    @property
    def dest(self) -> str:
        """The ini key, and the attribute of pytest's option namespace."""
        return f"vlm_{self.name}".replace("-", "_").rstrip("_")

    def read(self, given: Any, *, named: str = "") -> Any:
        """The value of what was given (text, texts or a TOML value), or the default.

        Args:
            given: by the command line or the ini file.
            named: what errors call it where it was typed elsewhere than after ``pytest``.

        Raises:
            SettingError: it is not what is expected.
        """
        if given is None or given in ("", []):
            return self.default
        words = list(given) if isinstance(given, list | tuple) else [str(given)]
        if self.many and not self.whole:
            words = [w for word in words for w in word.replace(",", " ").split()]
        values = []
        for word in words:
            try:
                values.append(self.parse(word.strip()))
            except ValueError as error:
                shown = word if self.lines else " ".join(words)
                where = "" if named else f" ({self.dest} in an ini file)"
                raise SettingError(
                    f"{named or self.flag}={shown}: expected {self.expected}{where}"
                ) from error
        if self.lines:
            return tuple(values)
        return tuple(dict.fromkeys(values)) if self.many else values[-1]


def _between(
    low: float, high: float, *, words: Mapping[str, float | None] | None = None
) -> Callable[[str], Any]:
    def parse(text: str) -> float | None:
        if words and text in words:
            return words[text]
        value = float(text)
        if not low < value < high:
            raise ValueError(text)
        return value

    return parse


def _whole(
    least: int, most: int | None = None, *, words: Mapping[str, int | None] | None = None
) -> Callable[[str], Any]:
    def parse(text: str) -> int | None:
        if words and text in words:
            return words[text]
        value = int(text)
        if value < least or (most is not None and value > most):
            raise ValueError(text)
        return value

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return parse


def _protocol(text: str) -> str | None:
    return None if text == "none" else _one_of(*PROTOCOLS)(text)


def _flag(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
        text.lower()
    ]


def _truth(text: str) -> bool:
    try:
        return _flag(text)
    except KeyError:
        raise ValueError(text) from None


def _word(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def parse_knobs(words: list[str]) -> tuple[tuple[str, str], ...]:
    """Names and spans of words such as ``ratio=1.1..1.3``; the task says whether it has them.

    Raises:
        ValueError: a word is of another form.
    """
    pairs = []
    for word in words:
        name, _, text = word.partition("=")
        if not name or not text:
            raise ValueError(f"got {word!a}; expected name=VALUE or name=LOW..HIGH")
        pairs.append((name, text))
    return tuple(pairs)


def _badge(text: str) -> str:
    if not text.endswith((".svg", ".json")):
        raise ValueError(text)
    return text


def _difficulty(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    pattern, *words = text.split() or [""]
    if "=" in pattern or not words:
        raise ValueError(text)
    return pattern, parse_knobs(words)


OPTIONS = (
    Option(
        name="",
        parse=_word,
        default=(),
        expected="an alias, a hub id[@revision] or a folder, and +ADAPTER for one of PEFT",
        help="vision-language model to test, or MODEL+ADAPTER with one of PEFT; repeatable",
        many=True,
        whole=True,
    ),
    Option(
        name="tasks",
        parse=_word,
        default=(),
        expected="a task's name, a folder with a task.toml, or a glob of either",
        help="tasks to run; repeatable; the generated suite by default",
        many=True,
        whole=True,
    ),
    Option(
        name="protocol",
        parse=_protocol,
        default=None,
        expected=f"one of {', '.join(PROTOCOLS)}, none",
        help="study: tasks, items, scoring, images, blind run and ceiling as the study had them; "
        "what is set beside it wins (none)",
    ),
    Option(
        name="items",
        parse=_whole(1),
        default=400,
        expected="a whole number of at least 1",
        help="items per task (400)",
    ),
    Option(
        name="seed",
        parse=_whole(0),
        default=0,
        expected="a whole number of at least 0",
        help="seed of the items and of the options' order (0)",
    ),
    Option(
        name="margin",
        parse=_between(0, 1),
        default=0.10,
        expected="a proportion between 0 and 1",
        help="how far below its ceiling the VLM may be (.10)",
    ),
    Option(
        name="recovery",
        parse=_between(0, 1),
        default=0.5,
        expected="a proportion between 0 and 1",
        help="share of (ceiling - chance) that the VLM must recover (.5)",
    ),
    Option(
        name="min-gain",
        parse=_between(0, 1),
        default=0.10,
        expected="a proportion between 0 and 1",
        help="gain over blind below which the VLM fails the blind gate (.10)",
    ),
    Option(
        name="alpha",
        parse=_between(0, 0.5),
        default=0.05,
        expected="an error rate between 0 and .5",
        help="error rate of the gates (.05)",
    ),
    Option(
        name="drop",
        parse=_between(0, 1, words={"auto": None}),
        default=None,
        ini="string",
        expected="a proportion between 0 and 1, or auto",
        help="how far below its baseline the VLM may be (auto: .03, .05 of fewer than 400 items)",
    ),
    Option(
        name="blind",
        parse=_one_of(*BLIND_KINDS),
        default=("blank",),
        expected=f"any of {', '.join(BLIND_KINDS)}",
        help="what the blind run sees; of several the gate takes the strongest (blank)",
        many=True,
    ),
    Option(
        name="ceiling",
        parse=_one_of(*CEILINGS),
        default=("matched",),
        expected=f"any of {', '.join(CEILINGS)}",
        help="the readout's input; the first named decides, others are reported (matched)",
        many=True,
    ),
    Option(
        name="scoring",
        parse=_one_of(*SCORINGS),
        default="letters",
        expected=f"one of {', '.join(SCORINGS)}",
        help="letters: their log-probability in one forward; generate: greedy text, strict parser",
    ),
    Option(
        name="rotations",
        parse=_whole(1, words={"all": None}),
        default=1,
        ini="string",
        expected="a whole number of at least 1, or all",
        help="rotations of the options asked per item (1)",
    ),
    Option(
        name="sequential",
        parse=_truth,
        default=False,
        expected="true or false (write =true where another argument follows)",
        help="stop asking a task as soon as all its gates are decided (false)",
        bare=True,
    ),
    Option(
        name="inconclusive",
        parse=_one_of(*INCONCLUSIVE),
        default="fail",
        expected=f"one of {', '.join(INCONCLUSIVE)}",
        help="what an INCONCLUSIVE gate does to its case (fail)",
    ),
    Option(
        name="device",
        parse=_word,
        default="auto",
        expected="a torch device such as cpu or cuda:0, map, or auto",
        help="where the model runs; map: over all GPUs, as auto does where the first is too small "
        "(auto)",
    ),
    Option(
        name="dtype",
        parse=_one_of(*DTYPES),
        default="auto",
        expected=f"one of {', '.join(DTYPES)}",
        help="the model's number format; int8 and int4: quantised by bitsandbytes "
        "(auto: float32 on a CPU, else the checkpoint's own)",
    ),
    Option(
        name="batch",
        parse=_whole(1, words={"auto": None}),
        default=None,
        expected="a whole number of at least 1, or auto",
        help="prompts per forward (auto)",
    ),
    Option(
        name="images",
        parse=_one_of("auto", "separate", "composite"),
        default="auto",
        expected="one of auto, separate, composite",
        help="several images of an item: separate in one prompt, or side by side in one (auto)",
    ),
    Option(
        name="marker",
        parse=_word,
        default=(),
        expected="words such as colour=yellow size=0.06 shape=ring, or vary",
        help="how drawn markers look: colour=…, size=…, shape=…; vary: another look for each item",
        many=True,
    ),
    Option(
        name="size",
        parse=_whole(*SIZES),
        default=224,
        expected=f"a whole number from {SIZES[0]} to {SIZES[1]}",
        help="side of generated pictures in px (224)",
    ),
    Option(
        name="difficulty",
        parse=_difficulty,
        default=(),
        expected="'TASK name=VALUE name=LOW..HIGH …', TASK a built-in task's name or a glob",
        help="settings of generated tasks, as `vlmsight tasks` lists them; repeatable",
        lines=True,
    ),
    Option(
        name="baseline",
        parse=_word,
        default=None,
        expected="a file, or a folder (ending in /) with a file for each model",
        help="record that each task is compared with, a case of its own; without one it is made",
        whole=True,
    ),
    Option(
        name="update",
        parse=_truth,
        default=False,
        expected="true or false",
        help="have the baseline tell what this run measures; other tasks in it are kept",
        bare=True,
        valued=False,
    ),
    Option(
        name="update-new",
        parse=_truth,
        default=False,
        expected="true or false",
        help="add tasks to the baseline that are not in it",
        bare=True,
        valued=False,
    ),
    Option(
        name="diagnose",
        parse=_one_of(*PARTS, "all"),
        default=(),
        expected=f"any of {', '.join((*PARTS, 'all'))}",
        help="where sight is lost: parts of diagnosis, run where a gate is not passed (none)",
        many=True,
    ),
    Option(
        name="json",
        parse=_word,
        default=None,
        expected="a file to write, in a folder that is there",
        help="record of the run: every answer and verdict, and all that is needed to repeat it",
        whole=True,
    ),
    Option(
        name="report",
        parse=_word,
        default=None,
        expected="a file to write, in a folder that is there",
        help="report of the run: one HTML file, with the items that the eye solves and the mouth "
        "misses (extra: report)",
        whole=True,
    ),
    Option(
        name="badge",
        parse=_badge,
        default=None,
        expected="a file to write that ends with .svg or .json, in a folder that is there",
        help="badge of the run: a picture (.svg), or what shields.io makes one of (.json)",
        whole=True,
    ),
    Option(
        name="cache-dir",
        parse=_word,
        default=None,
        expected="a folder, made where it is missing",
        help="where items, pictures and answers are kept (a folder of the user's cache)",
        whole=True,
    ),
    Option(
        name="no-cache",
        parse=_truth,
        default=False,
        expected="true or false",
        help="keep no generated items, pictures and answers: all is asked again",
        bare=True,
        valued=False,
    ),
    Option(
        name="data-dir",
        parse=_word,
        default=None,
        expected="a folder that is there",
        help="where public data sets lie that you downloaded, for tasks study/… (docs/study.md)",
        whole=True,
    ),
    Option(
        name="jobs",
        parse=_whole(1, words={"auto": None}),
        default=None,
        expected="a whole number of at least 1, or auto",
        help="processes that make generated items (auto: as many as there are cores)",
    ),
    Option(
        name="trust-remote-code",
        parse=_truth,
        default=False,
        expected="true or false (write =true where another argument follows)",
        help="run code that comes with a checkpoint (false)",
        bare=True,
    ),
)
"""Every setting, in the order of the documentation."""
