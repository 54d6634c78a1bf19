"""What prompts have in common is computed once and changes no answer, family by family."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import tiny_families
import tiny_vlms
import torch
from asking import Counter, gap, noise
from PIL import Image
from tiny_families import FAMILIES, missing

from pytest_vlmsight.models import prefill, sharing, tails
from pytest_vlmsight.models.base import Prompt, Stage
from pytest_vlmsight.models.sharing import SAVINGS
from pytest_vlmsight.models.wordings import WORDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

REFUSED = {"florence2", "got_ocr2", "kosmos-2"}

USUAL = ("llava-clip", "qwen2_vl", "qwen3_5")
"""Families of the usual run: plain attention, positions along several axes, states that recur. What
every family allows is measured in ``test_all_families.py``."""

TEXTS = ("the red one", "blue", "none of all these things")
SIZE = (112, 112)


def turned(*images: Image.Image, question: str, turns: int = 3) -> list[Prompt]:
    """An item's options in several orders; each prompt has pictures of its own, which are alike."""
    return [
        Prompt(
            images=tuple(image.copy() for image in images),
            question=question,
            options=(*TEXTS[turn:], *TEXTS[:turn]),
        )
        for turn in range(turns)
    ]


def items(images: int) -> list[Prompt]:
    """Ragged: short and long questions (longer than Gemma's window), an item with one turn less."""
    sight = [tuple(noise(10 * k + n, SIZE) for n in range(images)) for k in range(3)]
    return [
        *turned(*sight[0], question="Which is it?"),
        *turned(*sight[1], question="Say," + " word" * 70, turns=2),
        *turned(*sight[2], question="And which of these?", turns=3),
    ]


def blank(images: int) -> list[Prompt]:
    grey = Image.new("RGB", SIZE, (128, 128, 128))
    return [
        Prompt(
            images=(grey,) * images, question=f"Which{' one' * (k // 2)}?", options=(f"{k}", *TEXTS)
        )
        for k in range(5)
    ]


@pytest.fixture(scope="module")
def both(
    families: Callable[[str], Path],
) -> Callable[[str], tuple[TransformersVlm, TransformersVlm]]:
    """Name of a family → it with all that is shared, and the very same model without."""

    def get(name: str) -> tuple[TransformersVlm, TransformersVlm]:
        vlm = tiny_families.loaded(families(name), batch=16)
        plain = switched(vlm, ())
        return vlm, plain

    return get


def switched(vlm: TransformersVlm, savings: Sequence[str]) -> TransformersVlm:
    """The same weights, asked with some savings only."""
    other: TransformersVlm = copy.copy(vlm)
    other.sharing = sharing.Sharing(vlm._engine, savings=savings)
    return other


MEASURED = [name for name in FAMILIES if not missing(name) and name not in REFUSED]


@pytest.mark.parametrize(
    "family",
    [pytest.param(name, marks=[] if name in USUAL else [pytest.mark.slow]) for name in MEASURED],
)
def test_a_family_answers_as_it_does_without_savings(
    both: Callable[[str], tuple[TransformersVlm, TransformersVlm]], family: str
) -> None:
    vlm, plain = both(family)
    counts = (1,) if vlm._engine.family.one_image else (1, 2)
    for images in counts:
        asked = items(images)
        want = list(plain.ask(asked))
        assert gap(list(vlm.ask(asked)), want) <= 1e-4
        assert gap(list(vlm.ask(blank(images))), list(plain.ask(blank(images)))) <= 1e-4
        even = [k for k in range(len(asked)) if k != 2]  # an item has two turns
        only = list(switched(vlm, ["features"]).ask([asked[k] for k in even]))
        assert gap(only, [want[k] for k in even]) <= 1e-4


# -- what is saved --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def llava(families: Callable[[str], Path]) -> TransformersVlm:
    vlm = tiny_families.loaded(families("llava-clip"), batch=16)
    list(vlm.ask(items(1), stage=vlm.fed_from))  # measures what is allowed, and where tokens look
    list(vlm.ask(blank(1)))
    return vlm


@pytest.mark.parametrize(
    ("savings", "seen"), [(SAVINGS, 3), (("rotations",), 3), (("features",), 3), ((), 9)]
)
def test_the_eye_is_shown_each_image_once(
    llava: TransformersVlm, savings: tuple[str, ...], seen: int
) -> None:
    vlm = switched(llava, savings)
    prompts = [p for k in range(3) for p in turned(noise(k, SIZE), question=f"{k}?")]
    list(vlm.ask(prompts))  # measures
    eye = vlm._engine.anatomy.eye
    assert eye is not None
    counter = Counter(eye[0])
    list(vlm.ask(prompts, stage=vlm.fed_from))
    counter.handle.remove()
    assert counter.rows == seen


def test_a_blank_image_is_seen_once_a_task(llava: TransformersVlm) -> None:
    eye = llava._engine.anatomy.eye
    assert eye is not None
    small = switched(llava, SAVINGS)
    small._batch = 2
    list(small.ask(blank(1)[:2]))  # measures
    counter = Counter(eye[0])
    list(small.ask(blank(1)[:4]))
    counter.handle.remove()
    assert (counter.runs, counter.rows) == (1, 1)


def test_all_turns_have_the_features_of_their_images(llava: TransformersVlm) -> None:
    plain = switched(llava, ())
    for stage in (Stage("encoder", 1), Stage("projector"), Stage("llm", 2)):
        got, want = (list(vlm.ask(items(2), stage=stage)) for vlm in (llava, plain))
        assert gap(got, want) <= 1e-4
        for one, other in zip(got, want, strict=True):
            for a, b in zip(one.grids, other.grids, strict=True):
                torch.testing.assert_close(a.features, b.features, rtol=1e-4, atol=1e-4)
                assert a.xs.tolist() == b.xs.tolist()


