"""How often the markers burned into a picture are found, and found rightly.

Markers are drawn on real photographs and paintings (the task folders that are not part of the
repository) in the style of BLINK's: a red circle round the point, its label beside it. Half are
drawn with OpenCV and its stroke font, half with Pillow and fonts that the machine has; sizes,
line widths, colours of labels, their places, JPEG qualities and picture sizes vary. The drawing
shares no code with what finds the markers. Pictures are of six kinds:

plain     points anywhere, apart
border    one point or more near the border, circles or labels cut by it
crowded   points so close that circles or labels overlap
red       red discs, rings, letters and blobs on the picture
decoy     white letters on the picture that are no labels
faulty    no markers, one left out, one label left out, or one label there twice

    python -m pip install 'opencv-python-headless<5'
    OMP_NUM_THREADS=1 python benchmarks/burned_markers.py
    OMP_NUM_THREADS=1 python benchmarks/burned_markers.py --split calibration --keep FOLDER

Thresholds are set on the split ``calibration`` (every second photograph, seeds of its own); what
is reported is the split ``reported``. A point that is accepted is right where it lies within
3 px of the point that was drawn under its label; one whose label was drawn nowhere, or twice, is
wrong. Intervals are Clopper and Pearson's, 95 %. ``--keep`` writes the pictures that were refused
or wrong, to be looked at.
"""

from __future__ import annotations

import argparse
import io
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import binomtest

from pytest_vlmsight.tasks.study.burned_markers import Found, found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator

KINDS = ("plain", "border", "crowded", "red", "decoy", "faulty")
LABEL_SETS = (("REF",), ("A", "B"), ("A", "B", "C", "D"))
WITHIN = 3.0
"""Pixels between a point and where it is found that count as right."""

PACKS = Path(__file__).parents[2] / "shared" / "data" / "packs"
Pixels = NDArray[np.uint8]
Mark = tuple[str, tuple[int, int]]
"""A label, or none, and where its circle is."""

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the markers of one picture are drawn.

    Attributes:
        painter: ``opencv`` or ``pillow``.
        font: a file for Pillow, or empty for its own font.
        radius: of circles, in px.
        line: width of their lines, in px.
        letter: font size (Pillow) or scale times 30 (OpenCV), in px.
        ink: colour of labels.
        box: whether labels stand on a black box.
        place: from a point to the middle of its label, in units of what they take up.
        kept_inside: whether labels are moved to stay inside the picture.
        quality: of the JPEG file.
    """

    painter: str
    font: str
    radius: int
    line: int
    letter: int
    ink: tuple[int, int, int]
    box: bool
    place: tuple[float, float]
    kept_inside: bool
    quality: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture with markers, and the truth about them.

    Attributes:
        points: by label, in px, the middle of the first pixel being .5; only those whose circle
            is there, and whose label is not there twice.
    """

    image: Image.Image
    points: dict[str, tuple[float, float]]
    style: Style
    kind: str


def fonts() -> list[str]:
    """Font files of this machine that look like what people draw labels with."""
    folders = (Path("/usr/share/fonts"), Path("/Library/Fonts"), Path("C:/Windows/Fonts"))
    wanted = (
        "DejaVuSans.ttf",
        "DejaVuSans-Bold.ttf",
        "LiberationSans-Regular.ttf",
        "LiberationSans-Bold.ttf",
        "LiberationSerif-Regular.ttf",
        "Arial.ttf",
    )
    there = [str(p) for f in folders if f.is_dir() for p in f.rglob("*.ttf") if p.name in wanted]
    return ["", *sorted(there)]


