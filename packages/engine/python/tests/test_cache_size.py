"""The estimated size of a cache against the real one, for each kind of mlx-lm's caches."""

import importlib
from collections.abc import Iterator
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx_lm.models.cache import make_prompt_cache

from mlx_app.mlx_lm_adapter.batch import Batch
from mlx_app.mlx_lm_adapter.cache_size import CacheSize, cache_size
from mlx_app.models.text_model import TextModel

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "vocab_size": 64,
    "max_position_embeddings": 32768,
}

# One for each kind of cache: all tokens, a window beside all, a constant state beside all, both in
# one layer, a constant state alone, and compressed keys and values.
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "gemma3_text": {
        "head_dim": 16,
        "num_hidden_layers": 6,
        "sliding_window": 512,
        "sliding_window_pattern": 3,
    },
    "lfm2": {
        "norm_eps": 1e-5,
        "conv_bias": False,
        "conv_L_cache": 3,
        "block_dim": 32,
        "block_ff_dim": 64,
        "block_multiple_of": 16,
        "block_ffn_dim_multiplier": 1.0,
        "block_auto_adjust_ff_dim": False,
        "full_attn_idxs": [1, 3],
    },
    "falcon_h1": {
        "head_dim": 8,
        "mamba_d_head": 8,
        "mamba_d_ssm": 64,
        "mamba_d_state": 16,
        "mamba_n_heads": 8,
        "num_key_value_heads": 2,
    },
    "mamba2": {
        "num_heads": 8,
        "head_dim": 8,
        "state_size": 16,
        "conv_kernel": 4,
        "n_groups": 1,
        "use_bias": False,
        "use_conv_bias": True,
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
        "time_step_limit": (0.0, 100.0),
        "time_step_rank": "auto",
    },
    "deepseek_v3": {
        "moe_intermediate_size": 32,
        "kv_lora_rank": 16,
        "q_lora_rank": 16,
        "qk_rope_head_dim": 8,
        "v_head_dim": 8,
        "qk_nope_head_dim": 8,
        "rope_scaling": None,
    },
}


@pytest.fixture(autouse=True)
def _without_compilation() -> Iterator[None]:
    """On the CPU a compiled function of a model is a run of the C++ compiler, seconds long."""
    mx.disable_compile()
    yield
    mx.enable_compile()


def tiny(family: str, dtype: mx.Dtype = mx.float16) -> tuple[nn.Module, dict[str, Any]]:
    """A model of the family with random weights."""
    config = {**SMALL, **FAMILIES[family], "model_type": family}
    module = importlib.import_module(f"mlx_lm.models.{family}")
    network: nn.Module = module.Model(module.ModelArgs.from_dict(config))
    network.set_dtype(dtype)
    return network, config


def read(network: nn.Module, tokens: int) -> list[Any]:
    """The caches after a prompt that was read in chunks, its last token alone."""
    caches: list[Any] = make_prompt_cache(network)
    chunks = [512] * ((tokens - 1) // 512) + [(tokens - 1) % 512, 1]
    for chunk in filter(None, chunks):
        network(mx.ones((1, chunk), dtype=mx.int32), cache=caches)
        mx.eval([cache.state for cache in caches])
    return caches


def total(caches: list[Any]) -> int:
    return sum(cache.nbytes for cache in caches)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tokens", [10, 1300])
def test_the_estimate_is_near_the_real_size(family: str, tokens: int) -> None:
    network, config = tiny(family)
    estimate = cache_size(network, config).bytes(tokens)
    real = total(read(network, tokens))
    assert real > 0
    assert estimate == pytest.approx(real, rel=0.25)


def test_a_draft_model_comes_on_top(hello: TextModel) -> None:
    size = cache_size(hello.network, hello.config)
    assert (size + size).bytes(1000) == 2 * size.bytes(1000)


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16])
def test_the_type_of_the_numbers_counts(dtype: mx.Dtype) -> None:
    network, config = tiny("llama", dtype)
    # 4 layers with keys and values of 2 heads of 8 numbers each.
    assert cache_size(network, config).token_bytes == 4 * 2 * 2 * 8 * dtype.size


