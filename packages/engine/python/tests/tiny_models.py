"""Makes tiny models of random weights, with the files of real families.

    python tiny_models.py HELLO FOLDER [NAME ...]   makes those, or all of them, in a folder;
                                                    HELLO: the hello model's folder

The families are those whose loading, prompts and prefill differ. Sizes are the least that the
families' code takes. The tokenizer is the hello model's with the families' own tokens added.
"""

import importlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten, tree_map_with_path
from tokenizers import Tokenizer

Config = dict[str, Any]

QWEN_IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
VISION_TOKENS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
# The prompt that the Qwen-VL models write: parts in their order, an image as three tokens.
VISION_TEMPLATE = (
    "{%- if tools -%}{{ 'Tools: ' + tools[0].function.name + '\\n' }}{%- endif -%}"
    "{%- for message in messages -%}{{ '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.content is string -%}{{ message.content }}{%- else -%}"
    "{%- for part in message.content -%}"
    "{%- if part.type == 'image' -%}<|vision_start|><|image_pad|><|vision_end|>"
    "{%- else -%}{{ part.text }}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}{{ '<|im_end|>\\n' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}"
    "{%- if no_think is defined %}<think></think>{%- endif -%}{%- endif -%}"
)
# Text first, then what an image is made of: patches of 8 x 8 pixels, joined in fours.
TEXT_SIZES: Config = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": True,
}
VISION_SIZES: Config = {
    "depth": 2,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_heads": 2,
    "patch_size": 8,
    "spatial_patch_size": 8,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
}


def qwen2_5_vl(folder: Path, hello: Path) -> None:
    """Sees; windowed attention over the patches, positions in three dimensions."""
    tokens = _tokenizer(folder, hello, VISION_TOKENS)
    config = {
        **TEXT_SIZES,
        **_vision_ids(tokens),
        "model_type": "qwen2_5_vl",
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
        "vision_config": {
            **VISION_SIZES,
            "model_type": "qwen2_5_vl",
            "out_hidden_size": 32,
            "window_size": 32,
            "fullatt_block_indexes": [1],
        },
    }
    _template(folder)
    _preprocessor(folder)
    _write(folder, "mlx_vlm.models.qwen2_5_vl", config)


def qwen3_vl(folder: Path, hello: Path) -> None:
    """Sees; adds features of the image to the first layers of the text too (deepstack)."""
    config = _qwen3_vl_config(_tokenizer(folder, hello, VISION_TOKENS))
    _template(folder)
    _preprocessor(folder)
    _write(folder, "mlx_vlm.models.qwen3_vl", config)


def blind_qwen3_vl(folder: Path, hello: Path) -> None:
    """What mlx-lm reads of such a model; made without the extra, so what would see is no tower."""
    config = _qwen3_vl_config(_tokenizer(folder, hello, VISION_TOKENS))
    _template(folder)
    _preprocessor(folder)
    _write(folder, "mlx_lm.models.qwen3_vl", config, arguments="ModelArgs")
    tower = {"vision_tower.patch_embed.weight": mx.ones((8, 8))}
    mx.save_safetensors(str(folder / "model-tower.safetensors"), tower, {"format": "mlx"})


def _qwen3_vl_config(tokens: dict[str, int]) -> Config:
    text = {
        **TEXT_SIZES,
        "model_type": "qwen3_vl_text",
        "head_dim": 16,
        "vocab_size": len(tokens),
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3], "mrope_interleaved": True},
    }
    return {
        **_vision_ids(tokens),
        "model_type": "qwen3_vl",
        "architectures": ["Qwen3VLForConditionalGeneration"],
        "text_config": text,
        "vision_config": {
            **VISION_SIZES,
            "model_type": "qwen3_vl",
            "out_hidden_size": 32,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0, 1],
        },
    }


def gemma3(folder: Path, hello: Path) -> None:
    """Sees; each image has the same size and number of tokens, attention slides over 32 tokens."""
    names = {
        "image_token": "<image_soft_token>",
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
    }
    tokens = _tokenizer(folder, hello, tuple(names.values()))
    settings: Config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    _json(folder / "tokenizer_config.json", {**settings, "extra_special_tokens": names})
    heads = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2}
    text = {
        **heads,
        "model_type": "gemma3_text",
        "intermediate_size": 64,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "query_pre_attn_scalar": 16,
        "vocab_size": len(tokens),
        "sliding_window": 32,
        "sliding_window_pattern": 2,
        "mm_tokens_per_image": 4,
        "max_position_embeddings": 2048,
    }
    config = {
        "model_type": "gemma3",
        "architectures": ["Gemma3ForConditionalGeneration"],
        "image_token_index": tokens["<image_soft_token>"],
        "hidden_size": 32,
        "vocab_size": len(tokens),
        "eos_token_id": tokens["<|im_end|>"],
        "pad_token_id": 0,
        "text_config": text,
        "vision_config": {
            **heads,
            "model_type": "siglip_vision_model",
            "intermediate_size": 64,
            "patch_size": 8,
            "image_size": 32,
        },
    }
    _template(folder, "<start_of_image>")
    image = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    _json(
        folder / "preprocessor_config.json",
        {**image, "image_processor_type": "Gemma3ImageProcessor"},
    )
    _json(
        folder / "processor_config.json",
        {"processor_class": "Gemma3Processor", "image_seq_length": 4},
    )
    _write(folder, "mlx_vlm.models.gemma3", config)


