"""What a model says that it projects, and what its LLM is given."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from .engine import ANY, noise
from .recording import PROJECTED, recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from .engine import Engine


def projection(engine: Engine) -> tuple[Tensor, Tensor] | None:
    """(tokens, d) what the LLM is given at image tokens, and what the model says it projects.

    None where the family hands out no projected features, or none at image tokens.
    """
    import torch

    base = engine.model.base_model
    image = getattr(engine.config, "image_token_id", None)
    if image is None or not hasattr(base, "get_image_features"):
        return None
    x = engine.encode([(ANY, [noise()])], primer=None)
    accepted = inspect.signature(base.get_image_features).parameters
    given: list[Tensor] = []

    def keep(_: Any, __: Any, named: Mapping[str, Any]) -> None:
        # Some LLMs add places to it before their first layer.
        if named.get("inputs_embeds") is not None:
            given.append(named["inputs_embeds"])

    handle = engine.model.get_decoder().register_forward_pre_hook(keep, with_kwargs=True)
    try:
        with torch.inference_mode(), recorded(engine.anatomy, [PROJECTED]) as record:
            engine.forward(x)
    finally:
        handle.remove()
    with torch.inference_mode():
        said = base.get_image_features(
            **{key: value for key, value in x.items() if key in accepted}, return_dict=True
        ).pooler_output
    if said is None:
        return None
    heard = given[0] if given else record[PROJECTED]
    heard = heard[(x["input_ids"] == image).to(heard.device)]
    if not len(heard):
        return None
    if engine.family.adds:
        heard = heard - engine.model.get_input_embeddings().weight[image].to(heard.device)
    parts = [said] if isinstance(said, torch.Tensor) else list(said)
    return heard, torch.cat([part.flatten(0, -2).to(heard.device) for part in parts])
