"""Models: what a VLM must answer, and the adapter that makes transformers' models answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Vlm


def load_vlm(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "auto",
    batch: int | None = None,
    images: str = "auto",
    trust_remote_code: bool = False,
) -> Vlm:
    """Load what ``--vlm=NAME`` would: an alias, a hub id[@revision], a folder, or MODEL+ADAPTER.

    Raises:
        UnknownModelError: the name stands for nothing.
        ModelError: it cannot be loaded.
    """
    from .names import parse_name
    from .transformers_vlm import TransformersVlm

    return TransformersVlm.from_name(
        parse_name(name),
        device=device,
        dtype=dtype,
        batch=batch,
        images=images,
        trust_remote_code=trust_remote_code,
    )
