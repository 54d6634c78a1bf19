"""The names of tasks that are made of public data sets, and nothing heavier than names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A task of a public data set.

    Attributes:
        data: the data set's key in ``data_sets.DATA_SETS``.
        part: which of its parts or tasks; what the loader makes of it.
        loader: module of this package with ``open_source(files, part=…, canvas=…)``.
        readout: what decides the task from encoder features.
        items: how many items the data set is said to have, at most; None where we do not know.
            Those that are left out are told once they are known.
        about: what is asked, in a few words.
        version: changes whenever the items would.
    """

    data: str
    part: str
    loader: str
    readout: str
    items: int | None
    about: str
    version: str = "1"


def _blink(part: str, readout: str, items: int, about: str) -> Entry:
    return Entry(data="BLINK", part=part, loader="blink", readout=readout, items=items, about=about)


def _cv_bench(part: str, readout: str, items: int, about: str) -> Entry:
    return Entry(
        data="CV-Bench", part=part, loader="cv_bench", readout=readout, items=items, about=about
    )


STUDY: dict[str, Entry] = {
    "study/semantic_correspondence": _blink(
        "Semantic_Correspondence", "nearest_patch", 139, "the same part of another object"
    ),
    "study/low_level_matching": _blink(
        "Visual_Correspondence", "nearest_patch", 172, "the same point seen from elsewhere"
    ),
    "study/functional_correspondence": _blink(
        "Functional_Correspondence", "nearest_patch", 130, "the point that serves the same action"
    ),
    "study/art_style": _blink("Art_Style", "gram", 117, "the painting of the same style"),
    "study/relative_depth": _blink("Relative_Depth", "depth", 124, "the closer of two points"),
    "study/object_depth": _cv_bench("Depth", "depth", 600, "the closer of two boxed objects"),
    "study/odd_one_out": Entry(
        data="MOCHI",
        part="all",
        loader="mochi",
        readout="oddity",
        items=2019,
        about="the image of another object",
    ),
    "study/cv_bench_distance": _cv_bench(
        "Distance", "linear", 600, "the object nearer to a third one"
    ),
    "study/cv_bench_relation": _cv_bench(
        "Relation", "none", 650, "where an object is with respect to another"
    ),
    "study/cv_bench_count": _cv_bench("Count", "none", 788, "how many objects there are"),
    "study/mmvp": Entry(
        data="MMVP",
        part="all",
        loader="mmvp",
        readout="none",
        items=300,
        about="what tells two images apart that are alike to CLIP; scored in pairs besides",
    ),
    "study/visonlyqa": Entry(
        data="VisOnlyQA_Eval_Real",
        part="all",
        loader="visonlyqa",
        readout="none",
        items=None,
        about="geometry and charts of scientific figures",
    ),
    "study/texture": Entry(
        data="dtd",
        part="test",
        loader="same_class",
        readout="gram",
        items=1880,
        about="the photograph of the same texture",
    ),
    "study/art_style/wikiart": Entry(
        data="wikiart",
        part="train",
        loader="same_class",
        readout="gram",
        items=None,
        about="the painting of the same style",
    ),
    "study/relative_depth/da-2k": Entry(
        data="DA-2K",
        part="all",
        loader="da_2k",
        readout="depth",
        items=2068,
        about="the closer of two points",
    ),
    "study/semantic_correspondence/spair-71k": Entry(
        data="SPair-71k",
        part="test",
        loader="spair",
        readout="nearest_patch",
        items=12234,
        about="the same keypoint of another object",
    ),
    "study/low_level_matching/hpatches": Entry(
        data="hpatches-sequences",
        part="all",
        loader="hpatches",
        readout="nearest_patch",
        items=1160,
        about="the same point seen from elsewhere",
    ),
    "study/functional_correspondence/funkpoint": Entry(
        data="FunKPoint",
        part="all",
        loader="funkpoint",
        readout="nearest_patch",
        items=None,
        about="the point that serves the same action",
    ),
}
"""Task name → what it is made of. ``study/*`` stands for those with two parts: all of them come
from the hub, and none is large."""
