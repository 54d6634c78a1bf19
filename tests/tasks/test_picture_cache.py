from __future__ import annotations

import hashlib
import os
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pytest_vlmsight.tasks import picture_cache
from pytest_vlmsight.tasks.item import Picture
from pytest_vlmsight.tasks.low_level_matching import low_level_matching
from pytest_vlmsight.tasks.picture_cache import cached, default_folder

SIZE = (48, 32)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Paints noise, and notes in a file how often it did."""

    seed: int
    log: Path

    def __call__(self) -> Image.Image:
        with self.log.open("a") as log:
            log.write(f"{self.seed}\n")
        return Image.frombytes("RGB", SIZE, noise(self.seed))


def noise(seed: int) -> bytes:
    return hashlib.shake_128(str(seed).encode()).digest(3 * SIZE[0] * SIZE[1])


def rendered(log: Path) -> list[int]:
    """The seeds of what was rendered since the last call."""
    seeds = [int(line) for line in log.read_text().split()] if log.exists() else []
    log.unlink(missing_ok=True)
    return seeds


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def picture(seed: int, log: Path, *, digest: str | None = None) -> Picture:
    digest = digest or hashlib.sha256(f"noise {seed}".encode()).hexdigest()
    return Picture(digest, SIZE, Renderer(seed, log))


def file_of(folder: Path, kept: Picture) -> Path:
    return folder / "pictures" / kept.digest[:2] / f"{kept.digest}.png"


def test_second_load_reads_the_same_pixels_and_renders_nothing(folder: Path, log: Path) -> None:
    plain = picture(1, log)
    kept = cached(plain, folder)
    assert kept == plain  # the same picture, as far as an item's id goes
    first = kept.load()
    assert rendered(log) == [1]
    second = kept.load()
    assert rendered(log) == []
    assert second is not first
    assert first.tobytes() == second.tobytes() == noise(1)
    assert file_of(folder, kept).read_bytes().startswith(b"\x89PNG")


def test_generated_pictures_have_the_renderers_pixels(folder: Path) -> None:
    [item] = low_level_matching().make_items(1, 0)
    for plain in item.clean_images:
        pixels = plain.load().tobytes()
        kept = cached(plain, folder)
        assert kept.load().tobytes() == pixels
        assert file_of(folder, kept).is_file()
        assert kept.load().tobytes() == pixels


def test_a_loaded_picture_may_be_painted_on(folder: Path, log: Path) -> None:
    kept = cached(picture(1, log), folder)
    for _ in range(2):
        kept.load().paste("red", (0, 0, *SIZE))
    assert kept.load().tobytes() == noise(1)


def test_no_folder_keeps_nothing(log: Path) -> None:
    plain = picture(1, log)
    assert cached(plain, None) is plain


@given(st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_rendered_again(folder: Path, log: Path, data: st.DataObject) -> None:
    kept = cached(picture(1, log), folder)
    path = file_of(folder, kept)
    path.unlink(missing_ok=True)
    kept.load()
    right = path.read_bytes()
    rendered(log)
    at = data.draw(st.integers(0, len(right) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(right[:at])
    else:
        flipped = right[at] ^ data.draw(st.integers(1, 255))
        path.write_bytes(right[:at] + bytes([flipped]) + right[at + 1 :])
    assert kept.load().tobytes() == noise(1)
    again = rendered(log)
    if at < len(right) - 12:  # the last chunk holds no pixels
        assert again == [1]
    if again:
        assert path.read_bytes() == right


@pytest.mark.parametrize(
    "wrong",
    [
        Image.new("RGB", (SIZE[1], SIZE[0])),
        Image.new("RGB", (1, 1)),
        Image.new("L", SIZE),
        Image.new("RGBA", SIZE),
    ],
)
def test_a_file_of_another_size_or_kind_is_replaced(
    folder: Path, log: Path, wrong: Image.Image
) -> None:
    kept = cached(picture(1, log), folder)
    path = file_of(folder, kept)
    path.parent.mkdir(parents=True)
    wrong.save(path)
    assert kept.load().tobytes() == noise(1)
    assert kept.load().tobytes() == noise(1)
    assert rendered(log) == [1]


def test_a_huge_file_in_its_place_is_not_decoded(folder: Path, log: Path) -> None:
    kept = cached(picture(1, log), folder)
    path = file_of(folder, kept)
    path.parent.mkdir(parents=True)
    Image.new("1", (11_000, 11_000)).save(path)
    assert kept.load().tobytes() == noise(1)  # Pillow's warning of a bomb would be an error


@pytest.mark.parametrize("taken", ["cache", "cache/pictures", "cache/pictures/ab"])
def test_a_folder_that_cannot_be_made_does_not_matter(
    tmp_path: Path, folder: Path, log: Path, taken: str
) -> None:
    (tmp_path / taken).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / taken).write_text("a file")
    kept = cached(picture(1, log, digest="ab" * 32), folder)
    assert [kept.load().tobytes() for _ in range(2)] == [noise(1)] * 2
    assert rendered(log) == [1, 1]
    assert (tmp_path / taken).read_text() == "a file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_read(folder: Path, log: Path) -> None:
    one, other = (cached(picture(n, log), folder) for n in (1, 2))
    one.load()
    folders = [folder, folder / "pictures", file_of(folder, one).parent]
    for path in folders:
        path.chmod(0o500)
    try:
        assert one.load().tobytes() == noise(1)
        assert other.load().tobytes() == noise(2)
    finally:
        for path in folders:
            path.chmod(0o700)
    assert rendered(log) == [1, 2]


def test_a_full_disk_leaves_nothing_behind(
    folder: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(bytes(data[:100]))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert cached(picture(1, log), folder).load().tobytes() == noise(1)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_travels_to_workers_which_share_the_folder(folder: Path, log: Path) -> None:
    several = [cached(picture(seed % 4, log), folder) for seed in range(40)]
    same = pickle.loads(pickle.dumps(several[1]))  # noqa: S301 - own bytes
    assert same == several[1]
    with ThreadPoolExecutor(8) as pool:
        pixels = list(pool.map(lambda kept: kept.load().tobytes(), several))
    assert pixels == [noise(seed % 4) for seed in range(40)]
    rendered(log)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        images = list(pool.map(Picture.load, several))
    assert [image.tobytes() for image in images] == pixels
    assert rendered(log) == []
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 4


def pruning(number: int) -> str:
    """A digest whose writing prunes, whatever its size."""
    return f"{number:064x}"


def test_what_was_not_used_for_the_longest_time_is_removed(folder: Path, log: Path) -> None:
    old = [cached(picture(seed, log), folder) for seed in range(6)]
    for age, kept in enumerate(old):
        kept.load()
        moment = 1_000_000_000 - 1000 * age
        os.utime(file_of(folder, kept), (moment, moment))
    size = file_of(folder, old[0]).stat().st_size
    old[5].load()  # read, so the last used now
    new = cached(picture(9, log, digest=pruning(9)), folder, limit=4 * size)
    new.load()
    left = [seed for seed, kept in enumerate(old) if file_of(folder, kept).is_file()]
    assert left == [0, 1, 5]
    assert file_of(folder, new).is_file()
    rendered(log)
    assert old[4].load().tobytes() == noise(4)
    assert rendered(log) == [4]


def test_unfinished_files_are_removed_once_they_are_nobodys(folder: Path, log: Path) -> None:
    one = cached(picture(1, log), folder)
    one.load()
    inside = file_of(folder, one).parent
    abandoned, fresh, foreign = inside / "a.part", inside / "b.part", inside / "notes.txt"
    outside = folder / "pictures" / "mine.png"
    for path in (abandoned, fresh, foreign, outside):
        path.write_text("x")
    for path in (abandoned, foreign, outside):
        os.utime(path, (0, 0))
    cached(picture(2, log, digest=pruning(2)), folder).load()
    assert not abandoned.exists()
    assert all(path.exists() for path in (fresh, foreign, outside, file_of(folder, one)))
    cached(picture(3, log, digest=pruning(3)), folder, limit=0).load()
    assert [path for path in folder.rglob("*.png") if path.is_file()] == [outside]


def test_pruning_comes_after_so_many_bytes_on_average(
    folder: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[int] = []
    monkeypatch.setattr(picture_cache, "_prune", lambda folder, limit: pruned.append(limit))
    one = cached(picture(0, log), folder)
    one.load()
    monkeypatch.setattr(picture_cache, "PRUNE_AFTER", 10 * file_of(folder, one).stat().st_size)
    for seed in range(1, 401):
        cached(picture(seed, log), folder, limit=77).load()
    assert 20 <= len(pruned) <= 60  # 40 expected, and the digests are always the same
    assert set(pruned) == {77}


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"VLMSIGHT_CACHE": "/own", "XDG_CACHE_HOME": "/xdg"}, "/own"),
        ("linux", {"VLMSIGHT_CACHE": "~/own"}, "HOME/own"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/pytest-vlmsight"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, "HOME/.cache/pytest-vlmsight"),
        ("linux", {"VLMSIGHT_CACHE": "", "XDG_CACHE_HOME": ""}, "HOME/.cache/pytest-vlmsight"),
        ("darwin", {}, "HOME/Library/Caches/pytest-vlmsight"),
        ("darwin", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/pytest-vlmsight"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/pytest-vlmsight"),
        ("win32", {}, "HOME/AppData/Local/pytest-vlmsight"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="names folders as POSIX does")
def test_default_folder_is_the_platforms(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    platform: str,
    variables: dict[str, str],
    expected: str,
) -> None:
    for name in ("VLMSIGHT_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert default_folder() == Path(expected.replace("HOME", str(tmp_path)))
    assert list(tmp_path.iterdir()) == []  # nothing is made


def test_default_folder_of_this_run_is_taken_from_where_it_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VLMSIGHT_CACHE", "here")
    assert default_folder() == tmp_path / "here"


def test_no_home_folder_means_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("VLMSIGHT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    assert default_folder() is None
