"""What the cache of answers saves and costs, and how fast checkpoints are hashed.

    OMP_NUM_THREADS=1 python benchmarks/answer_cache.py

On a tiny model that answers in a millisecond or two, so that the cost of keeping and reading is
seen at its largest: three kinds of run take turns in one process, without a cache, with an empty
one, and with all answers known. Prints medians in seconds and their ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", type=int, default=120, help="items (120)")
    parser.add_argument("--rounds", type=int, default=7, help="of which medians are taken (7)")
    parser.add_argument("--mib", type=int, default=512, help="of each file to hash (512)")
    parser.add_argument("--readout", default="nearest_patch", help="of the task (nearest_patch)")
    parsed = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    with tempfile.TemporaryDirectory() as folder:
        told = runs(Path(folder), n=parsed.n, rounds=parsed.rounds, readout=parsed.readout)
        told |= hashing(Path(folder), size=parsed.mib * 2**20)
    print(json.dumps(told, indent=2))


def runs(folder: Path, *, n: int, rounds: int, readout: str) -> dict[str, object]:
    """Seconds of an evaluation in each of the three ways."""
    import tiny_packs
    import tiny_vlms

    from pytest_vlmsight import Settings, evaluate, load_tasks
    from pytest_vlmsight.records.cache import AnswerCache

    tiny_vlms.build(folder / "model", "oracle")
    vlm = tiny_vlms.loaded(folder / "model")
    (task,) = load_tasks([str(tiny_packs.write_pack(folder / "task", n=n, readout=readout))])
    settings = Settings(items=n, ceiling=("matched", "native"), blind=("blank", "noise"))
    times: dict[str, list[float]] = {"without": [], "first": [], "second": []}
    for number in range(rounds + 1):
        kept = folder / f"kept-{number}"
        for how, some in times.items():
            start = time.perf_counter()
            cache = None if how == "without" else AnswerCache(kept)
            evaluate(vlm, task, settings=settings, cache=cache)
            if cache is not None:
                cache.close()
            if number:  # the first round warms up
                some.append(time.perf_counter() - start)
        size = (kept / "answers.sqlite").stat().st_size
        shutil.rmtree(kept)
    seconds = {how: round(statistics.median(some), 3) for how, some in times.items()}
    return {
        "items": n,
        "prompts": 3 * n,
        "seconds": seconds,
        "first_to_without": round(
            statistics.median(a / b for a, b in zip(times["first"], times["without"], strict=True)),
            3,
        ),
        "second_to_first": round(
            statistics.median(a / b for a, b in zip(times["second"], times["first"], strict=True)),
            4,
        ),
        "kept_bytes_per_prompt": size // (3 * n),
    }


def hashing(folder: Path, *, size: int) -> dict[str, object]:
    """Bytes a second, of one shard and of as many as there are cores; read before, as by a load."""
    from pytest_vlmsight.models import digest

    speeds = {}
    for count in sorted({1, os.cpu_count() or 1}):
        shards = folder / f"shards-{count}"
        shards.mkdir()
        for number in range(count):
            (shards / f"{number}.safetensors").write_bytes(os.urandom(2**20) * (size // 2**20))
        taken = []
        for _ in range(3):
            digest._known.clear()
            start = time.perf_counter()
            digest.content_of(shards)
            taken.append(time.perf_counter() - start)
        speeds[f"{count} shards"] = round(count * size / statistics.median(taken) / 2**20)
        shutil.rmtree(shards)
    return {"hashed_mib_per_second": speeds}


if __name__ == "__main__":
    main()
