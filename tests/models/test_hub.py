"""Models of the hub, from a cache laid out as the hub's client lays it out, without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import tiny_vlms
from hub_cache import lay_out, offline

COMMIT, OLDER = "0123456789abcdef" * 2 + "01234567", "fedcba9876543210" * 2 + "76543210"
LLAVA, OTHER = "llava-hf/llava-1.5-7b-hf", "somebody/tiny-vlm"

_PROGRAM = """
import json, sys, warnings
warnings.simplefilter("error")
from PIL import Image
from pytest_vlmsight.models.base import ModelError, Prompt
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

picture = Image.new("RGB", (64, 64), (200, 30, 90))
for text in json.loads(sys.argv[1]):
    try:
        vlm = TransformersVlm.from_name(parse_name(text))
        (answer,) = vlm.ask([Prompt(images=(picture,), question="?", options=("a", "b"))])
        said = {**vlm.provenance, "name": vlm.name, "logprobs": answer.logprobs}
    except ModelError as error:
        said = {"error": str(error)}
    print("SAID", json.dumps([text, said]))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each name came to, all loaded by one process that may not use the network."""
    built = tmp_path_factory.mktemp("built")
    new = tiny_vlms.build(built / "new", "always_a")
    old = tiny_vlms.build(built / "old", "last_option")
    cache = tmp_path_factory.mktemp("hub")
    lay_out(cache, LLAVA, {COMMIT: new, OLDER: old}, {"main": COMMIT, "v1": OLDER})
    lay_out(cache, OTHER, {COMMIT: new, OLDER: old}, {"main": COMMIT, "refs/pr/3": OLDER})
    names = [
        "llava-1.5",
        LLAVA,
        f"{LLAVA}@v1",
        f"{LLAVA}@{OLDER}",
        "llava-1.5@v1",
        OTHER,
        f"{OTHER}@refs/pr/3",
        "nobody/nothing",
        f"{LLAVA}@gone",
    ]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(names)],
        env=offline(cache),
        cwd=cache,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("SAID ")]
    return dict(json.loads(line.removeprefix("SAID ")) for line in lines)


@pytest.mark.parametrize(
    ("text", "commit"),
    [
        ("llava-1.5", COMMIT),
        (LLAVA, COMMIT),
        (f"{LLAVA}@v1", OLDER),
        (f"{LLAVA}@{OLDER}", OLDER),
        ("llava-1.5@v1", OLDER),
        (OTHER, COMMIT),
        (f"{OTHER}@refs/pr/3", OLDER),
    ],
)
def test_a_name_loads_its_revision_and_provenance_has_the_commit(
    said: dict[str, dict[str, Any]], text: str, commit: str
) -> None:
    assert said[text]["name"] == text
    assert said[text]["source"] == (LLAVA if "llava" in text else OTHER)
    assert said[text]["revision"] == commit
    first, last = said[text]["logprobs"]
    assert (first > last) is (commit == COMMIT)  # the older says the last, the newer says A


def test_only_models_trained_on_one_image_get_composites(said: dict[str, dict[str, Any]]) -> None:
    assert said["llava-1.5"]["several_images"] == "composite"
    assert said[f"{LLAVA}@v1"]["several_images"] == "composite"
    assert said[OTHER]["several_images"] == "separate"


@pytest.mark.parametrize("text", ["nobody/nothing", f"{LLAVA}@gone"])
def test_what_is_not_there_is_one_clear_error_with_the_hubs_own_words(
    said: dict[str, dict[str, Any]], text: str
) -> None:
    message = said[text]["error"]
    hub_id, _, revision = text.partition("@")
    assert message.startswith(f"cannot load its configuration of {text} (hub id {hub_id}")
    assert f"at revision {revision}" in message or not revision
    assert "\n" not in message
    assert "connect" in message or "offline" in message or "cached" in message
