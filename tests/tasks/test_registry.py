from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_tasks import SHADE, add_made_tasks

from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.item import READOUTS
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.markers import Markers, MarkerStyle
from pytest_vlmsight.tasks.registry import (
    BUILT_IN,
    Difficulty,
    DifficultyError,
    DuplicateTaskError,
    UnknownTaskError,
    resolve,
)
from pytest_vlmsight.tasks.study.catalogue import STUDY

Record = dict[str, Any]
WritePack = Callable[..., Path]


@pytest.fixture
def folders(write_pack: WritePack, matching_line: Record, tmp_path: Path) -> Path:
    """Task folders b_task and a_task, and beside them a file and a folder of something else."""
    for name in ("b_task", "a_task"):
        write_pack(matching_line, folder=f"packs/{name}", name=name)
    (tmp_path / "packs" / "README.md").write_text("not a task")
    (tmp_path / "packs" / "other").mkdir()
    return tmp_path / "packs"


def test_no_pattern_is_the_built_in_suite() -> None:
    assert [task.name for task in resolve()] == sorted(BUILT_IN)


def test_every_built_in_task_has_the_name_it_is_listed_by() -> None:
    for name in BUILT_IN:
        assert [task.name for task in resolve([name])] == [name]


def test_globs_of_names() -> None:
    assert [task.name for task in resolve(["low_*", "*_matching"])] == ["low_level_matching"]


def test_globs_of_public_data_sets_have_as_many_parts_as_the_names() -> None:
    two = {name for name in STUDY if name.count("/") == 1}
    assert [task.name for task in resolve(["study/*"])] == sorted(two)
    assert [task.name for task in resolve(["study/*/*"])] == sorted(set(STUDY) - two)
    assert [task.name for task in resolve(["study/art*", "*/mmvp"])] == [
        "study/art_style",
        "study/mmvp",
    ]
    # They are no part of what is meant by the generated suite.
    assert [task.name for task in resolve(["*"])] == sorted(BUILT_IN)
    with pytest.raises(UnknownTaskError, match="did you mean study/art_style"):
        resolve(["study/art_styl"])


@pytest.mark.parametrize("name", STUDY)
def test_tasks_of_public_data_sets_are_known_before_anything_is_read(name: str) -> None:
    (task,) = resolve([name])
    entry = STUDY[name]
    assert (task.name, task.on_demand, task.readout) == (name, True, entry.readout)
    assert task.readout in READOUTS
    assert task.available == entry.items
    assert task.licence
    assert entry.about in task.source
    loader = importlib.import_module(f"pytest_vlmsight.tasks.study.{entry.loader}")
    assert loader.patterns(entry.part)


