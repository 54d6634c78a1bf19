"""Public data sets for tests: their files in a hub's cache and in a user's folder, offline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMIT = "ab" * 20
"""Of data sets of which no revision is known."""


@dataclass(frozen=True)
class Laid:
    """Where the files lie.

    Attributes:
        hub: the hub's cache.
        own: the user's folder of data.
    """

    hub: Path
    own: Path

    def snapshot(self, key: str) -> Path:
        """The files of a data set in the hub's cache."""
        from pytest_vlmsight.tasks.study.data_sets import DATA_SETS

        data = DATA_SETS[key]
        top = self.hub / f"datasets--{data.hub.replace('/', '--')}"
        return top / "snapshots" / (data.revision or COMMIT)


@pytest.fixture(scope="session")
def study_files(tmp_path_factory: pytest.TempPathFactory) -> Laid:
    """All data sets, written once; not to be changed."""
    pytest.importorskip("pyarrow")
    from hub_cache import lay_out
    from study_files import OF_USER, ON_HUB

    from pytest_vlmsight.tasks.study.data_sets import DATA_SETS

    root = tmp_path_factory.mktemp("study")
    for key, write in ON_HUB.items():
        data = DATA_SETS[key]
        write(root / "plain" / key)
        commit = data.revision or COMMIT
        refs = {"main": commit}
        lay_out(root / "hub", data.hub, {commit: root / "plain" / key}, refs, kind="datasets")
    for write in OF_USER.values():
        write(root / "own")
    return Laid(root / "hub", root / "own")


@pytest.fixture
def any_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets the hashes of real files, which files that a test writes do not have."""
    from pytest_vlmsight.tasks.study import data_sets

    for key, data in list(data_sets.DATA_SETS.items()):
        monkeypatch.setitem(data_sets.DATA_SETS, key, replace(data, sha256={}))


@pytest.fixture
def use_hub(any_content: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Has the hub's client use a cache, and no network."""
    from huggingface_hub import constants

    def use(cache: Path) -> None:
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    return use


@pytest.fixture
def laid(
    study_files: Laid, use_hub: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> Laid:
    """All data sets where a user would have them, and a stand-in for the detector of markers."""
    from study_files import seen

    from pytest_vlmsight.tasks.study import burned_markers

    use_hub(study_files.hub)
    monkeypatch.setattr(burned_markers, "found", seen)
    return study_files
