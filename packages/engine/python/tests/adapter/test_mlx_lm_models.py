"""The contract with mlx-lm's loading of models, tokenizers and adapters."""

import json
import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from mlx_app.mlx_lm_adapter.models import add_adapter, read_model, read_tokenizer
from mlx_app.mlx_lm_adapter.plain_tokenizer import plain_tokenizer

LORA = {
    "fine_tune_type": "lora",
    "num_layers": 1,
    "lora_parameters": {"rank": 2, "scale": 4.0, "dropout": 0.5, "keys": ["self_attn.q_proj"]},
}


@pytest.fixture
def copied(models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models / "hello", tmp_path / "hello"))


@pytest.mark.mlx_lm("mlx_lm.utils.load_model")
def test_a_model_comes_with_its_config_and_without_its_weights(models: Path) -> None:
    before = mx.get_active_memory()
    model, config = read_model(models / "hello")
    leaves: Any = tree_flatten(model.parameters())  # type: ignore[no-untyped-call]
    assert mx.get_active_memory() - before < sum(leaf.nbytes for _, leaf in leaves)
    assert config["model_type"] == "llama"
    logits: mx.array = model(mx.array([[1, 2, 3]]))
    assert logits.shape == (1, 3, config["vocab_size"])
    assert not model.training


@pytest.mark.mlx_lm("mlx_lm.utils.load_model")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "nobody"}, "not supported"),
        ({"model_file": "own.py"}, "custom module"),
    ],
)
def test_a_model_that_it_has_no_code_for_is_refused(
    copied: Path, change: dict[str, str], message: str
) -> None:
    config = json.loads((copied / "config.json").read_text("utf-8")) | change
    (copied / "config.json").write_text(json.dumps(config), "utf-8")
    (copied / "own.py").write_text(f"open({str(copied / 'ran')!r}, 'w')", "utf-8")
    with pytest.raises(ValueError, match=message):
        read_model(copied)
    assert not (copied / "ran").exists()


@pytest.mark.mlx_lm("mlx_lm.utils.glob")
def test_weights_are_found_below_a_folder_whose_name_is_a_pattern(
    models: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(models / "hello", tmp_path / "[slug]" / "a*")
    model, _ = read_model(folder)
    leaves: Any = tree_flatten(model.parameters())  # type: ignore[no-untyped-call]
    expected: Any = mx.load(str(models / "hello" / "model.safetensors"))
    assert {name for name, _ in leaves} == set(expected)


@pytest.mark.mlx_lm("mlx_lm.utils.load_tokenizer")
def test_a_tokenizer_reads_and_writes(models: Path) -> None:
    tokenizer = read_tokenizer(models / "hello", {"eos_token_id": [2, 7]})
    assert tokenizer.eos_token_ids == {2, 7}
    tokens = tokenizer.encode("Say hello.", add_special_tokens=False)
    assert tokenizer.decode(tokens) == "Say hello."
    assert len(tokenizer.get_vocab()) == len(tokenizer) > 256
    messages = [{"role": "user", "content": "Say hello."}]
    open_ended = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    closed = tokenizer.apply_chat_template(messages, add_generation_prompt=False)
    assert open_ended[: len(closed)] == closed != open_ended


@pytest.mark.mlx_lm("mlx_lm.utils.load_tokenizer")
def test_a_detokenizer_holds_back_half_a_character(models: Path) -> None:
    tokenizer = read_tokenizer(models / "hello", {"eos_token_id": 2})
    assert tokenizer.detokenizer is not tokenizer.detokenizer
    detokenizer = tokenizer.detokenizer
    parts: list[str] = []
    tokens = tokenizer.encode("a 🚀 b", add_special_tokens=False)
    for token in tokens:
        detokenizer.add_token(token)
        parts.append(detokenizer.last_segment)
    detokenizer.finalize()
    parts.append(detokenizer.last_segment)
    assert "".join(parts).strip() == "a 🚀 b"
    # Its four bytes are more than one token of this vocabulary.
    assert len(tokens) > 5
    assert not any("\ufffd" in part for part in parts)


@pytest.mark.mlx_lm("mlx_lm.utils.load_tokenizer")
def test_the_tokenizer_inside_is_that_of_transformers(models: Path) -> None:
    from transformers import PreTrainedTokenizerBase

    tokenizer = read_tokenizer(models / "hello", {})
    assert isinstance(plain_tokenizer(tokenizer), PreTrainedTokenizerBase)


def lora(folder: Path, names: list[str]) -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(LORA), "utf-8")
    shapes = {"lora_a": (64, 2), "lora_b": (2, 64)}
    mx.save_safetensors(
        str(folder / "adapters.safetensors"),
        {
            f"model.layers.1.self_attn.q_proj.{name}": mx.ones(shapes[name], mx.float16)
            for name in names
        },
    )
    return folder


@pytest.mark.mlx_lm("mlx_lm.tuner.utils.load_adapters")
def test_an_adapter_changes_what_a_model_says(models: Path, tmp_path: Path) -> None:
    tokens = mx.array([[1, 2, 3, 4]])
    model, _ = read_model(models / "hello")
    before = model(tokens)
    add_adapter(model, lora(tmp_path / "lora", ["lora_a", "lora_b"]))
    after = model(tokens)
    assert not mx.allclose(before, after).item()
    # Its dropout is for training only.
    assert mx.array_equal(after, model(tokens)).item()


@pytest.mark.mlx_lm("mlx_lm.tuner.utils.load_adapters")
def test_an_adapter_that_lacks_half_is_refused(models: Path, tmp_path: Path) -> None:
    model, _ = read_model(models / "hello")
    with pytest.raises(ValueError, match=r"lacks 1 of 2 tensors, such as .*lora_b"):
        add_adapter(model, lora(tmp_path / "lora", ["lora_a"]))
