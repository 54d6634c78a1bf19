"""Models that a conftest.py brings along, as docs/models.md shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "models.md"

OURS = '''
import torch
from torch import nn

PATCH = 16


class Model(nn.Module):
    """An architecture that transformers does not have: patches of 16 px, three of whose values
    are their mean colour, and answers that depend on all of them and on the text."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(3, 16)
        self.layers = nn.ModuleList([nn.Linear(16, 16), nn.Linear(16, 16)])
        self.head = nn.Linear(16, 128)

    @torch.inference_mode()
    def encode(self, image):
        import numpy as np

        pixels = torch.from_numpy(np.asarray(image, np.float32) / 255)
        rows, cols = pixels.shape[0] // PATCH, pixels.shape[1] // PATCH
        pixels = pixels[: rows * PATCH, : cols * PATCH]
        cells = pixels.reshape(rows, PATCH, cols, PATCH, 3).mean((1, 3))
        states = [self.first(cells)]
        for layer in self.layers:
            states.append(states[-1] + layer(states[-1]).relu())
        return states

    @torch.inference_mode()
    def next_token(self, seen, text):
        torch.manual_seed(len(text))
        told = torch.randn(16)
        for number, features in enumerate(seen, start=1):
            told = told + number * features.mean((0, 1))
        return self.head(told)

    @staticmethod
    def token(mark):
        return ord(mark)


load = Model
'''


def example() -> tuple[str, str]:
    """The adapter of the documentation, and the test of it."""
    conftest, test = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return conftest, test


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    conftest, test = example()
    pytester.makepyfile(ours=OURS, conftest=conftest)
    pytester.makepyfile(test_ours=f"from conftest import Adapter\n{test}")
    monkeypatch.syspath_prepend(pytester.path)
    return pytester


def test_the_documented_adapter_is_short() -> None:
    conftest, _ = example()
    assert len([line for line in conftest.splitlines() if line.strip()]) < 40


@pytest.mark.slow
def test_the_documented_adapter_runs_the_suite(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess(
        "--vlm=ours", "--vlm-tasks=texture", "--vlm-items=40", "--vlm-no-cache"
    )
    result.stdout.fnmatch_lines(["texture  *50.0  50.0*"])
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*vlmsight::ours::texture::blind*"])


def test_the_documented_adapter_passes_the_documented_test(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("test_ours.py")
    result.assert_outcomes(passed=1)


def test_a_name_of_ones_own_comes_before_all_others(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_vlmsight_models(config):\n    return {'llava-1.5': object}\n")
    result = pytester.runpytest_subprocess("--vlm=llava-1.5", "--vlm-tasks=texture")
    result.stdout.fnmatch_lines(
        ["*its loader returned object, which has no name, fed_from, provenance, ask, look, close*"]
    )
    result.assert_outcomes(errors=2)


def test_a_loader_that_fails_is_an_error_of_its_model(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "def load():\n    raise OSError('no such file: ours.pt')\n\n"
        "def pytest_vlmsight_models(config):\n    return {'ours': load}\n"
    )
    result = pytester.runpytest_subprocess("--vlm=ours", "--vlm-tasks=texture")
    result.stdout.fnmatch_lines(["ours: its loader failed: OSError: no such file: ours.pt"])
    result.assert_outcomes(errors=2)


def test_a_conftest_with_models_is_harmless_without_vlm(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_vlmsight_models(config):\n    raise AssertionError\n")
    pytester.makepyfile("def test_it():\n    pass\n")
    pytester.runpytest().assert_outcomes(passed=1)
