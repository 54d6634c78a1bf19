"""Small files of public data sets, in the exact form of the real ones, with their traps.

Every function writes one data set into a folder as the hub, or its authors' archive, has it.
Pictures are noise that a hash of their name decides. BLINK's have a corner that says whether the
test's stand-in for the detector (``seen``) is to be certain.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from pytest_vlmsight.tasks.item import Picture, Point

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SIDE = 64

Values = dict[str, list[Any]]


def noise(name: str, *, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """A grey texture that the name decides."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    grey = np.random.default_rng(seed).integers(60, 200, (size[1], size[0]), dtype=np.uint8)
    return Image.fromarray(np.repeat(grey[:, :, None], 3, axis=2))


def png(image: Image.Image) -> bytes:
    """It, encoded."""
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    return data.getvalue()


def cell(image: Image.Image | None, name: str = "image.png") -> dict[str, Any] | None:
    """An image as the hub's tables hold it."""
    return None if image is None else {"bytes": png(image), "path": name}


def write_table(
    path: Path,
    values: Values,
    *,
    pictures: Sequence[str] = (),
    lists: Sequence[str] = (),
    classes: dict[str, list[str]] | None = None,
) -> None:
    """A parquet file with image features as the ``datasets`` library writes them.

    Args:
        path: of the file.
        values: column → values.
        pictures: columns of images.
        lists: columns of lists of images.
        classes: columns of class numbers → the classes' names.
    """
    import pyarrow as pa
    from pyarrow import parquet

    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features: dict[str, Any] = {}
    arrays = {}
    for name, column in values.items():
        if name in pictures:
            arrays[name] = pa.array(column, image)
            features[name] = {"_type": "Image"}
        elif name in lists:
            arrays[name] = pa.array(column, pa.list_(image))
            features[name] = {"feature": {"_type": "Image"}, "_type": "List"}
        else:
            arrays[name] = pa.array(column)
            if classes and name in classes:
                features[name] = {"names": classes[name], "_type": "ClassLabel"}
    table = pa.table(arrays)
    told = json.dumps({"info": {"features": features}})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table.replace_schema_metadata({"huggingface": told}), path)


# BLINK ---------------------------------------------------------------------------------------

POINTS = {"REF": (20.5, 30.5), "A": (10.5, 12.5), "B": (50.5, 12.5), "C": (10.5, 50.5)}
POINTS["D"] = (50.5, 50.5)

CERTAIN, UNCERTAIN = (250, 250, 250), (5, 5, 5)


@dataclass(frozen=True)
class Seen:
    """What the stand-in for the detector says."""

    labels: tuple[str, ...]
    reason: str

    @property
    def certain(self) -> bool:
        return not self.reason

    def points(self, *, image: int) -> tuple[Point, ...]:
        assert self.certain
        return tuple(
            Point(image=image, x=POINTS[label][0], y=POINTS[label][1], label=label)
            for label in self.labels
        )


def seen(picture: Picture, *, labels: Sequence[str]) -> Seen:
    """A stand-in for the detector, which a corner of the picture tells what to say."""
    corner = picture.load().getpixel((0, 0))
    return Seen(tuple(labels), "" if corner == CERTAIN else "one ring is missing")


BLINK_IMAGES = {
    "Art_Style": 3,
    "Functional_Correspondence": 2,
    "Relative_Depth": 1,
    "Semantic_Correspondence": 2,
    "Visual_Correspondence": 2,
}
_BLINK_CHOICES = {
    "Art_Style": ["the second image", "the third image"],
    "Relative_Depth": ["A is closer", "B is closer"],
}


def blink_rows(part: str, *, n: int = 8, uncertain: Sequence[int] = (2,)) -> Values:
    """Rows of a part; the markers of some are not certain."""
    options = _BLINK_CHOICES.get(part, [f"Point {letter}" for letter in "ABCD"])
    listed = "\n".join(f"({letter}) {text}" for letter, text in zip("ABCD", options, strict=False))
    rows: Values = {}
    for i in range(n):
        images = []
        for k in range(4):
            image = noise(f"{part} {i} {k}") if k < BLINK_IMAGES[part] else None
            if image is not None:
                image.putpixel((0, 0), UNCERTAIN if i in uncertain else CERTAIN)
            images.append(cell(image))
        row = {
            "idx": f"val_{part}_{i + 1}",
            "question": "Which one is it?",
            **{f"image_{k + 1}": image for k, image in enumerate(images)},
            "choices": options,
            # The hub has "(A)"; the original files have "A".
            "answer": f"({'ABCD'[i % len(options)]})" if i % 3 else "ABCD"[i % len(options)],
            "prompt": f"This is part {part}. Which one is it? Select from these.\n{listed}",
            "explanation": "",
            "sub_task": part,
        }
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    return rows


