"""Tiny checkpoints for the tests of models, built once; nothing here imports torch by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of ordinary random weights."""
    import tiny_vlms

    return tiny_vlms.build(tmp_path_factory.mktemp("plain") / "model", "plain")


@pytest.fixture(scope="module")
def vlm(plain: Path) -> TransformersVlm:
    """The same, loaded."""
    import tiny_vlms

    return tiny_vlms.loaded(plain)


@pytest.fixture(scope="session")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of an eye of ``tiny_eyes`` → its checkpoint."""
    import tiny_eyes

    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            folder = tmp_path_factory.mktemp("eye") / "model"
            made[name] = tiny_eyes.build(folder, tiny_eyes.EYES[name]())
        return made[name]

    return get


@pytest.fixture(scope="session")
def families(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of one of ``tiny_families.FAMILIES`` → its checkpoint."""
    import tiny_families

    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            made[name] = tiny_families.build(tmp_path_factory.mktemp("family") / "model", name)
        return made[name]

    return get


@pytest.fixture(scope="module")
def family_vlm(families: Callable[[str], Path]) -> Callable[[str], TransformersVlm]:
    """Name of a family → its tiny model, loaded once; nothing is mapped yet."""
    import tiny_families

    made: dict[str, TransformersVlm] = {}

    def get(name: str) -> TransformersVlm:
        if name not in made:
            made[name] = tiny_families.loaded(families(name))
        made[name]._engine.maps = made[name]._engine.new_maps()
        return made[name]

    return get


@pytest.fixture(autouse=True, scope="module")
def shallow(request: pytest.FixtureRequest) -> Iterator[None]:
    """Models of the recipe have two layers in its tests: a third of the time that six take."""
    if request.path.parent.name != "tiny":
        yield
        return
    from pytest_vlmsight.models.tiny import architecture

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture, "LAYERS", 2)
        yield