def style_of(rng: Generator, longer: int) -> Style:
    """A style for a picture whose longer side is ``longer`` px."""
    radius = max(5, round(longer * rng.uniform(0.008, 0.02)))
    painter = "opencv" if rng.random() < 0.5 else "pillow"
    colours = [WHITE, WHITE, WHITE, WHITE, BLACK, RED]
    box = bool(rng.random() < 0.4)
    known = fonts()
    places = [(1, 0), (0, -1), (1, -1), (-1, 0), (0, 1)]
    return Style(
        painter=painter,
        font=known[rng.integers(len(known))],
        radius=radius,
        line=max(2, round(radius * rng.uniform(0.18, 0.42))),
        letter=max(15, round(radius * rng.uniform(2.0, 3.5))),
        ink=WHITE if box else colours[rng.integers(len(colours))],
        box=box,
        place=places[rng.choice(len(places), p=(0.35, 0.3, 0.2, 0.1, 0.05))],
        kept_inside=bool(rng.random() < 0.5),
        quality=int(rng.integers(75, 96)),
    )


def points_of(
    rng: Generator, size: tuple[int, int], n: int, *, kind: str, style: Style
) -> list[tuple[int, int]]:
    """Whole pixels, as a program that draws is given them."""
    reach = style.radius * 2 + style.letter
    points: list[tuple[int, int]] = []
    while len(points) < n:
        margin = 2 if kind == "border" and len(points) < (n + 1) // 2 else style.radius * 2
        x, y = (int(rng.integers(margin, side - margin)) for side in size)
        if kind == "border" and not points:
            edge = int(rng.integers(4))
            depth = int(rng.integers(2, 2 * style.radius))
            x = (depth, size[0] - 1 - depth, x, x)[edge]
            y = (y, y, depth, size[1] - 1 - depth)[edge]
        if kind == "crowded" and points:
            turn = rng.uniform(0, 2 * np.pi)
            away = rng.uniform(1.2, 1.2 + 1.5 * style.letter / style.radius) * style.radius
            x = round(points[-1][0] + away * np.cos(turn))
            y = round(points[-1][1] + away * np.sin(turn))
            x, y = (int(np.clip(v, 3, s - 4)) for v, s in zip((x, y), size, strict=True))
        apart = style.radius if kind == "crowded" else reach * 1.3
        if kind != "crowded" and len(points) * reach * 3 > min(size):
            apart = reach * 0.8
        if all(np.hypot(x - a, y - b) > apart for a, b in points):
            points.append((x, y))
    return points


def label_box(
    point: tuple[int, int], taken: tuple[int, int], size: tuple[int, int], style: Style
) -> tuple[int, int]:
    """Left and top of a label that takes up ``taken`` px."""
    gap = style.radius + style.line + 2
    x = point[0] + style.place[0] * (gap + taken[0] / 2) - taken[0] / 2
    y = point[1] + style.place[1] * (gap + taken[1] / 2) - taken[1] / 2
    if style.kept_inside:
        x, y = (
            float(np.clip(v, 1, s - t - 1)) for v, s, t in zip((x, y), size, taken, strict=True)
        )
    return round(x), round(y)


def paint_opencv(pixels: Pixels, marks: Sequence[Mark], style: Style) -> Pixels:
    import cv2

    size = (pixels.shape[1], pixels.shape[0])
    scale = style.letter / 30
    thick = max(1, round(scale * 1.6))
    face = cv2.FONT_HERSHEY_SIMPLEX
    for label, point in marks:
        cv2.circle(pixels, point, style.radius, RED, style.line)
        if not label:
            continue
        (width, height), _ = cv2.getTextSize(label, face, scale, thick)
        left, top = label_box(point, (width, height), size, style)
        if style.box:
            cv2.rectangle(
                pixels, (left - 2, top - 2), (left + width + 2, top + height + 2), BLACK, -1
            )
        cv2.putText(pixels, label, (left, top + height), face, scale, style.ink, thick)
    return pixels


def paint_pillow(pixels: Pixels, marks: Sequence[Mark], style: Style) -> Pixels:
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    own = ImageFont.load_default(style.letter)
    font = ImageFont.truetype(style.font, style.letter) if style.font else own
    for label, (x, y) in marks:
        r = style.radius + style.line // 2
        draw.ellipse((x - r, y - r, x + r, y + r), outline=RED, width=style.line)
        if not label:
            continue
        ink = draw.textbbox((0, 0), label, font=font)
        taken = (round(ink[2] - ink[0]), round(ink[3] - ink[1]))
        left, top = label_box((x, y), taken, image.size, style)
        if style.box:
            draw.rectangle((left - 2, top - 2, left + taken[0] + 2, top + taken[1] + 2), fill=BLACK)
        draw.text((left - ink[0], top - ink[1]), label, fill=style.ink, font=font)
    return np.asarray(image)