def write_blink(folder: Path, *, parts: Sequence[str] = tuple(BLINK_IMAGES)) -> None:
    """Both splits of some parts: the answers of test are hidden."""
    pictures = [f"image_{k}" for k in range(1, 5)]
    for part in parts:
        write_table(
            folder / part / "val-00000-of-00001.parquet", blink_rows(part), pictures=pictures
        )
        hidden = blink_rows(part, n=2) | {"answer": ["hidden"] * 2}
        write_table(folder / part / "test-00000-of-00001.parquet", hidden, pictures=pictures)


# CV-Bench ------------------------------------------------------------------------------------

_COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 255, 0)}

BOXES = {
    "red": (6.4, 8.2, 24.1, 26.7),
    "blue": (36.3, 7.6, 58.8, 28.4),
    "green": (20.2, 38.1, 44.7, 58.9),
}


def boxed(name: str, colours: Sequence[str]) -> Image.Image:
    """Noise with boxes drawn on it."""
    image = noise(name)
    draw = ImageDraw.Draw(image)
    for colour in colours:
        draw.rectangle([round(v) for v in BOXES[colour]], outline=_COLOURS[colour], width=2)
    return image


def depth_row(i: int) -> dict[str, Any]:
    question = (
        "Which object is closer to the camera taking this photo, the night stand (highlighted by "
        "a red box) or the books (highlighted by a blue box)?"
    )
    colours = ("red", "blue")
    # The order of the boxes says nothing of their colours, nor does one undrawn box make two.
    order = colours if i % 2 else colours[::-1]
    drawn = colours if i != 3 else ("red",)
    return {
        "task": "Depth",
        "image": cell(boxed(f"depth {i}", drawn)),
        "question": question,
        "choices": ["night stand", "books"],
        "bbox": [list(BOXES[colour]) for colour in order],
    }


def _distance(i: int) -> dict[str, Any]:
    question = (
        "Estimate the real-world distances between objects in this image. Which object is closer "
        "to the lamp (highlighted by a red box), the lamp (highlighted by a blue box) or the table "
        "(highlighted by a green box)?"
    )
    return {
        "task": "Distance",
        "image": cell(boxed(f"distance {i}", tuple(_COLOURS))),
        "question": question,
        "choices": ["lamp", "table"],
        "bbox": [list(BOXES[colour]) for colour in ("blue", "green", "red")],
    }


def _relation(i: int) -> dict[str, Any]:
    return {
        "task": "Relation",
        "image": cell(noise(f"relation {i}")),
        "question": "Where is the wall located with respect to the side table?",
        "choices": ["left", "right"],
        "bbox": [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]],
    }


def _count(i: int) -> dict[str, Any]:
    return {
        "task": "Count",
        "image": cell(noise(f"count {i}")),
        "question": "How many organs are in the image?",
        "choices": ["3", "2", "1", "0"],
        "bbox": None,
    }


def cv_bench_rows(*makes: Callable[[int], dict[str, Any]], n: int = 8) -> Values:
    rows: Values = {}
    for make in makes:
        for i in range(n):
            row = {
                "idx": len(rows.get("idx", [])),
                "type": "2D" if make in (_relation, _count) else "3D",
                **make(i),
                "answer": f"({'AB'[i % 2]})",
                "prompt": "unused",
                "filename": "unused.png",
                "source": "Omni3D",
            }
            for name, value in row.items():
                rows.setdefault(name, []).append(value)
    return rows


def write_cv_bench(folder: Path) -> None:
    """Both tables."""
    write_table(folder / "test_2d.parquet", cv_bench_rows(_relation, _count), pictures=["image"])
    write_table(folder / "test_3d.parquet", cv_bench_rows(depth_row, _distance), pictures=["image"])