def test_only_the_last_logits_are_made(
    llava: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[int, ...]] = []
    head = llava._engine.model.get_output_embeddings()
    handle = head.register_forward_hook(lambda _, __, out: made.append(tuple(out.shape[:2])))
    list(llava.ask(items(1)))
    list(llava.ask(items(1)[:1]))
    handle.remove()
    # Of ragged ends those places at which some of them end.
    assert made[-1] == (1, 1)
    assert all(places <= rows for rows, places in made)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_either_attention_answers_alike(families: Callable[[str], Path], attention: str) -> None:
    vlm = tiny_families.loaded(families("llava_next"), batch=16)
    vlm._engine.model.set_attn_implementation(attention)
    assert vlm.sharing.why_not("rotations", 2) == ""
    assert gap(list(vlm.ask(items(2))), list(switched(vlm, ()).ask(items(2)))) <= 1e-4


def test_turns_in_several_wordings_are_told_apart(llava: TransformersVlm) -> None:
    asked = [
        replace(one, wording=wording)
        for wording in WORDINGS
        for one in turned(noise(3, SIZE), question="Which?", turns=2)
    ]
    assert gap(list(llava.ask(asked)), list(switched(llava, ()).ask(asked))) <= 1e-4


def test_images_of_a_prompt_are_seen_each_alone_where_that_is_measured(
    families: Callable[[str], Path],
) -> None:
    sizes = (SIZE, (160, 112))
    for name, alone in (("llava-clip", True), ("llava_onevision", False)):
        vlm = tiny_families.loaded(families(name))
        assert vlm.sees_each_alone(sizes[:1])
        assert vlm.sees_each_alone(sizes) is alone  # several images are not cut into tiles
    together = tiny_families.loaded(families("llava-clip"), images="composite")
    assert not together.sees_each_alone(sizes)


@pytest.mark.parametrize("word", ["<image>", "</s>"])
def test_control_tokens_in_options_are_only_text(llava: TransformersVlm, word: str) -> None:
    texts = (word, "b", "c")
    for image in (noise(1, SIZE), Image.new("RGB", SIZE, (128, 128, 128))):
        asked = [
            Prompt(images=(image,), question="Which?", options=order)
            for order in itertools.permutations(texts)
        ]
        asked.append(Prompt(images=(image,), question=f"What is {word}?", options=("a", "b", "c")))
        assert gap(list(llava.ask(asked)), list(switched(llava, ()).ask(asked))) <= 1e-4


def test_pictures_that_only_look_alike_in_numbers_are_told_apart(llava: TransformersVlm) -> None:
    pictures = []
    for colour in range(2):
        picture = noise(1, SIZE).convert("L").convert("P")
        picture.putpalette([value * (1 + colour) % 256 for value in range(256) for _ in range(3)])
        pictures.append(picture)
    asked = [Prompt(images=(p,), question="Which?", options=("a", "b")) for p in pictures]
    assert gap(list(llava.ask(asked)), list(switched(llava, ()).ask(asked))) <= 1e-5


def test_savings_that_are_not_used_stand_in_the_provenance(plain: Path) -> None:
    assert "savings_unused" not in tiny_vlms.loaded(plain).provenance
    few = tiny_vlms.loaded(plain, savings=["blank"])
    assert few.provenance["savings_unused"] == "features rotations"
    assert few.untrained(seed=0).provenance["savings_unused"] == "features rotations"
    with pytest.raises(ValueError, match=r"savings: got \['all'\]; expected some of"):
        sharing.Sharing(few._engine, savings=["all"])


# -- faults ---------------------------------------------------------------------------------------


def too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts end one token too late, so that ends begin one too late."""
    monkeypatch.setattr(sharing, "common", lambda a, b, real=tails.common: real(a, b) + 1)


def repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first token of an end goes through the model twice."""
    real = prefill.begun
    monkeypatch.setattr(
        sharing, "begun", lambda engine, x, cuts: real(engine, x, [cut + 1 for cut in cuts])
    )


def of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends follow the start of another image."""
    real = prefill.followed

    def crossed(engine: Any, start: Any, ends: Any, of: Sequence[int], **named: Any) -> Any:
        most = max(of)
        return real(engine, start, ends, [most - own for own in of], **named)

    monkeypatch.setattr(sharing, "followed", crossed)


def positions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends are numbered as if an image were as long as its tokens."""
    real = prefill.begun
    monkeypatch.setattr(sharing, "begun", lambda *given: replace(real(*given), next=None))


@pytest.mark.parametrize(
    ("family", "fault"),
    [
        ("llava-clip", too_late),
        ("llava-clip", repeated),
        ("llava-clip", of_another),
        ("qwen2_vl", positions),
    ],
)
def test_a_start_that_is_not_common_is_not_used(
    families: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    family: str,
    fault: Callable[[pytest.MonkeyPatch], None],
) -> None:
    vlm = tiny_families.loaded(families(family), batch=16)
    fault(monkeypatch)
    assert vlm.sharing.why_not("rotations", 1)
    assert gap(list(vlm.ask(items(1))), list(switched(vlm, ()).ask(items(1)))) <= 1e-4


def test_features_of_another_image_are_not_used(
    families: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    vlm = tiny_families.loaded(families("paligemma"), batch=16)
    real = copy.copy

    def crossed(output: Any) -> Any:
        made = real(output)
        made.pooler_output = made.pooler_output.flip(0)
        return made

    monkeypatch.setattr(sharing, "copy", SimpleNamespace(copy=crossed))
    assert "answers differ by" in vlm.sharing.why_not("features", 1)
    assert gap(list(vlm.ask(items(1))), list(switched(vlm, ()).ask(items(1)))) <= 1e-4