def test_listing_imports_no_loader_and_nothing_that_reads() -> None:
    code = (
        "import sys; from pytest_vlmsight.tasks.registry import resolve; resolve(['study/*']);"
        "print([m for m in sys.modules if m in ('pyarrow', 'huggingface_hub', 'PIL', 'numpy')"
        " or m.endswith(('.blink', '.table'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_folders_and_globs_of_folders(folders: Path) -> None:
    def names(*patterns: str) -> list[str]:
        return [task.name for task in resolve(patterns)]

    assert names(str(folders / "b_task")) == ["b_task"]
    assert names(str(folders / "*")) == ["a_task", "b_task"]
    assert names(str(folders / "b_task"), f"{folders}/*/") == ["b_task", "a_task"]
    assert names(f"{folders.parent}/**") == ["a_task", "b_task"]
    assert names("low_level_matching", f"{folders}/a*") == ["low_level_matching", "a_task"]


def test_relative_folders(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folders)
    assert [task.name for task in resolve(["a_task"])] == ["a_task"]
    assert [task.name for task in resolve(["./b*"])] == ["b_task"]
    assert [task.name for task in resolve(["../packs/a*"])] == ["a_task"]


def test_a_folder_of_a_built_in_name_is_asked_for_by_path(
    write_pack: WritePack,
    matching_line: Record,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = write_pack(matching_line, folder="low_level_matching", name="low_level_matching")
    monkeypatch.chdir(tmp_path)
    [built_in], [own] = resolve(["low_level_matching"]), resolve(["./low_level_matching"])
    assert built_in.folder is None
    assert own.folder is not None
    assert own.folder.resolve() == folder
    says = "two tasks named 'low_level_matching', the built-in one and the folder "
    with pytest.raises(DuplicateTaskError, match=says):
        resolve(["low_level_matching", "./low_level_matching"])


def test_two_folders_of_one_name(write_pack: WritePack, matching_line: Record) -> None:
    one, other = (write_pack(matching_line, folder=name) for name in ("one", "other"))
    with pytest.raises(DuplicateTaskError, match=r"two tasks named 'small', the folder .*one and"):
        resolve([str(one), str(other)])


def test_the_markers_reach_every_task(folders: Path) -> None:
    patterns = ["low_level_matching", str(folders / "a_task")]
    blue = Canvas(markers=Markers(MarkerStyle(colour="blue")))
    for one, other in zip(resolve(patterns), resolve(patterns, canvas=blue), strict=True):
        assert one.make_items(1, 0)[0].images != other.make_items(1, 0)[0].images


def test_varied_markers_are_slices_of_every_task(folders: Path) -> None:
    patterns = ["low_level_matching", str(folders / "a_task")]
    varied = Canvas(markers=Markers(MarkerStyle(), varied=True))
    for one, other in zip(resolve(patterns), resolve(patterns, canvas=varied), strict=True):
        [plain], [item] = one.make_items(1, 0), other.make_items(1, 0)
        assert isinstance(item.draw, Markers)
        assert len(item.draw.slices) == 3
        assert item.slices == (*plain.slices, *item.draw.slices)
        assert item.images == item.draw.paint_all(item.clean_images, points=item.points, boxes=())


def test_size_reaches_the_built_in_tasks() -> None:
    (task,) = resolve(["low_level_matching"], canvas=Canvas(size=256))
    assert task.make_items(1, 0)[0].images[0].size == (256, 256)


@pytest.mark.parametrize(
    ("lines", "span"),
    [
        ([], (100, 250)),
        ([("made_colours", (("shade", "120"),))], (120, 120)),
        ([("*_colours", (("shade", "120..130"),))], (120, 130)),
        # Of several lines the last wins.
        ([("made_colours", (("shade", "120"),)), ("m*", (("shade", "200..210"),))], (200, 210)),
        ([("m*", (("shade", "60"), ("shade", "70")))], (70, 70)),
    ],
)
def test_difficulty_narrows_what_items_are_drawn_from(
    monkeypatch: pytest.MonkeyPatch, lines: list[Difficulty], span: tuple[float, float]
) -> None:
    add_made_tasks(monkeypatch)
    task, other = resolve(["made_colours", "low_level_matching"], difficulty=lines)
    (knob,) = task.knobs
    assert (knob.name, knob.span, knob.limits) == ("shade", span, SHADE.limits)
    assert other.name == "low_level_matching"
    labels = {dict(item.slices)["shade"] for item in task.make_items(20, 0)}
    assert labels == {SHADE.label(shade) for shade in range(int(span[0]), int(span[1]) + 1)}


@pytest.mark.parametrize(
    ("line", "error", "says"),
    [
        (
            ("low_*", (("shade", "120"),)),
            DifficultyError,
            r"got a line for 'low_\*'.*: made_colours",
        ),
        (("Made_colours", (("shade", "120"),)), DifficultyError, "'Made_colours'"),
        (("made_colours", (("hue", "120"),)), KnobError, "task made_colours: .*unknown .*'hue'"),
        (("made_colours", (("shade", "1"),)), KnobError, "shade: got 1; expected .* 50 to 255"),
    ],
)
def test_difficulty_that_is_of_no_use(
    monkeypatch: pytest.MonkeyPatch, line: Difficulty, error: type[ValueError], says: str
) -> None:
    add_made_tasks(monkeypatch)
    with pytest.raises(error, match=says):
        resolve(["made_colours"], difficulty=[line])


def test_difficulty_is_of_built_in_tasks_only(folders: Path) -> None:
    with pytest.raises(DifficultyError, match=r"'a_task'.* built-in tasks: there are none"):
        resolve([str(folders / "a_task")], difficulty=[("a_task", (("x", "1"),))])


def test_unknown_name_suggests_close_ones() -> None:
    with pytest.raises(UnknownTaskError) as caught:
        resolve(["low_level_maching"])
    assert "got 'low_level_maching': no such task or folder" in str(caught.value)
    assert "(did you mean low_level_matching?)" in str(caught.value)
    assert f"built-in tasks: {', '.join(sorted(BUILT_IN))}" in str(caught.value)
    assert caught.value.pattern == "low_level_maching"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("zzz*", "matches no built-in task and none of 0 paths holds task.toml"),
        ("{folders}/o*", "matches no built-in task and none of 1 paths holds task.toml"),
        ("{folders}/other", "it is a folder without task.toml"),
        ("{folders}/none", "no such task or folder"),
        ("", "''"),
    ],
)
def test_pattern_that_stands_for_nothing(folders: Path, pattern: str, says: str) -> None:
    with pytest.raises(UnknownTaskError, match="--vlm-tasks: got ") as caught:
        resolve([pattern.format(folders=folders)])
    assert says in str(caught.value)


def test_importing_tasks_costs_no_heavy_library() -> None:
    code = (
        "import sys, pytest_vlmsight.tasks.pack, pytest_vlmsight.tasks.presentation; "
        "from pytest_vlmsight.tasks.registry import BUILT_IN, resolve; resolve(sorted(BUILT_IN)); "
        "heavy = {'PIL', 'numpy', 'torch', 'pytest', 'transformers'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
