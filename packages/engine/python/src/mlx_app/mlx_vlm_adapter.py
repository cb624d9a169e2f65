"""Every name of mlx-vlm that this project uses.

mlx-vlm is optional (`npm run setup -- --with vision`) and takes seconds to import, so import this
module only where it is needed. If a new mlx-vlm breaks a name, tests/test_vision.py and
tests/test_embeddings.py show which.
"""

# mlx-vlm and Pillow are an extra.
# pyright: reportMissingImports=false

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx_vlm import encoder_loader, utils
from mlx_vlm.embedding_loader import EMBEDDING_MODEL_REMAPPING, load_embedding_model
from mlx_vlm.generate.common import _chunked_prefill_enabled
from mlx_vlm.generate.diffusion import is_diffusion_model
from mlx_vlm.models.cache import make_prompt_cache
from mlx_vlm.models.pooling import read_pooling_config
from mlx_vlm.prompt_utils import MODEL_CONFIG, apply_chat_template, get_chat_template
from mlx_vlm.utils import (
    get_model_type,
    load_config,
    load_image_processor,
    load_model,
    load_processor,
    prepare_inputs,
    resolve_eos_token_ids,
    should_add_special_tokens,
)
from PIL import Image

from . import literal_glob

# load_model and load_embedding_model look for weights with it.
utils.glob = encoder_loader.glob = literal_glob

# What a model takes besides tokens: arrays by name, and values that are not arrays.
Inputs = dict[str, Any]
# Takes token ids and their mask, both of shape (batch, tokens); returns (batch, dimensions).
Encode = Callable[[mx.array, mx.array], mx.array]


@dataclass(frozen=True)
class Embedded:
    """The embeddings of a prompt, with further arguments for the language model."""

    embeddings: mx.array
    kwargs: Inputs


def supports_vision(config: dict[str, Any]) -> bool:
    """Whether mlx-vlm has code for a model of this config."""
    return _has_code(get_model_type(config))


def supports_embeddings(config: dict[str, Any]) -> bool:
    """Whether mlx-vlm has code for an embedding model of this config."""
    family = str(config.get("model_type", "")).lower()
    return _has_code(EMBEDDING_MODEL_REMAPPING.get(family, family))


def _has_code(family: str | None) -> bool:
    return bool(family) and importlib.util.find_spec(f"mlx_vlm.models.{family}") is not None


def writes_tokens(model: nn.Module) -> bool:
    """Whether the model writes text token by token; others mark regions, or write all at once."""
    return hasattr(model, "language_model") and not is_diffusion_model(model)


def read_vision_model(path: Path) -> tuple[nn.Module, Any, dict[str, Any]]:
    """Returns a model whose weights are not in memory yet, its processor, and its config.

    The config has the tokens that end a text. Runs no code of the model; the caller has refused
    configs with a `model_file`.
    """
    model = load_model(path, lazy=True, trust_remote_code=False)
    config: dict[str, Any] = load_config(path)
    ends = getattr(model.config, "eos_token_id", None)
    processor = load_processor(path, eos_token_ids=ends, trust_remote_code=False)
    own = load_image_processor(path, trust_remote_code=False)
    if own is not None:
        processor.image_processor = own
    ends = resolve_eos_token_ids(ends, _tokenizer_of(processor))
    config["eos_token_id"] = [*ends, *getattr(processor, "additional_eos_token_ids", ())]
    return model, processor, config


def _tokenizer_of(processor: Any) -> Any:  # noqa: ANN401 - transformers' own
    return getattr(processor, "tokenizer", processor)


def image_markers(processor: Any) -> set[str]:  # noqa: ANN401 - transformers' own
    """Returns the texts that stand for an image, or for the start of one, in a prompt."""
    return {
        marker
        for holder in (processor, _tokenizer_of(processor))
        for name in ("image_token", "boi_token")
        if isinstance(marker := getattr(holder, name, None), str) and marker
    }


def chat_text(
    processor: Any,  # noqa: ANN401 - transformers' own
    config: dict[str, Any],
    messages: list[dict[str, Any]],
    images: int,
    options: dict[str, Any],
) -> str:
    """Returns the prompt of a chat by the model's template, with markers for its images.

    Content is a string, or parts {"type": "text", "text": ...} and {"type": "image"}.
    """
    if get_model_type(config) in MODEL_CONFIG:
        # The order and the markers of images that the family was trained with.
        family = {**config, "model_type": get_model_type(config)}
        formed = apply_chat_template(
            processor, family, messages, return_messages=True, num_images=images
        )
        if isinstance(formed[-1], str):
            # For families without turns, the last question is the prompt.
            return formed[-1]
        # mlx-vlm rewrites the content and leaves out the reasoning of earlier turns.
        messages = [{**given, **made} for given, made in zip(messages, formed, strict=True)]
    for renderer in (processor, _tokenizer_of(processor)):
        if getattr(renderer, "chat_template", None) is not None:
            text: str = renderer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True, **options
            )
            return text
    plain: str = get_chat_template(processor, messages, add_generation_prompt=True)
    return plain


