"""Quantised KV caches."""

from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import ChunkedKVCache, RotatingKVCache

from decoding import Caching, ids, run, tiny_llama, with_network
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.sampling import greedy
from mlx_app.mlx_lm_adapter.sequential import Sequential
from mlx_app.models.kv_sizes import KV_BITS
from mlx_app.models.text_model import TextModel
from mlx_app.models.unbatched_checks import check_kv_bits


@pytest.mark.parametrize("bits", KV_BITS)
def test_quantised_caches_give_a_text(hello: TextModel, bits: int) -> None:
    model = with_network(hello, tiny_llama())
    check_kv_bits(model, bits, 64)
    prompt = list(range(5, 300))
    tokens = run(model, prompt, 20, kv_bits=bits, kv_group_size=64, prefill_tokens=128)
    assert len(tokens) > 0
    assert all(mx.isfinite(token.logprobs).all().item() for token in tokens)
    if bits == 8:
        assert ids(tokens)[:5] == ids(run(model, prompt, 20))[:5]


def test_quantised_caches_work_with_a_draft_model(hello: TextModel) -> None:
    model = with_network(hello, tiny_llama())
    prompt = list(range(5, 300))
    plain = run(model, prompt, 20, kv_bits=8)
    drafted = run(model, prompt, 20, kv_bits=8, draft=model.network)
    assert ids(drafted) == ids(plain)
    assert any(token.from_draft for token in drafted)


def test_quantised_caches_take_less_memory(hello: TextModel) -> None:
    model = with_network(hello, tiny_llama())

    def memory(**options: Any) -> int:  # noqa: ANN401
        before = mx.get_active_memory()
        sequential = Sequential(model.network, model.tokenizer)
        sequential.prefill_tokens = 256
        sequential.insert([7] * 1025, 5, greedy, **options)
        for _ in range(4):
            sequential.step()
        taken = mx.get_active_memory() - before
        sequential.close()
        return taken

    # 32 bits a number; 4 bits and a scale and a bias of 32 bits for each group of 64.
    assert memory(kv_bits=4) < memory() / 5


def test_quantisations_that_do_not_fit_are_refused(hello: TextModel) -> None:
    def refusal(model: TextModel, bits: int, group_size: int) -> tuple[str, str, str | None]:
        with pytest.raises(EngineError) as raised:
            check_kv_bits(model, bits, group_size)
        return raised.value.code, raised.value.message, raised.value.hint

    check_kv_bits(hello, 8, 32)
    code, message, hint = refusal(hello, 8, 64)
    assert code == "INVALID_REQUEST"
    assert "64 does not divide the 32 numbers that a head" in message
    assert hint == "kvGroupSize can be 32 here."
    assert refusal(hello, 7, 32)[:2] == (
        "INVALID_REQUEST",
        "kvBits is 7; it can be one of 2, 3, 4, 5, 6, 8.",
    )
    assert refusal(hello, 8, 48)[1] == "kvGroupSize is 48; it can be one of 32, 64, 128."
    narrow = with_network(hello, tiny_llama(head_dim=16))
    assert refusal(narrow, 8, 32)[::2] == ("UNSUPPORTED", "Leave kvBits out.")
    sliding = with_network(hello, Caching(lambda: RotatingKVCache(16)))
    chunked = with_network(hello, Caching(lambda: ChunkedKVCache(16)))
    for model, cache in ((sliding, "RotatingKVCache"), (chunked, "ChunkedKVCache")):
        code, message, _ = refusal(model, 8, 32)
        assert code == "UNSUPPORTED"
        assert f"keeps a {cache}" in message