def distract(rng: Generator, image: Image.Image, style: Style, *, letters: bool) -> None:
    """Red things, or white letters, that mark no point."""
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 4))):
        x, y = (float(rng.uniform(0.05, 0.95) * side) for side in image.size)
        r = style.radius * rng.uniform(0.6, 4)
        shade = tuple(
            int(v) for v in (rng.integers(150, 256), rng.integers(0, 60), rng.integers(0, 60))
        )
        if letters:
            font = ImageFont.load_default(style.letter)
            draw.text((x, y), "ABCDREF"[int(rng.integers(7))], fill=WHITE, font=font)
            continue
        what = int(rng.integers(5))
        if what == 0:
            draw.ellipse((x - r, y - r, x + r, y + r), fill=shade)
        elif what == 1:
            draw.rectangle((x - r, y - r / 2, x + r, y + r), fill=shade)
        elif what == 2:
            draw.rectangle((x - r, y - r, x + r, y + r), outline=shade, width=style.line)
        elif what == 3:
            draw.ellipse((x - r, y - r / 2, x + r, y + r / 2), outline=shade, width=style.line)
        else:
            font = ImageFont.load_default(max(12, 2 * r))
            draw.text((x, y), "BDOQ"[int(rng.integers(4))], fill=shade, font=font)


def with_fault(rng: Generator, marks: list[Mark]) -> tuple[list[Mark], dict[str, tuple[int, int]]]:
    """What is drawn, and which of the points can be told from it."""
    fault = int(rng.integers(4 if len(marks) > 1 else 3))
    which = int(rng.integers(len(marks)))
    point = marks[which][1]
    others = marks[:which] + marks[which + 1 :]
    if fault == 0:
        return [], {}
    if fault == 1:
        return others, dict(others)
    if fault == 2:
        return [*others, ("", point)], dict(marks)
    twice = others[int(rng.integers(len(others)))][0]
    return [*others, (twice, point)], {k: v for k, v in others if k != twice}


def drawn(rng: Generator, photograph: Image.Image, labels: Sequence[str], *, kind: str) -> Drawn:
    """A photograph with markers, as it is after being saved as a JPEG file."""
    longer = int(rng.integers(300, 900))
    scale = longer / max(photograph.size)
    width, height = (max(200, round(side * scale)) for side in photograph.size)
    image = photograph.resize((width, height), Image.Resampling.BICUBIC)
    style = style_of(rng, longer)
    if kind in ("red", "decoy"):
        distract(rng, image, style, letters=kind == "decoy")
    places = points_of(rng, image.size, len(labels), kind=kind, style=style)
    marks = list(zip(labels, places, strict=True))
    points = dict(marks)
    if kind == "faulty":
        marks, points = with_fault(rng, marks)
    paint = paint_opencv if style.painter == "opencv" else paint_pillow
    pixels = paint(np.array(image), marks, style)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=style.quality)
    # A drawn pixel's middle lies half a pixel from its edge.
    truth = {label: (x + 0.5, y + 0.5) for label, (x, y) in points.items()}
    return Drawn(image=Image.open(file).convert("RGB"), points=truth, style=style, kind=kind)


def photographs(packs: Path, split: str) -> list[Path]:
    """Every second photograph; paintings and textures of 256 px as well as larger ones."""
    files = sorted(packs.glob("*/images/*.jpg"))
    if not files:
        raise SystemExit(f"no photographs under {packs}: set VLMSIGHT_PACKS to the task folders")
    large = [f for f in files if f.parent.parent.name in ("low_level_matching", "relative_depth")]
    # Views of one scene stay in one split.
    scenes = sorted({f.name.split("-")[0].split(".")[0] for f in large})
    half = int(split == "reported")
    chosen = [f for f in large if scenes.index(f.name.split("-")[0].split(".")[0]) % 2 == half]
    small = [f for f in files if f not in large][half::2]
    return chosen * 4 + small


