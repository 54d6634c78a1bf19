"""The public data sets: where they come from, under which licence, and at which revision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A public data set.

    Attributes:
        key: its folder in ``--vlm-data-dir``.
        licence: of the data set, as far as it is known.
        hub: its id on the hub; empty where it is not there.
        revision: the commit that is read; empty where none is known to us. The default branch is
            then read, and the record tells the commit that was found.
        homepage: where people get it who cannot get it from the hub.
        archives: files of its folder, or beside it, that are unpacked where they are there.
        sha256: of files whose content is known, by their paths.
    """

    key: str
    licence: str
    hub: str = ""
    revision: str = ""
    homepage: str = ""
    archives: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Where it comes from, for people."""
        if not self.hub:
            return f"{self.key}, {self.homepage}"
        return f"{self.hub}@{self.revision[:12]}" if self.revision else self.hub

    def command(self, patterns: tuple[str, ...] = (), *, folder: str = "") -> str:
        """What a user types to download it; into a folder, or the hub's cache."""
        if not self.hub:
            return f"download it from {self.homepage}"
        words = ["hf", "download", self.hub, "--repo-type", "dataset"]
        words += ["--revision", self.revision] if self.revision else []
        words += [f"--include '{pattern}'" for pattern in patterns]
        words += ["--local-dir", folder] if folder else []
        return " ".join(words)


DATA_SETS: dict[str, DataSet] = {
    one.key: one
    for one in (
        DataSet(key="BLINK", hub="BLINK-Benchmark/BLINK", licence="apache-2.0"),
        DataSet(
            key="CV-Bench",
            hub="nyu-visionx/CV-Bench",
            revision="bc284db50d036958861cb60cdd7b77612052ce0d",
            licence="apache-2.0",
            sha256={
                "test_2d.parquet": (
                    "33196034ef4bf3265cae4a7ff5c4071b2ff1cc21123e8e285c6a91393897ecbc"
                )
            },
        ),
        DataSet(key="MOCHI", hub="tzler/MOCHI", licence="licence unknown to us: see its page"),
        DataSet(
            key="DA-2K",
            hub="depth-anything/DA-2K",
            revision="528f83c26f02a6a7a11c5a036dfc9ee19907ebd9",
            licence="apache-2.0",
            archives=("DA-2K.zip",),
            sha256={
                "DA-2K.zip": "ff0e48e7cc53273efd1312610e51f1ec87bea0b8a22daf37125fd81246592b81"
            },
        ),
        DataSet(
            key="MMVP", hub="lmms-lab-eval/MMVP", licence="licence unknown to us: see its page"
        ),
        DataSet(key="VisOnlyQA_Eval_Real", hub="ryokamoi/VisOnlyQA_Eval_Real", licence="GPL-3.0"),
        DataSet(key="dtd", hub="tanganke/dtd", licence="licence unknown to us: see its page"),
        DataSet(key="wikiart", hub="huggan/wikiart", licence="licence unknown to us: see its page"),
        DataSet(
            key="SPair-71k",
            homepage="https://cvlab.postech.ac.kr/research/SPair-71k/",
            licence="licence unknown to us: see its page",
            archives=("SPair-71k.tar.gz", "SPair-71k.tar"),
        ),
        DataSet(
            key="hpatches-sequences",
            homepage="https://github.com/hpatches/hpatches-dataset",
            licence="MIT",
            archives=("hpatches-sequences-release.zip", "hpatches-sequences-release.tar.gz"),
        ),
        DataSet(
            key="FunKPoint",
            homepage="its authors, on request",
            licence="as its authors say",
            archives=("FunKPoint.zip", "FunKPoint.tar.gz"),
        ),
    )
}
"""Key → data set.

Revisions and hashes are those that public code names (docs/study.md says where); none was
downloaded by us.
"""
