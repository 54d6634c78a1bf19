"""The tiny checkpoints do what their names say, asked as any model is asked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_packs
import tiny_vlms
import torch
from PIL import Image

from pytest_vlmsight.models.base import Answer, PatchGrid, Prompt
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm
from pytest_vlmsight.readouts.gram import nearest_gram
from pytest_vlmsight.readouts.linear import cross_fit
from pytest_vlmsight.readouts.oddity import odd_one_out
from pytest_vlmsight.readouts.pooled import nearest_pooled
from pytest_vlmsight.readouts.sampling import bilinear
from pytest_vlmsight.tasks.pack import load_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item

N = 120
ORDERS = ((0, 1, 2, 3), (2, 0, 3, 1), (3, 2, 1, 0))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads only cost time on tensors this small: ten times as much where cores are shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], TransformersVlm]:
    """Behaviour → its checkpoint, built and loaded once."""
    made: dict[str, TransformersVlm] = {}

    def load(behaviour: str) -> TransformersVlm:
        if behaviour not in made:
            folder = tiny_vlms.build(tmp_path_factory.mktemp(behaviour) / "model", behaviour)
            made[behaviour] = TransformersVlm.from_name(parse_name(str(folder)))
        return made[behaviour]

    return load


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    return _items(tiny_packs.write_pack(tmp_path_factory.mktemp("pack"), n=N))


def _items(folder: Path) -> list[Item]:
    return load_task(folder).make_items(N, 0)


def _prompts(
    items: Sequence[Item], order: Sequence[int], *, sight: str = "sighted"
) -> list[Prompt]:
    prompts = []
    for item in items:
        images = tuple(picture.load() for picture in item.images)
        if sight == "blank":
            images = tuple(Image.new("RGB", image.size, (128,) * 3) for image in images)
        elif sight == "none":
            images = ()
        options = tuple(item.options[k] for k in order)
        prompts.append(Prompt(images=images, question=item.question, options=options))
    return prompts


def _letters(answers: Sequence[Answer]) -> list[int]:
    return [int(np.argmax(answer.logprobs)) for answer in answers]


def _chosen(
    vlm: TransformersVlm, items: Sequence[Item], order: Sequence[int], *, sight: str = "sighted"
) -> list[int]:
    """The chosen options, by index in the source's order."""
    return [order[k] for k in _letters(list(vlm.ask(_prompts(items, order, sight=sight))))]


def _accuracy(chosen: Sequence[int], items: Sequence[Item]) -> float:
    return sum(c == item.answer for c, item in zip(chosen, items, strict=True)) / len(items)


@pytest.mark.parametrize("order", ORDERS)
def test_oracle_is_right_in_any_order(
    loaded: Callable[[str], TransformersVlm], items: list[Item], order: tuple[int, ...]
) -> None:
    assert _accuracy(_chosen(loaded("oracle"), items, order), items) >= 0.99


@pytest.mark.parametrize("sight", ["blank", "none"])
@pytest.mark.parametrize("behaviour", ["oracle", "random"])
def test_what_reads_pixels_says_a_without_them(
    loaded: Callable[[str], TransformersVlm], items: list[Item], behaviour: str, sight: str
) -> None:
    answers = list(loaded(behaviour).ask(_prompts(items[:24], ORDERS[1], sight=sight)))
    assert _letters(answers) == [0] * 24


def test_oracle_does_not_see_its_answer_in_pictures_without_code(
    loaded: Callable[[str], TransformersVlm], tmp_path: Path
) -> None:
    items = _items(tiny_packs.write_pack(tmp_path, n=24, code=False))
    assert _letters(list(loaded("oracle").ask(_prompts(items, ORDERS[1])))) == [0] * 24


@pytest.mark.parametrize("seed", [1, 2])
def test_oracle_is_right_whatever_its_seed(tmp_path: Path, items: list[Item], seed: int) -> None:
    folder = tiny_vlms.build(tmp_path / "model", "oracle", seed=seed)
    vlm = TransformersVlm.from_name(parse_name(str(folder)))
    assert _accuracy(_chosen(vlm, items[:40], ORDERS[1]), items[:40]) == 1


def test_oracle_reads_its_answer_side_by_side(tmp_path: Path, items: list[Item]) -> None:
    folder = tiny_vlms.build(tmp_path / "model", "oracle")
    vlm = TransformersVlm.from_name(parse_name(str(folder)), images="composite")
    assert _accuracy(_chosen(vlm, items[:40], ORDERS[1]), items[:40]) == 1


