"""The names that people say for models, and what is known of each without loading it."""

from __future__ import annotations

from dataclasses import dataclass

from .families import ONE_IMAGE, family_of

PARTS = ("encoder", "projector", "LLM")
"""Parts of a model whose tokens can have a place in the picture."""

_MAPS = {
    "blip-2": PARTS[:1],
    "chameleon": (),
    "deepseek_vl_hybrid": PARTS[:1],
    "fast_vlm": (),
    "idefics2": PARTS[:1],
    "instructblip": PARTS[:1],
    "mllama": PARTS[:1],
}
"""Families in which some part has no spatial map, as measured on tiny checkpoints of them."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name, and the model that it means.

    Attributes:
        name: what is typed.
        hub_id: of the checkpoint that transformers loads.
        family: its ``model_type``.
        encoder: in words: name, size / patch side, side of the picture in px where it is fixed.
    """

    name: str
    hub_id: str
    family: str
    encoder: str

    @property
    def images(self) -> str:
        """Images in one prompt: "several", or "1" where several are put side by side in one."""
        one = family_of(self.family).one_image
        return "1" if one or ONE_IMAGE.search(self.hub_id) else "several"

    @property
    def maps(self) -> tuple[str, ...]:
        """The parts whose tokens have a place in the picture."""
        return _MAPS.get(self.family, PARTS)


_CLIP = "CLIP ViT-L/14 336"
_SIGLIP = "SigLIP so400m/14 384"
_PIXTRAL = "Pixtral ViT/14"
_QWEN2, _QWEN2_5, _QWEN3 = "Qwen2-VL ViT/14", "Qwen2.5-VL ViT/14", "Qwen3-VL ViT/16"
_INTERN, _INTERN_6B = "InternViT-300M/14 448", "InternViT-6B/14 448"
_NAFLEX = "SigLIP 2 NaFlex so400m/16"
_EVA = "EVA-CLIP ViT-g/14 224"