def test_packed_weights_leave_the_cache_as_it_is() -> None:
    network, config = tiny("llama")
    before = cache_size(network, config)
    nn.quantize(network, group_size=32, bits=4)
    assert cache_size(network, config) == before


@pytest.mark.parametrize("bits", [4, 8])
def test_a_quantised_cache_is_near_its_real_size(bits: int) -> None:
    wide = {**SMALL, "hidden_size": 128, "num_attention_heads": 2, "model_type": "llama"}
    llama = importlib.import_module("mlx_lm.models.llama")
    network: nn.Module = llama.Model(llama.ModelArgs.from_dict(wide))
    network.set_dtype(mx.float16)

    # Attention over a quantised cache is slow on the CPU, so it is packed after the prompt.
    packed = [cache.to_quantized(group_size=64, bits=bits) for cache in read(network, 2000)]
    estimate = cache_size(network, wide).bytes(2000, kv_bits=bits)
    assert estimate == pytest.approx(total(packed), rel=0.25)


def test_the_estimate_reads_no_weights(hello: TextModel) -> None:
    before = mx.get_active_memory()
    size = cache_size(hello.network, hello.config)
    assert size.token_bytes == 2 * 2 * 2 * 32 * 2
    assert mx.get_active_memory() - before < 10_000


class Refuses(nn.Module):
    """A model whose code can't be asked."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.weight = mx.zeros((4, 4), dtype=mx.bfloat16)
        self.layers: list[nn.Module] = [nn.Identity()] * 4

    def __call__(self, tokens: mx.array, cache: object) -> mx.array:
        raise NotImplementedError(f"{tokens.shape} {cache}")


@pytest.mark.parametrize("nested", [False, True])
def test_the_config_answers_for_a_model_that_does_not(nested: bool) -> None:
    config = {"text_config": SMALL} if nested else SMALL
    size = cache_size(Refuses(), config)
    assert size.token_bytes == 4 * 2 * 2 * 8 * 2
    assert size.bytes(1) == 256 * size.token_bytes


def test_without_any_information_the_size_is_not_zero() -> None:
    assert cache_size(Refuses(), {}).bytes(1) > 0


def always_five(logprobs: mx.array, /) -> mx.array:
    """Samples no end of the text."""
    return mx.full(logprobs.shape[:1], 5, dtype=mx.int32)


def test_in_a_batch_the_short_ones_cost_what_the_longest_does(hello: TextModel) -> None:
    size = cache_size(hello.network, hello.config)
    batch = Batch(hello.network, hello.tokenizer)
    mx.clear_cache()
    before = mx.get_active_memory()
    for length in (3000, 10, 10, 10):
        batch.insert([5] * length, 200, always_five)
    # However small the chunks are that the long one is read in beside the others, it decodes then.
    for _ in range(110):
        batch.step()
    real = mx.get_active_memory() - before
    assert size.bytes(3000, 4) == pytest.approx(real, rel=0.25)
    assert size.bytes(3000) + 3 * size.bytes(10) < real / 2
    batch.close()


@pytest.mark.parametrize("tokens", [1500, 4000])
def test_the_memory_of_prefill_is_counted(hello: TextModel, tokens: int) -> None:
    size = cache_size(hello.network, hello.config)
    list(hello.weights())
    mx.clear_cache()
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    kept = total(read(hello.network, tokens))
    beyond = mx.get_peak_memory() - before - kept
    estimate = size.prefill_bytes(tokens, 512)
    if mx.default_device().type == mx.DeviceType.cpu:
        assert beyond / 2 < estimate < beyond * 2


def test_a_window_overlaps_with_a_chunk_during_prefill() -> None:
    network, config = tiny("gemma3_text")
    size = cache_size(network, config)
    windows = CacheSize(size.layers, 0)
    caches: list[Any] = make_prompt_cache(network)
    for _ in range(3):
        network(mx.ones((1, 512), dtype=mx.int32), cache=caches)
    mx.eval([cache.state for cache in caches])
    real = total(caches)
    assert size.bytes(1536) + windows.prefill_bytes(1536, 512) == pytest.approx(real, rel=0.05)
    assert windows.prefill_bytes(100, 512) == 0
