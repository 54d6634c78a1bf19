"""A cache of the hub as its own client lays it out, so that a test downloads nothing."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def lay_out(
    cache: Path,
    hub_id: str,
    commits: dict[str, Path],
    refs: dict[str, str],
    *,
    kind: str = "models",
) -> Path:
    """Write folders as snapshots of a hub id: files in blobs/, links to them in snapshots/."""
    top = cache / f"{kind}--{hub_id.replace('/', '--')}"
    (top / "blobs").mkdir(parents=True)
    for commit, folder in commits.items():
        snapshot = top / "snapshots" / commit
        snapshot.mkdir(parents=True)
        for path in (path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            (top / "blobs" / digest).write_bytes(content)
            link = snapshot / path.relative_to(folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            up = "../" * (len(link.relative_to(top).parts) - 1)
            link.symlink_to(f"{up}blobs/{digest}")
    for name, commit in refs.items():
        ref = top / "refs" / name
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit)
    return top


def offline(cache: Path) -> dict[str, str]:
    """The environment of a process that has this cache and no network."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANS"))},
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(cache),
        "HF_HOME": str(cache / "home"),
        "OMP_NUM_THREADS": "1",
    }