TABLE = (
    Alias("llava-1.5", "llava-hf/llava-1.5-7b-hf", "llava", _CLIP),
    Alias("llava-1.5-7b", "llava-hf/llava-1.5-7b-hf", "llava", _CLIP),
    Alias("llava-1.5-13b", "llava-hf/llava-1.5-13b-hf", "llava", _CLIP),
    Alias("bakllava", "llava-hf/bakLlava-v1-hf", "llava", _CLIP),
    Alias("llava-interleave-0.5b", "llava-hf/llava-interleave-qwen-0.5b-hf", "llava", _SIGLIP),
    Alias("llava-interleave-7b", "llava-hf/llava-interleave-qwen-7b-hf", "llava", _SIGLIP),
    Alias("pixtral-12b", "mistral-community/pixtral-12b", "llava", "Pixtral ViT/16"),
    Alias("llava-1.6", "llava-hf/llava-v1.6-mistral-7b-hf", "llava_next", _CLIP),
    Alias("llava-1.6-mistral-7b", "llava-hf/llava-v1.6-mistral-7b-hf", "llava_next", _CLIP),
    Alias("llava-1.6-vicuna-7b", "llava-hf/llava-v1.6-vicuna-7b-hf", "llava_next", _CLIP),
    Alias("llava-1.6-vicuna-13b", "llava-hf/llava-v1.6-vicuna-13b-hf", "llava_next", _CLIP),
    Alias("llava-1.6-34b", "llava-hf/llava-v1.6-34b-hf", "llava_next", _CLIP),
    Alias("llava-next-llama3-8b", "llava-hf/llama3-llava-next-8b-hf", "llava_next", _CLIP),
    Alias("granite-vision-3.2-2b", "ibm-granite/granite-vision-3.2-2b", "llava_next", _SIGLIP),
    Alias("granite-vision-3.3-2b", "ibm-granite/granite-vision-3.3-2b", "llava_next", _SIGLIP),
    Alias(
        "llava-onevision-0.5b",
        "llava-hf/llava-onevision-qwen2-0.5b-ov-hf",
        "llava_onevision",
        _SIGLIP,
    ),
    Alias(
        "llava-onevision-7b", "llava-hf/llava-onevision-qwen2-7b-ov-hf", "llava_onevision", _SIGLIP
    ),
    Alias(
        "llava-onevision-72b",
        "llava-hf/llava-onevision-qwen2-72b-ov-hf",
        "llava_onevision",
        _SIGLIP,
    ),
    Alias("vipllava-7b", "llava-hf/vip-llava-7b-hf", "vipllava", _CLIP),
    Alias("vipllava-13b", "llava-hf/vip-llava-13b-hf", "vipllava", _CLIP),
    Alias(
        "video-llava-7b", "LanguageBind/Video-LLaVA-7B-hf", "video_llava", "LanguageBind ViT-L/14"
    ),
    Alias("qwen2-vl-2b", "Qwen/Qwen2-VL-2B-Instruct", "qwen2_vl", _QWEN2),
    Alias("qwen2-vl-7b", "Qwen/Qwen2-VL-7B-Instruct", "qwen2_vl", _QWEN2),
    Alias("qwen2-vl-72b", "Qwen/Qwen2-VL-72B-Instruct", "qwen2_vl", _QWEN2),
    Alias("qwen2.5-vl-3b", "Qwen/Qwen2.5-VL-3B-Instruct", "qwen2_5_vl", _QWEN2_5),
    Alias("qwen2.5-vl-7b", "Qwen/Qwen2.5-VL-7B-Instruct", "qwen2_5_vl", _QWEN2_5),
    Alias("qwen2.5-vl-32b", "Qwen/Qwen2.5-VL-32B-Instruct", "qwen2_5_vl", _QWEN2_5),
    Alias("qwen2.5-vl-72b", "Qwen/Qwen2.5-VL-72B-Instruct", "qwen2_5_vl", _QWEN2_5),
    Alias("qwen3-vl-2b", "Qwen/Qwen3-VL-2B-Instruct", "qwen3_vl", _QWEN3),
    Alias("qwen3-vl-4b", "Qwen/Qwen3-VL-4B-Instruct", "qwen3_vl", _QWEN3),
    Alias("qwen3-vl-8b", "Qwen/Qwen3-VL-8B-Instruct", "qwen3_vl", _QWEN3),
    Alias("qwen3-vl-32b", "Qwen/Qwen3-VL-32B-Instruct", "qwen3_vl", _QWEN3),
    Alias("qwen3-vl-30b-a3b", "Qwen/Qwen3-VL-30B-A3B-Instruct", "qwen3_vl_moe", _QWEN3),
    Alias("qwen3.5-4b", "Qwen/Qwen3.5-4B", "qwen3_5", _QWEN3),
    Alias("qwen3.5-9b", "Qwen/Qwen3.5-9B", "qwen3_5", _QWEN3),
    Alias("qwen3.5-27b", "Qwen/Qwen3.5-27B", "qwen3_5", _QWEN3),
    Alias("internvl3-1b", "OpenGVLab/InternVL3-1B-hf", "internvl", _INTERN),
    Alias("internvl3-2b", "OpenGVLab/InternVL3-2B-hf", "internvl", _INTERN),
    Alias("internvl3-8b", "OpenGVLab/InternVL3-8B-hf", "internvl", _INTERN),
    Alias("internvl3-9b", "OpenGVLab/InternVL3-9B-hf", "internvl", _INTERN),
    Alias("internvl3-14b", "OpenGVLab/InternVL3-14B-hf", "internvl", _INTERN),
    Alias("internvl3.5-1b", "OpenGVLab/InternVL3_5-1B-HF", "internvl", _INTERN),
    Alias("internvl3.5-2b", "OpenGVLab/InternVL3_5-2B-HF", "internvl", _INTERN),
    Alias("internvl3.5-4b", "OpenGVLab/InternVL3_5-4B-HF", "internvl", _INTERN),
    Alias("internvl3.5-8b", "OpenGVLab/InternVL3_5-8B-HF", "internvl", _INTERN),
    Alias("internvl3-38b", "OpenGVLab/InternVL3-38B-hf", "internvl", _INTERN_6B),
    Alias("internvl3-78b", "OpenGVLab/InternVL3-78B-hf", "internvl", _INTERN_6B),
    Alias("internvl3.5-38b", "OpenGVLab/InternVL3_5-38B-HF", "internvl", _INTERN_6B),
    Alias("smolvlm-256m", "HuggingFaceTB/SmolVLM-256M-Instruct", "idefics3", "SigLIP base/16 512"),
    Alias("smolvlm-500m", "HuggingFaceTB/SmolVLM-500M-Instruct", "idefics3", "SigLIP base/16 512"),
    Alias("smolvlm-2.2b", "HuggingFaceTB/SmolVLM-Instruct", "idefics3", _SIGLIP),
    Alias(
        "smolvlm2-256m",
        "HuggingFaceTB/SmolVLM2-256M-Video-Instruct",
        "smolvlm",
        "SigLIP base/16 512",
    ),
    Alias(
        "smolvlm2-500m",
        "HuggingFaceTB/SmolVLM2-500M-Video-Instruct",
        "smolvlm",
        "SigLIP base/16 512",
    ),
    Alias("smolvlm2-2.2b", "HuggingFaceTB/SmolVLM2-2.2B-Instruct", "smolvlm", _SIGLIP),
    Alias("idefics2-8b", "HuggingFaceM4/idefics2-8b", "idefics2", "SigLIP so400m/14 980"),
    Alias("idefics3-8b", "HuggingFaceM4/Idefics3-8B-Llama3", "idefics3", "SigLIP so400m/14 364"),
    Alias("gemma-3-4b", "google/gemma-3-4b-it", "gemma3", "SigLIP so400m/14 896"),
    Alias("gemma-3-12b", "google/gemma-3-12b-it", "gemma3", "SigLIP so400m/14 896"),
    Alias("gemma-3-27b", "google/gemma-3-27b-it", "gemma3", "SigLIP so400m/14 896"),
    Alias("paligemma-3b", "google/paligemma-3b-mix-224", "paligemma", "SigLIP so400m/14 224"),
    Alias("paligemma2-3b", "google/paligemma2-3b-mix-224", "paligemma", "SigLIP so400m/14 224"),
    Alias("paligemma2-10b", "google/paligemma2-10b-mix-224", "paligemma", "SigLIP so400m/14 224"),
    Alias("paligemma2-28b", "google/paligemma2-28b-mix-224", "paligemma", "SigLIP so400m/14 224"),
    Alias("aya-vision-8b", "CohereLabs/aya-vision-8b", "aya_vision", "SigLIP 2 so400m/14 384"),
    Alias("aya-vision-32b", "CohereLabs/aya-vision-32b", "aya_vision", "SigLIP 2 so400m/14 384"),
    Alias(
        "command-a-vision",
        "CohereLabs/command-a-vision-07-2025",
        "cohere2_vision",
        "SigLIP 2 ViT/16 512",
    ),
    Alias(
        "mistral-small-3.1", "mistralai/Mistral-Small-3.1-24B-Instruct-2503", "mistral3", _PIXTRAL
    ),
    Alias(
        "deepseek-vl-1.3b",
        "deepseek-community/deepseek-vl-1.3b-chat",
        "deepseek_vl",
        "SigLIP L/16 384",
    ),
    Alias(
        "deepseek-vl-7b",
        "deepseek-community/deepseek-vl-7b-chat",
        "deepseek_vl_hybrid",
        "SigLIP L/16 384, SAM-B 1024",
    ),
    Alias("janus-pro-1b", "deepseek-community/Janus-Pro-1B", "janus", "SigLIP L/16 384"),
    Alias("janus-pro-7b", "deepseek-community/Janus-Pro-7B", "janus", "SigLIP L/16 384"),
    Alias("ovis2-1b", "thisisiron/Ovis2-1B-hf", "ovis2", "AIMv2 L/14 448"),
    Alias("ovis2-2b", "thisisiron/Ovis2-2B-hf", "ovis2", "AIMv2 L/14 448"),
    Alias("glm-4.1v-9b", "zai-org/GLM-4.1V-9B-Thinking", "glm4v", "AIMv2 H/14"),
    Alias("glm-4.5v", "zai-org/GLM-4.5V", "glm4v_moe", "AIMv2 H/14"),
    Alias(
        "ernie-4.5-vl-28b",
        "baidu/ERNIE-4.5-VL-28B-A3B-PT",
        "ernie4_5_vl_moe",
        "ERNIE-4.5-VL ViT/14",
    ),
    Alias("lfm2-vl-450m", "LiquidAI/LFM2-VL-450M", "lfm2_vl", "SigLIP 2 NaFlex base/16"),
    Alias("lfm2-vl-1.6b", "LiquidAI/LFM2-VL-1.6B", "lfm2_vl", _NAFLEX),
    Alias("lfm2-vl-3b", "LiquidAI/LFM2-VL-3B", "lfm2_vl", _NAFLEX),
    Alias("molmo2-4b", "allenai/Molmo2-4B", "molmo2", "SigLIP 2 so400m/14 378"),
    Alias("molmo2-8b", "allenai/Molmo2-8B", "molmo2", "SigLIP 2 so400m/14 378"),
    Alias("molmo2-o-7b", "allenai/Molmo2-O-7B", "molmo2", "SigLIP 2 so400m/14 378"),
    Alias("perception-lm-1b", "facebook/Perception-LM-1B", "perception_lm", "PE ViT-L/14 448"),
    Alias("perception-lm-3b", "facebook/Perception-LM-3B", "perception_lm", "PE ViT-L/14 448"),
    Alias("perception-lm-8b", "facebook/Perception-LM-8B", "perception_lm", "PE ViT-G/14 448"),
    Alias(
        "llama-3.2-11b-vision", "meta-llama/Llama-3.2-11B-Vision-Instruct", "mllama", "ViT-H/14 560"
    ),
    Alias(
        "llama-3.2-90b-vision", "meta-llama/Llama-3.2-90B-Vision-Instruct", "mllama", "ViT-H/14 560"
    ),
    Alias("llama-4-scout", "meta-llama/Llama-4-Scout-17B-16E-Instruct", "llama4", "Llama 4 ViT/14"),
    Alias(
        "llama-4-maverick",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct",
        "llama4",
        "Llama 4 ViT/14",
    ),
    Alias("blip2-opt-2.7b", "Salesforce/blip2-opt-2.7b", "blip-2", _EVA),
    Alias("blip2-opt-6.7b", "Salesforce/blip2-opt-6.7b", "blip-2", _EVA),
    Alias("instructblip-vicuna-7b", "Salesforce/instructblip-vicuna-7b", "instructblip", _EVA),
    Alias("instructblip-vicuna-13b", "Salesforce/instructblip-vicuna-13b", "instructblip", _EVA),
    Alias("chameleon-7b", "facebook/chameleon-7b", "chameleon", "VQGAN codebook 512"),
    Alias("fastvlm-0.5b", "KamilaMila/FastVLM-0.5B", "fast_vlm", "FastViTHD"),
    Alias("fastvlm-7b", "KamilaMila/FastVLM-7B", "fast_vlm", "FastViTHD"),
)
"""Of each family, from small to large."""

ALIASES = {alias.name: alias.hub_id for alias in TABLE}
"""Names, and the hub ids that they mean."""