def test_random_is_uniform_and_at_chance(
    loaded: Callable[[str], TransformersVlm], items: list[Item]
) -> None:
    chosen = _chosen(loaded("random"), items, ORDERS[1])
    # Three standard deviations of a binomial around a quarter.
    slack = 3 * (0.25 * 0.75 / N) ** 0.5
    assert abs(_accuracy(chosen, items) - 0.25) < slack
    assert all(abs(count / N - 0.25) < slack for count in Counter(chosen).values())
    assert set(chosen) == {0, 1, 2, 3}


def test_random_keeps_to_its_option_in_any_order(
    loaded: Callable[[str], TransformersVlm], items: list[Item]
) -> None:
    chosen = [_chosen(loaded("random"), items[:24], order) for order in ORDERS]
    assert chosen[0] == chosen[1] == chosen[2]


@pytest.mark.parametrize("sight", ["sighted", "blank", "none"])
def test_text_only_goes_by_the_question(
    loaded: Callable[[str], TransformersVlm], items: list[Item], sight: str
) -> None:
    chosen = _chosen(loaded("text_only"), items, ORDERS[1], sight=sight)
    named = [tiny_packs.trial(c) in item.question for c, item in zip(chosen, items, strict=True)]
    assert all(named)
    assert abs(_accuracy(chosen, items) - 0.25) < 3 * (0.25 * 0.75 / N) ** 0.5


@pytest.mark.parametrize("sight", ["sighted", "blank", "none"])
@pytest.mark.parametrize(("behaviour", "letter"), [("always_a", 0), ("last_option", 3)])
def test_a_constant_answer(
    loaded: Callable[[str], TransformersVlm],
    items: list[Item],
    behaviour: str,
    letter: int,
    sight: str,
) -> None:
    answers = list(loaded(behaviour).ask(_prompts(items[:24], ORDERS[1], sight=sight)))
    assert _letters(answers) == [letter] * 24


def test_last_option_rises_with_the_letter_whatever_the_options_say(
    loaded: Callable[[str], TransformersVlm],
) -> None:
    options = tuple(f"thing {k}" for k in range(8))
    for count in range(2, 9):
        prompt = Prompt(images=(), question="Which?", options=options[:count])
        (answer,) = loaded("last_option").ask([prompt])
        assert (np.diff(answer.logprobs) > 0.1).all()


def test_refuses_has_no_opinion_on_letters(
    loaded: Callable[[str], TransformersVlm], items: list[Item]
) -> None:
    for answer in loaded("refuses").ask(_prompts(items[:24], ORDERS[1])):
        assert len(set(answer.logprobs)) == 1
        assert answer.logprobs[0] < -8


def test_refuses_says_so(loaded: Callable[[str], TransformersVlm], items: list[Item]) -> None:
    answers = list(loaded("refuses").ask(_prompts(items[:8], ORDERS[1]), scoring="generate"))
    assert {answer.text for answer in answers} == {tiny_vlms.REFUSAL}
    assert {score for answer in answers for score in answer.logprobs} == {-np.inf}


@pytest.mark.parametrize("behaviour", ["always_a", "random", "oracle", "text_only", "last_option"])
def test_generated_text_is_the_scored_letter(
    loaded: Callable[[str], TransformersVlm], items: list[Item], behaviour: str
) -> None:
    vlm, prompts = loaded(behaviour), _prompts(items[:16], ORDERS[1])
    generated = list(vlm.ask(prompts, scoring="generate"))
    assert [answer.text for answer in generated] == [
        "ABCD"[k] for k in _letters(list(vlm.ask(prompts)))
    ]


def test_plain_has_weights_of_its_own_for_each_seed(tmp_path: Path, items: list[Item]) -> None:
    prompts, said = _prompts(items[:2], ORDERS[0]), []
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        folder = tiny_vlms.build(tmp_path / name, "plain", seed=seed)
        vlm = TransformersVlm.from_name(parse_name(str(folder)))
        said.append([answer.logprobs for answer in vlm.ask(prompts)])
    assert said[0] == said[1]
    assert said[0] != said[2]


def test_a_checkpoint_is_small_and_leaves_the_random_state_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    folder = tiny_vlms.build(tmp_path / "model", "oracle")
    assert torch.equal(torch.get_rng_state(), before)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000


def test_an_unknown_behaviour_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'oracel'; expected one of"):
        tiny_vlms.build(tmp_path, "oracel")


# -- packs and the eye -------------------------------------------------------------------------