def bert(folder: Path, hello: Path) -> None:
    """Embeds; attention in both directions, the mean of all tokens, at most 64 of them."""
    tokens = _tokenizer(folder, hello, ())
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": len(tokens),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
    }
    _sentence_transformer(folder, {"pooling_mode_mean_tokens": True})
    _write(folder, "mlx_vlm.models.bert", config)


def qwen3_embedding(folder: Path, hello: Path) -> None:
    """Embeds without the extra: a causal text model of which the last token's state is taken."""
    tokens = _tokenizer(folder, hello, ())
    config = {
        **TEXT_SIZES,
        "model_type": "qwen3",
        "architectures": ["Qwen3ForCausalLM"],
        "head_dim": 16,
        "vocab_size": len(tokens),
        "eos_token_id": tokens["<|im_end|>"],
    }
    _sentence_transformer(folder, {"pooling_mode_lasttoken": True})
    _write(folder, "mlx_lm.models.qwen3", config, arguments="ModelArgs")


MAKERS: dict[str, Callable[[Path, Path], None]] = {
    "qwen2_5_vl": qwen2_5_vl,
    "qwen3_vl": qwen3_vl,
    "blind_qwen3_vl": blind_qwen3_vl,
    "gemma3": gemma3,
    "bert": bert,
    "qwen3_embedding": qwen3_embedding,
}


def make(name: str, folder: Path, hello: Path) -> Path:
    """Makes one of MAKERS in a folder that is not there yet, and gives the folder."""
    folder.mkdir(parents=True)
    MAKERS[name](folder, hello)
    return folder


def _write(folder: Path, module: str, config: Config, arguments: str = "ModelConfig") -> None:
    (folder / "config.json").write_text(json.dumps(config, indent=2), "utf-8")
    family = importlib.import_module(module)
    mx.random.seed(1)
    made = getattr(family, arguments).from_dict(json.loads(json.dumps(config)))
    for part in ("text", "vision"):
        values = getattr(made, f"{part}_config", None)
        # mlx-lm's code takes it as it is.
        if isinstance(values, dict) and hasattr(family, f"{part.title()}Config"):
            setattr(
                made, f"{part}_config", getattr(family, f"{part.title()}Config").from_dict(values)
            )
    model = family.Model(made)
    larger = tree_map_with_path(_larger, model.parameters())
    mx.save_safetensors(
        str(folder / "model.safetensors"), dict(tree_flatten(larger)), {"format": "mlx"}
    )


def _larger(path: str, weight: mx.array) -> mx.array:
    """As they are made most weights are so small that no image and no word would tell."""
    if path.endswith("projection_weight"):
        # Made of ones, which let nothing through but a sum.
        return mx.random.normal(weight.shape) * 3
    return weight if "embed_tokens" in path else weight * 4


def _tokenizer(folder: Path, hello: Path, special: tuple[str, ...]) -> dict[str, int]:
    tokenizer = Tokenizer.from_file(str(hello / "tokenizer.json"))
    tokenizer.add_special_tokens(list(special))
    tokenizer.save(str(folder / "tokenizer.json"))
    shutil.copy(hello / "tokenizer_config.json", folder)
    vocabulary: dict[str, int] = tokenizer.get_vocab(with_added_tokens=True)
    return vocabulary


def _vision_ids(tokens: dict[str, int]) -> Config:
    return {
        "vocab_size": len(tokens),
        "eos_token_id": tokens["<|im_end|>"],
        "vision_start_token_id": tokens["<|vision_start|>"],
        "vision_end_token_id": tokens["<|vision_end|>"],
        "image_token_id": tokens["<|image_pad|>"],
        "video_token_id": tokens["<|video_pad|>"],
    }


def _template(folder: Path, image: str = QWEN_IMAGE) -> None:
    template = VISION_TEMPLATE.replace(QWEN_IMAGE, image)
    (folder / "chat_template.jinja").write_text(template, "utf-8")


def _preprocessor(folder: Path) -> None:
    _json(
        folder / "preprocessor_config.json",
        {
            "patch_size": 8,
            "merge_size": 2,
            "temporal_patch_size": 2,
            "min_pixels": 256,
            "max_pixels": 64 * 64,
        },
    )


def _sentence_transformer(folder: Path, pooling: Config) -> None:
    _json(
        folder / "modules.json",
        [
            {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
    )
    _json(folder / "1_Pooling" / "config.json", pooling)


def _json(file: Path, value: Config | list[Config]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(value, indent=2), "utf-8")


if __name__ == "__main__":
    for maker in sys.argv[3:] or MAKERS:
        print(make(maker, Path(sys.argv[2]) / maker, Path(sys.argv[1])))  # noqa: T201