# Others of the hub -----------------------------------------------------------------------------


def mochi_rows(n: int = 8) -> Values:
    """Trials of all families: barense has four images, and hvm is called majaj."""
    rows: Values = {}
    for i in range(n):
        family = ("barense", "shapenet", "shapegen", "majaj")[i % 4]
        count = 4 if family == "barense" else 3
        row = {
            "dataset": family,
            "condition": f"condition {i % 2}",
            "trial": f"{family}{i}",
            "n_objects": count,
            "oddity_index": i % count,
            "images": [cell(noise(f"mochi {i} {k}")) for k in range(count)],
            "n_subjects": 15,
            "human_avg": 0.5,
            "RT_avg": 4324.7,
            "DINOv2G_avg": 1.0,
        }
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    return rows


def write_mochi(folder: Path) -> None:
    """In two parts."""
    rows = mochi_rows()
    for part, some in enumerate((slice(0, 5), slice(5, 8))):
        write_table(
            folder / "data" / f"train-{part:05}-of-00002.parquet",
            {name: column[some] for name, column in rows.items()},
            lists=["images"],
        )


def mmvp_rows(n: int = 8) -> Values:
    """Pairs of opposite answers."""
    return {
        "Index": list(range(1, n + 1)),
        "Question": [f"Question {i // 2}?" for i in range(n)],
        "Options": ["(a) Yes, it is (b) No (not at all)"] * n,
        "Correct Answer": ["(a)" if i % 2 else "(b)" for i in range(n)],
        "image": [cell(noise(f"mmvp {i}")) for i in range(n)],
    }


def write_mmvp(folder: Path) -> None:
    """Its only split."""
    path = folder / "data" / "train-00000-of-00001.parquet"
    write_table(path, mmvp_rows(), pictures=["image"])


def write_visonlyqa(folder: Path) -> None:
    """Two splits: one of true and false, one whose options stand in the question."""
    for task, question, answers, options in (
        ("geometry__triangle", "Is there a triangle ADP?", ["True", "False"], ["True", "False"]),
        ("geometry__angle", "What angle? (a) 30 (b) 45 (c) 60", ["c", "a"], ["a", "b", "c"]),
    ):
        rows: Values = {
            "id": [f"{task}_{i}" for i in range(4)],
            "question": [question] * 4,
            "prompt_no_reasoning": ["unused"] * 4,
            "answer": [answers[i % 2] for i in range(4)],
            "response_options": [options] * 4,
            "decoded_image": [cell(noise(f"{task} {i}")) for i in range(4)],
        }
        path = folder / "data" / f"{task}-00000-of-00001.parquet"
        write_table(path, rows, pictures=["decoded_image"])


def write_dtd(folder: Path) -> None:
    """Both splits, their classes as numbers with names."""
    for split in ("train", "test"):
        rows: Values = {
            "image": [cell(noise(f"dtd {split} {i}")) for i in range(8)],
            "label": [i % 3 for i in range(8)],
        }
        write_table(
            folder / "data" / f"{split}-00000-of-00001.parquet",
            rows,
            pictures=["image"],
            classes={"label": ["banded", "blotchy", "braided"]},
        )


def write_wikiart(folder: Path) -> None:
    """The first of many parts."""
    rows: Values = {
        "image": [cell(noise(f"wikiart {i}")) for i in range(12)],
        "artist": [i % 6 for i in range(12)],
        "genre": [0] * 12,
        "style": [i // 4 for i in range(12)],
    }
    write_table(
        folder / "data" / "train-00000-of-00072.parquet",
        rows,
        pictures=["image"],
        classes={"style": ["Baroque", "Cubism", "Realism"]},
    )


# Archives --------------------------------------------------------------------------------------


def da_2k_record() -> dict[str, list[dict[str, Any]]]:
    """Two pairs an image, rows before columns, and point1 always the closer."""
    return {
        f"images/{kind}/{i}.png": [
            {"point1": [10, 40 + i], "point2": [50, 20 + i], "closer_point": "point1"},
            {"point1": [50, 5 + i], "point2": [20, 10 + i], "closer_point": "point1"},
        ]
        for kind in ("indoor", "underwater")
        for i in range(3)
    }


def write_da_2k(folder: Path) -> None:
    """An archive, as on the hub, with what macOS adds to one."""
    record = da_2k_record()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "DA-2K.zip", "w") as archive:
        archive.writestr("DA-2K/annotations.json", json.dumps(record))
        archive.writestr("__MACOSX/DA-2K/._annotations.json", b"\0")
        for name in record:
            archive.writestr(f"DA-2K/{name}", png(noise(name)))


