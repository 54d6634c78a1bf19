"""A stand-in for video processors, which need torchvision even where only pictures are asked."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from unittest import mock

from transformers import processing_utils
from transformers.utils import is_torchvision_available
from transformers.video_processing_utils import VideoProcessorMixin

if TYPE_CHECKING:
    from collections.abc import Iterator


class NoVideos(VideoProcessorMixin):  # type: ignore[misc]
    """Stands where a processor keeps its video processor and takes no videos.

    Args:
        saved: what the folder says of the video processor that belongs there.
    """

    num_frames, fps, merge_size, font = 8, 1, 2, ""

    def __init__(self, saved: dict[str, Any]) -> None:
        super().__init__()
        self._saved = saved

    @classmethod
    def from_pretrained(cls, *_: Any, **__: Any) -> NoVideos:
        return cls({})

    def to_dict(self) -> dict[str, Any]:
        return dict(self._saved)


def video_processor(kind: str, **options: Any) -> Any:
    """The video processor of a class name of transformers, or the stand-in."""
    import transformers

    if not is_torchvision_available():
        return NoVideos({"video_processor_type": kind, **options})
    return getattr(transformers, kind)(**options)


@contextlib.contextmanager
def without_videos() -> Iterator[None]:
    """Make and load processors without their video part where torchvision is absent.

    Without torchvision transformers 5.23 neither constructs nor loads a processor that has one.
    """
    if is_torchvision_available():
        yield
        return
    auto = processing_utils.MODALITY_TO_AUTOPROCESSOR_MAPPING._MAPPING_NAMES
    with (
        mock.patch.object(
            processing_utils.transformers_module,
            "VideoProcessorMixin",
            VideoProcessorMixin,
            create=True,
        ),
        mock.patch.dict(auto, {"video_processor": (__name__, NoVideos.__name__)}),
    ):
        yield
