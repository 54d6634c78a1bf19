"""The table of families in docs/models.md: `vlmsight check` on a tiny checkpoint of each.

Needs the packages that some families' processors need (extra: vision). Families whose packages
are missing are told, and nothing is written unless ``--partial`` says so.

    python benchmarks/family_table.py
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "models.md"
BEGIN, END = "<!-- families: begin -->", "<!-- families: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("families", nargs="*", help="default: all")
    parser.add_argument("--partial", action="store_true", help="leave out what cannot be built")
    parser.add_argument("-o", "--output", type=Path, default=DOCS, help="a file with the markers")
    parsed = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    from families.videos import without_videos
    from tiny_families import FAMILIES, build, missing

    from pytest_vlmsight.models.checking import check_models

    chosen = parsed.families or FAMILIES
    lacking = {family: missing(family) for family in chosen if missing(family)}
    if lacking and not parsed.partial:
        told = "; ".join(f"{family}: {', '.join(names)}" for family, names in lacking.items())
        parser.error(f"packages are missing for {told}")
    with tempfile.TemporaryDirectory() as folder, without_videos():
        names = [family for family in chosen if family not in lacking]
        for family in names:
            build(Path(folder) / family, family)
        os.chdir(folder)
        table = Path(folder) / "table.md"
        check_models([f"./{name}" for name in names], form="summary", output=table)
        text = table.read_text(encoding="utf-8")
    before, _, rest = parsed.output.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    partial = parsed.output.with_suffix(".partial")
    partial.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")
    partial.replace(parsed.output)


if __name__ == "__main__":
    main()