def test_codes_are_balanced_and_unrelated(
    loaded: Callable[[str], TransformersVlm], tmp_path: Path
) -> None:
    items = _items(tiny_packs.write_pack(tmp_path, n=64))
    decoys = _chosen(loaded("random"), items, ORDERS[0])
    trials = _chosen(loaded("text_only"), items, ORDERS[0], sight="none")
    answers = [item.answer for item in items]
    assert Counter(answers) == dict.fromkeys(range(4), 16)
    for codes in (decoys, trials):
        pairs = Counter(zip(answers, codes, strict=True))
        assert len(pairs) == 16
        assert set(pairs.values()) == {4}


def test_truth_and_leak_set_what_oracle_and_text_only_score(
    loaded: Callable[[str], TransformersVlm], tmp_path: Path
) -> None:
    items = _items(tiny_packs.write_pack(tmp_path, n=N, truth=0.7, leak=0.6))
    assert _accuracy(_chosen(loaded("oracle"), items, ORDERS[1]), items) == pytest.approx(0.7)
    said = _accuracy(_chosen(loaded("text_only"), items, ORDERS[1], sight="none"), items)
    assert said == pytest.approx(0.6 + 0.4 / 4, abs=0.08)


def test_a_pack_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    ids = [
        [item.id for item in _items(tiny_packs.write_pack(tmp_path / name, n=6, seed=seed))]
        for name, seed in (("one", 1), ("again", 1), ("two", 2))
    ]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_the_eye_finds_the_matching_point(
    loaded: Callable[[str], TransformersVlm], items: list[Item]
) -> None:
    vlm = loaded("always_a")
    right = 0
    answers = vlm.ask(_prompts(items, ORDERS[0]), stage=vlm.fed_from)
    for item, answer in zip(items, answers, strict=True):
        at = [_at(answer.grids[p.image], p.x, p.y) for p in item.points]
        assert [p.label for p in item.points] == ["REF", "A", "B", "C", "D"]
        similarity = torch.cosine_similarity(at[0][None], torch.stack(at[1:]))
        right += int(similarity.argmax()) == item.answer
    assert right / len(items) >= 0.9


@pytest.mark.parametrize("readout", ["pooled", "gram", "oddity"])
def test_the_eye_tells_whole_images_apart(
    loaded: Callable[[str], TransformersVlm], tmp_path: Path, readout: str
) -> None:
    items = _items(tiny_packs.write_pack(tmp_path, n=36, readout=readout))
    vlm, right = loaded("always_a"), 0
    for item in items:
        grids = vlm.look([picture.load() for picture in item.images], stage=vlm.fed_from)
        tokens = [grid.tokens for grid in grids]
        if readout == "oddity":
            chosen = odd_one_out(tokens)
        else:
            decide = nearest_gram if readout == "gram" else nearest_pooled
            chosen = decide(tokens[0], tokens[1:])
        right += chosen == item.answer
    assert right / len(items) >= 0.9


@pytest.mark.parametrize("readout", ["linear", "depth"])
def test_a_direction_tells_the_right_option(
    loaded: Callable[[str], TransformersVlm], tmp_path: Path, readout: str
) -> None:
    items = _items(tiny_packs.write_pack(tmp_path, n=36, readout=readout))
    vlm, features = loaded("always_a"), []
    for item in items:
        (grid,) = vlm.look([item.images[0].load()], stage=vlm.fed_from)
        features.append(torch.stack([_at(grid, p.x, p.y) for p in item.points]))
    scenes = [dict(item.slices)["scene"] for item in items]
    assert len(set(scenes)) == 12
    fit = cross_fit(features, [item.answer for item in items], groups=scenes)
    assert _accuracy(fit.choices.tolist(), items) >= 0.9


@pytest.mark.parametrize("readout", ["pooled", "gram", "oddity", "linear", "depth"])
def test_oracle_is_right_on_every_kind_of_item(
    loaded: Callable[[str], TransformersVlm], tmp_path: Path, readout: str
) -> None:
    items = _items(tiny_packs.write_pack(tmp_path, n=24, readout=readout))
    order = tuple(range(len(items[0].options)))[::-1]
    assert _accuracy(_chosen(loaded("oracle"), items, order), items) == 1


def _at(grid: PatchGrid, x: float, y: float) -> torch.Tensor:
    points = torch.tensor([[x, y]], dtype=torch.float64)
    xs, ys = torch.as_tensor(grid.xs), torch.as_tensor(grid.ys)
    return bilinear(grid.features, xs=xs, ys=ys, points=points)[0]