def spair_pair(i: int, *, points: int = 5) -> dict[str, Any]:
    """A pair of images that share some keypoints."""
    places = [[8, 8], [56, 8], [8, 56], [56, 56], [32, 32]][:points]
    return {
        "src_imname": f"{i}.jpg",
        "trg_imname": f"{i + 1}.jpg",
        "src_imsize": [SIDE, SIDE, 3],
        "trg_imsize": [SIDE, SIDE, 3],
        "src_bndbox": [1, 1, 60, 60],
        "trg_bndbox": [1, 1, 60, 60],
        "src_kps": [[x / 2, y] for x, y in places],
        "trg_kps": places,
        "kps_ids": [str(k) for k in range(points)],
        "viewpoint_variation": i % 3,
    }


def write_spair(folder: Path) -> None:
    """A compressed tar; the third pair shares too few keypoints."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "SPair-71k.tar.gz", "w:gz") as archive:

        def add(name: str, data: bytes) -> None:
            info = tarfile.TarInfo(f"SPair-71k/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

        for i in range(7):
            jpeg = io.BytesIO()
            noise(f"spair {i}").save(jpeg, "JPEG")
            add(f"JPEGImages/cat/{i}.jpg", jpeg.getvalue())
        for i in range(6):
            pair = spair_pair(i, points=3 if i == 2 else 5)
            add(f"PairAnnotation/test/{i:06}-a-b:cat.json", json.dumps(pair).encode())
        add("PairAnnotation/trn/000000-a-b:cat.json", b"no pair of the test split")


def write_hpatches(folder: Path) -> None:
    """One sequence of each kind, whose images are moved by so many px."""
    for name in ("i_wall", "v_wall"):
        sequence = folder / "hpatches-sequences" / name
        sequence.mkdir(parents=True)
        scene = noise(name, size=(120, 100))
        for k in range(1, 7):
            step = 2 * (k - 1) if name.startswith("v") else 0
            scene.crop((step, 0, step + 96, 80)).save(sequence / f"{k}.ppm")
            if k > 1:
                text = f"1 0 {-step}\n0 1 0\n0 0 1\n"
                (sequence / f"H_1_{k}").write_text(text, encoding="utf-8")


def write_funkpoint(folder: Path) -> None:
    """Two actions, each with objects of two kinds."""
    axes = [f"p{k}_{axis}" for k in range(1, 6) for axis in "xy"]
    places = [0.125, 0.125, 0.875, 0.125, 0.125, 0.875, 0.875, 0.875, 0.5, 0.5]
    for action in ("pour", "cut_with"):
        base = folder / "FunKPoint" / action
        (base / "images").mkdir(parents=True)
        with (base / "references.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["action", "object_category", "source_image_path", *axes])
            for i in range(4):
                noise(f"{action} {i}").save(base / "images" / f"{i}.png")
                writer.writerow([action, f"kind {i % 2}", f"images/{i}.png", *places])


ON_HUB: dict[str, Callable[[Path], None]] = {
    "BLINK": write_blink,
    "CV-Bench": write_cv_bench,
    "MOCHI": write_mochi,
    "MMVP": write_mmvp,
    "VisOnlyQA_Eval_Real": write_visonlyqa,
    "dtd": write_dtd,
    "wikiart": write_wikiart,
    "DA-2K": write_da_2k,
}
"""Key of a data set → what writes its files as the hub has them."""

OF_USER: dict[str, Callable[[Path], None]] = {
    "SPair-71k": write_spair,
    "hpatches-sequences": write_hpatches,
    "FunKPoint": write_funkpoint,
}
"""Those that are not on the hub → what writes them into a user's folder of data."""
