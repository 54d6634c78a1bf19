"""What the three-way evaluation costs beside bare sighted forwards, and what each saving saves.

    OMP_NUM_THREADS=1 python benchmarks/one_pass.py --models tiny medium -o results.json

In each round all ways take turns in one process: the floor (each item's prompt once through the
model: same batch, same format, logits of the last position; pictures and words are prepared
before the clock runs), the floor with that preparation, and the whole evaluation (sighted, blind,
ceiling), with 1 and 4 orders of the options, with all savings and with each switched off. Without
the shared start of rotations their vision run is still shared. On a CPU the process's own seconds
are taken, as other processes may share it. Ratios are of the same round; their median is told with
the lowest and highest. Models have random weights: ``tiny`` is the checkpoint of the tests,
``medium`` a LLaVA of 30 million parameters. No two items have the same options, so that no blind
prompt recurs as a whole.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm
    from pytest_vlmsight.tasks.item import Task

SIDE = 224
"""Of pictures, px."""

WORDS = ("kettle", "lantern", "ribbon", "barrel", "feather", "ladder", "pebble", "trumpet")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--n", type=int, default=16, help="items (16)")
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken (5)")
    parser.add_argument("--batch", type=int, help="prompts per forward (by device)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("-o", "--output", type=Path, help="JSON file")
    parsed = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    found = {"machine": machine(), "n": parsed.n, "rounds": parsed.rounds, "models": {}}
    for name in parsed.models:
        with tempfile.TemporaryDirectory() as folder:
            MODELS[name](Path(folder) / name)
            found["models"][name] = measured(Path(folder) / name, parsed)
        table(name, found["models"][name])
    if parsed.output:
        parsed.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def measured(folder: Path, parsed: argparse.Namespace) -> dict[str, Any]:
    """Seconds of all ways, round by round, and where those of the full evaluation go."""
    import torch

    from pytest_vlmsight import Settings, evaluate
    from pytest_vlmsight.evaluation import presentations
    from pytest_vlmsight.models.names import parse_name
    from pytest_vlmsight.models.sharing import SAVINGS, Sharing
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    vlm = TransformersVlm.from_name(
        parse_name(str(folder)), device=parsed.device, dtype=parsed.dtype, batch=parsed.batch
    )
    task = made(parsed.n)
    settings = {turns: Settings(items=parsed.n, rotations=turns) for turns in (1, 4)}
    batch = int(vlm.provenance["batch"])
    prompts = [turns[0] for turns in presentations(task.make_items(parsed.n, 0), settings[1])]
    engine = vlm._engine
    every = Sharing(engine)

    def prepared() -> list[dict[str, Any]]:
        from pytest_vlmsight.questions import sighted

        asked = [question.make() for question in sighted([[one] for one in prompts])]
        primer, _ = engine.chat.letters(asked[0])
        given = [(prompt, vlm._given(prompt)[0]) for prompt in asked]
        return [
            engine.encode(given[k : k + batch], primer=primer) for k in range(0, len(given), batch)
        ]

    ready = prepared()

    def floor(given: Sequence[dict[str, Any]]) -> None:
        with torch.inference_mode():
            for x in given:
                engine.next_words(x).cpu()

    def three_way(turns: int, off: Sequence[str]) -> None:
        own = replace(settings[turns], items=items)
        vlm.sharing = every if not off else Sharing(engine, savings=set(SAVINGS) - set(off))
        vlm.sharing._why_not = dict(known)
        evaluate(vlm, task, settings=own)

    items = 1
    known: dict[tuple[str, int], str] = {}
    for saving in SAVINGS:
        every.why_not(saving, 1)
    known.update(every._why_not)
    ways: dict[str, Callable[[], None]] = {
        "floor": lambda: floor(ready),
        "floor with preparation": lambda: floor(prepared()),
    }
    for turns in (1, 4):
        ways[f"three-way, {turns}"] = partial(three_way, turns, ())
        for saving in ("rotations", "blank"):
            if saving == "blank" or turns > 1:
                ways[f"three-way, {turns}, without {saving}"] = partial(three_way, turns, (saving,))
        ways[f"three-way, {turns}, with none"] = partial(three_way, turns, SAVINGS)
    clock = time.process_time if str(engine.device) == "cpu" else time.perf_counter
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(parsed.rounds + 1):
        items = parsed.n if number else 1  # the first round warms up
        for way, run in ways.items():
            start = clock()
            run()
            if number:
                seconds[way].append(clock() - start)
    ratios = {
        way: [own / floor for own, floor in zip(some, seconds["floor"], strict=True)]
        for way, some in seconds.items()
    }
    return {
        "parameters": sum(one.numel() for one in engine.model.parameters()),
        "tokens": int(ready[0]["attention_mask"][0].sum()),
        "batch": batch,
        "dtype": vlm.provenance["dtype"],
        "device": vlm.provenance["device"],
        "seconds": {way: statistics.median(some) for way, some in seconds.items()},
        "to_floor": {
            way: {"median": statistics.median(some), "low": min(some), "high": max(some)}
            for way, some in ratios.items()
        },
        "profile": {turns: profile(vlm, partial(three_way, turns, ())) for turns in (1, 4)},
    }


def profile(vlm: TransformersVlm, run: Callable[[], None]) -> dict[str, float]:
    """Share of the seconds of one run by what is done; what is within another is not told twice."""
    engine = vlm._engine
    spent: dict[str, float] = defaultdict(float)
    within: list[float] = []

    def timed(name: str, real: Any) -> Any:
        def run(*positional: Any, **named: Any) -> Any:
            within.append(0.0)
            start = time.perf_counter()
            try:
                return real(*positional, **named)
            finally:
                taken = time.perf_counter() - start
                spent[name] += taken - within.pop()
                if within:
                    within[-1] += taken

        return run

    places = (
        ("forwards", engine, "_run"),
        ("pictures and words into tensors", engine, "encode"),
        ("words of further prompts", engine.chat, "words"),
        ("features laid out", engine, "grids"),
        ("recurring prompts found", vlm, "_recurring"),
        ("prompts with the same pictures found", vlm, "_sheet"),
    )
    with contextlib.ExitStack() as stack:
        for name, owner, attribute in places:
            stack.enter_context(put(owner, attribute, timed(name, getattr(owner, attribute))))
        start = time.perf_counter()
        run()
        total = time.perf_counter() - start
    spent["all else"] = total - sum(spent.values())
    return {name: round(own / total, 4) for name, own in sorted(spent.items(), key=lambda i: -i[1])}


@contextlib.contextmanager
def put(owner: Any, name: str, value: Any) -> Iterator[None]:
    setattr(owner, name, value)
    try:
        yield
    finally:
        delattr(owner, name)


def table(name: str, found: dict[str, Any]) -> None:
    """Print Markdown."""
    told = (
        f"{name}: {found['parameters'] / 1e6:.1f} M parameters, prompts of {found['tokens']} "
        f"tokens, batch {found['batch']}, {found['dtype']}, {found['device']}"
    )
    print(f"\n{told}\n\n| way | seconds | × floor (lowest–highest) |\n|---|---|---|")
    for way, seconds in found["seconds"].items():
        ratio = found["to_floor"][way]
        spread = f"{ratio['median']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})"
        print(f"| {way} | {seconds:.3f} | {spread} |")
    for turns, shares in found["profile"].items():
        parts = ", ".join(f"{what} {share:.1%}" for what, share in shares.items())
        print(f"\nWhere three-way, {turns} goes: {parts}.")


def machine() -> dict[str, Any]:
    import torch
    import transformers

    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load": os.getloadavg()[0],
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def made(n: int) -> Task:
    """Pictures of noise with five points each; what is asked differs from item to item."""
    import numpy as np
    from PIL import Image

    from pytest_vlmsight.tasks.item import Item, Picture, Point, Task

    items = []
    for number in range(n):
        rng = np.random.default_rng(number)
        image = Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
        key = hashlib.sha256(image.tobytes()).hexdigest()
        picture = Picture(key, image.size, image.copy)
        points = [
            Point(image=0, x=float(x), y=float(y), label=label)
            for label, x, y in zip(
                ("REF", *"ABCD"), *rng.uniform(20, SIDE - 20, (2, 5)), strict=True
            )
        ]
        words = rng.choice(len(WORDS), 4, replace=False)
        items.append(
            Item(
                name=f"item {number}",
                images=(picture,),
                clean_images=(picture,),
                question="Which of the marked things in the image is made of the same material as "
                "the one that is marked with REF?",
                options=tuple(f"the {WORDS[word]} {number}" for word in words),
                answer=int(rng.integers(4)),
                points=tuple(points),
            )
        )
    return Task(
        name="points",
        version="1",
        readout="nearest_patch",
        source="made for a benchmark",
        licence="CC0-1.0",
        make_items=lambda n, _: items[:n],
    )


def tiny(folder: Path) -> None:
    """The checkpoint of the tests; its words are bytes."""
    import tiny_vlms

    tiny_vlms.build(folder, "plain")


def medium(folder: Path) -> None:
    """A LLaVA whose eye makes 256 tokens of a picture, and whose words are as long as usual."""
    import torch
    from tiny_vlms import _TEMPLATE
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    words = tokenizer()
    torch.manual_seed(0)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=384,
            intermediate_size=1536,
            num_hidden_layers=6,
            num_attention_heads=6,
            image_size=SIDE,
            patch_size=14,
            projection_dim=384,
        ),
        text_config=LlamaConfig(
            vocab_size=len(words),
            hidden_size=512,
            intermediate_size=1376,
            num_hidden_layers=6,
            num_attention_heads=8,
            pad_token_id=words.pad_token_id,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
        ),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-2,
    )
    size = {"height": SIDE, "width": SIDE}
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size=size, crop_size=size, do_center_crop=False),
        tokenizer=words,
        patch_size=14,
        vision_feature_select_strategy="default",
        chat_template=_TEMPLATE,
        num_additional_image_tokens=1,
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)


def tokenizer() -> Any:
    """Pairs of bytes, learned from this project's own documentation."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", "<image>"]
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train([str(ROOT / "README.md"), *map(str, sorted((ROOT / "docs").glob("*.md")))], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=special[1],
        eos_token=special[2],
        pad_token=special[0],
        extra_special_tokens={"image_token": "<image>"},
    )


MODELS: dict[str, Callable[[Path], None]] = {"tiny": tiny, "medium": medium}


if __name__ == "__main__":
    main()