def tokenise(
    processor: Any,  # noqa: ANN401 - transformers' own
    config: dict[str, Any],
    text: str,
    images: Sequence[Image.Image],
) -> tuple[list[int], Inputs]:
    """Returns the token ids of a prompt, and its images as numpy arrays for the model.

    Runs on any thread; MLX's arrays would belong to the thread that made them.
    """
    start = getattr(_tokenizer_of(processor), "bos_token", None)
    special = should_add_special_tokens(str(get_model_type(config)), processor)
    inputs: Inputs = dict(
        prepare_inputs(
            processor,
            images=list(images) or None,
            prompts=text,
            image_token_index=config.get("image_token_index"),
            add_special_tokens=special and not (start and text.startswith(start)),
        )
    )
    values = {name: _to_numpy(value) for name, value in inputs.items() if value is not None}
    ids = np.asarray(values.pop("input_ids")).reshape(-1)
    return [int(token) for token in ids], values


def _to_numpy(value: Any) -> Any:  # noqa: ANN401 - arrays, lists, whatever a processor makes
    if isinstance(value, list):
        return [_to_numpy(entry) for entry in value]
    if isinstance(value, mx.array):
        return np.array(value.astype(mx.float32) if value.dtype == mx.bfloat16 else value)
    return value


def _to_mlx(value: Any) -> Any:  # noqa: ANN401 - arrays, lists, whatever a processor makes
    if isinstance(value, list):
        return [_to_mlx(entry) for entry in value]
    return mx.array(value) if isinstance(value, np.ndarray) else value


def embed_prompt(model: nn.Module, tokens: Sequence[int], inputs: Inputs) -> Embedded:
    """Runs the vision tower and inserts its output between the embeddings of the text."""
    ids = mx.array([list(tokens)])
    kwargs = {name: _to_mlx(value) for name, value in inputs.items()}
    pixels = kwargs.pop("pixel_values", None)
    mask = kwargs.pop("attention_mask", None)
    output = model.get_input_embeddings(ids, pixels, mask=mask, **kwargs)
    made = {name: value for name, value in output.to_dict().items() if value is not None}
    embeddings: mx.array = made.pop("inputs_embeds")
    kwargs.update(made)
    mx.eval(embeddings, [value for value in kwargs.values() if isinstance(value, mx.array)])
    return Embedded(embeddings, kwargs)


def make_cache(model: nn.Module) -> list[Any]:
    """Returns an empty cache for one sequence."""
    caches: list[Any] = make_prompt_cache(model.language_model)
    return caches


def in_chunks(
    model: nn.Module, tokens: mx.array, embedded: Embedded, cache: Sequence[object]
) -> bool:
    """Whether a prompt can be prefilled in chunks; some models need an image as a whole."""
    return bool(
        _chunked_prefill_enabled(
            model,
            input_ids=tokens,
            inputs_embeds=embedded.embeddings,
            prompt_cache=list(cache),
            prefill_kwargs=embedded.kwargs,
        )
    )


def prefill_chunk(
    model: nn.Module,
    tokens: mx.array,
    embeddings: mx.array,
    kwargs: Inputs,
    cache: Sequence[object],
) -> None:
    """Prefills a chunk of a prompt, of shapes (1, n) and (1, n, hidden)."""
    model.language_model(
        inputs=tokens,
        inputs_embeds=embeddings,
        cache=cache,
        n_to_process=embeddings.shape[1],
        **{**kwargs, "logits_to_keep": 1},
    )
    mx.eval([part.state for part in cache])  # type: ignore[attr-defined]


def next_logits(
    model: nn.Module,
    tokens: mx.array,
    embeddings: mx.array | None,
    kwargs: Inputs,
    cache: Sequence[object],
) -> tuple[mx.array, Inputs]:
    """Returns logits of shape (1, vocabulary), and arguments for the next call."""
    options = {**kwargs, "logits_to_keep": 1}
    if "decoder_input_ids" in options:
        output = model.language_model(cache=cache, **options)
    else:
        output = model.language_model(tokens, inputs_embeds=embeddings, cache=cache, **options)
    kept: Inputs = {}
    for name in ("cross_attention_states", "encoder_outputs"):
        if not kept and getattr(output, name, None) is not None:
            kept = {name: getattr(output, name)}
    logits: mx.array = output.logits[:, -1, :]
    return logits, kept


def read_encoder(path: Path) -> tuple[nn.Module, Encode]:
    """Returns an embedding model whose weights are not in memory yet, and its encode function."""
    model = load_embedding_model(path, lazy=True, trust_remote_code=False)
    pooling = read_pooling_config(path)
    if pooling is not None:
        model.pooling_config = pooling

    def encode(tokens: mx.array, mask: mx.array) -> mx.array:
        vectors: mx.array = model(tokens, attention_mask=mask).text_embeds
        return vectors

    return model, encode