def pictures(packs: Path, split: str, n: int, labels: Sequence[str]) -> Iterator[Drawn]:
    """The same for the same arguments."""
    files = photographs(packs, split)
    for number in range(n):
        seed = (("calibration", "reported").index(split), len(labels), number)
        rng = np.random.default_rng(seed)
        file = files[int(rng.integers(len(files)))]
        kind = KINDS[number % len(KINDS)]
        photograph = Image.open(file).convert("RGB")
        yield drawn(rng, photograph, labels, kind=kind)


@dataclass(slots=True)
class Tally:
    """What came of some pictures."""

    pictures: int = 0
    accepted: int = 0
    points: int = 0
    right: int = 0

    def row(self, *name: str) -> str:
        """A line of the table."""
        cells = [*name, _with_interval(self.accepted, self.pictures)]
        cells += [_with_interval(self.right, self.points) if self.points else "none accepted"]
        return "| " + " | ".join(cells) + " |"


def _with_interval(k: int, n: int) -> str:
    low, high = binomtest(k, n).proportion_ci(0.95, method="exact")
    return f"{100 * k / n:.1f} [{100 * low:.1f}, {100 * high:.1f}], {k} of {n}"


def judged(one: Drawn, markers: Found) -> int:
    """How many of the points of an accepted picture are right."""
    right = 0
    for point in markers.points(image=0):
        truth = one.points.get(point.label)
        if truth is not None and np.hypot(point.x - truth[0], point.y - truth[1]) <= WITHIN:
            right += 1
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("reported", "calibration"), default="reported")
    parser.add_argument("--points", type=int, default=800, help="points of each set of labels")
    parser.add_argument("--labels", help="one set of labels, such as A,B (all sets)")
    parser.add_argument("--keep", type=Path, help="folder for pictures refused or wrong")
    parsed = parser.parse_args()
    packs = Path(os.environ.get("VLMSIGHT_PACKS", PACKS))
    print("| labels | pictures | accepted, % | accepted points that are right, % |")
    print("| --- | --- | --- | --- |", flush=True)
    whys: Counter[str] = Counter()
    for labels in [tuple(parsed.labels.split(","))] if parsed.labels else LABEL_SETS:
        tallies: defaultdict[str, Tally] = defaultdict(Tally)
        n = parsed.points // len(labels)
        for number, one in enumerate(pictures(packs, parsed.split, n, labels)):
            markers = found(one.image, labels=labels)
            right = judged(one, markers) if markers.certain else 0
            look = one.style.painter if one.style.painter == "opencv" else "pillow"
            serif = look == "pillow" and "Serif" in one.style.font
            letters = f"letters: {'serif' if serif else look}"
            ink = (
                "box"
                if one.style.box
                else {WHITE: "white", BLACK: "black", RED: "red"}[one.style.ink]
            )
            for name in ("all", one.kind, letters, f"ink: {ink}"):
                tally = tallies[name]
                tally.pictures += 1
                if markers.certain:
                    tally.accepted += 1
                    tally.points += len(labels)
                    tally.right += right
            if not markers.certain:
                whys[markers.reason.split(": ", 1)[1].split(":")[0]] += 1
            if parsed.keep and not (markers.certain and right == len(labels)):
                parsed.keep.mkdir(parents=True, exist_ok=True)
                state = "wrong" if markers.certain else "refused"
                one.image.save(parsed.keep / f"{'-'.join(labels)}-{number}-{one.kind}-{state}.png")
        for name in ("all", *KINDS, *sorted(k for k in tallies if ":" in k)):
            print(tallies[name].row(" ".join(labels), name), flush=True)
    print("\nWhy pictures are refused:")
    for why, count in whys.most_common():
        print(f"{count:5} {why}")


if __name__ == "__main__":
    main()
