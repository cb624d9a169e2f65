"""The contract with what mlx-lm has for unbatched sequences: draft models and quantised caches."""

import mlx.core as mx
import pytest
from mlx_lm.models.cache import ArraysCache, KVCache, RotatingKVCache

from decoding import Caching, encode, ids, run, tiny_llama
from mlx_app.mlx_lm_adapter import abilities, caches
from mlx_app.mlx_lm_adapter.sequential import Sequential
from mlx_app.mlx_lm_adapter.speculation import Draft, can_rewind
from mlx_app.models.text_model import TextModel

HELLO = "Say hello."


@pytest.mark.mlx_lm("mlx_lm.generate.maybe_quantize_kv_cache")
@pytest.mark.parametrize("bits", [4, 8])
def test_caches_are_quantised_where_they_are_asked_to_be(hello: TextModel, bits: int) -> None:
    prompt = encode(hello, HELLO)
    plain = run(hello, prompt)[-1]
    quantised = run(hello, prompt, kv_bits=bits, kv_group_size=32)
    assert plain.snapshot is not None
    assert [type(layer) for layer in plain.snapshot.cache] == [KVCache, KVCache]
    assert quantised[-1].snapshot is None
    abilities.try_quantised(hello.network, bits, 32)


@pytest.mark.mlx_lm("mlx_lm.generate.maybe_quantize_kv_cache")
def test_a_row_that_the_groups_do_not_divide_raises(hello: TextModel) -> None:
    assert abilities.kv_row_sizes(hello.network) == {32}
    with pytest.raises(ValueError, match="group"):
        abilities.try_quantised(hello.network, 8, 64)


@pytest.mark.mlx_lm("mlx_lm.models.cache.ArraysCache", "mlx_lm.models.cache.KVCache")
def test_a_cache_that_can_not_be_quantised_is_named(hello: TextModel) -> None:
    window = Caching(lambda: RotatingKVCache(max_size=8))
    state = Caching(lambda: ArraysCache(2))
    assert abilities.unquantisable_cache(hello.network) is None
    assert abilities.unquantisable_cache(window) == "RotatingKVCache"
    assert abilities.unquantisable_cache(state) == "ArraysCache"


@pytest.mark.mlx_lm("mlx_lm.models.cache.make_prompt_cache")
def test_a_cache_that_can_not_go_back_is_named(hello: TextModel) -> None:
    assert abilities.untrimmable_cache(hello.network) is None
    assert abilities.untrimmable_cache(Caching(lambda: ArraysCache(2))) == "ArraysCache"


@pytest.mark.mlx_lm("mlx_lm.models.cache.make_prompt_cache")
def test_logits_are_as_wide_as_the_vocabulary(hello: TextModel) -> None:
    assert abilities.logits_width(hello.network) == hello.vocabulary
    assert abilities.logits_width(tiny_llama(vocab_size=300)) == 300


@pytest.mark.mlx_lm("mlx_lm.models.cache.trim_prompt_cache")
def test_what_a_draft_model_got_wrong_is_forgotten(hello: TextModel) -> None:
    prompt = encode(hello, HELLO)
    alone = run(hello, prompt)
    drafted = run(hello, prompt, draft=tiny_llama(), draft_tokens=5)
    assert ids(drafted) == ids(alone)
    first, second = alone[-1].snapshot, drafted[-1].snapshot
    assert first is not None
    assert second is not None
    shorter = min(len(first.tokens), len(second.tokens))
    assert caches.token_count(second.cache) == len(second.tokens)
    a, b = (caches.prefix(snapshot.cache, shorter) for snapshot in (first, second))
    for one, other in zip(a, b, strict=True):
        assert mx.allclose(one.keys, other.keys, atol=0.05).item()


@pytest.mark.mlx_lm("mlx_lm.models.cache.trim_prompt_cache")
def test_a_draft_model_goes_back(hello: TextModel) -> None:
    prompt = encode(hello, HELLO)
    draft = Draft(hello.network, hello.network)
    assert draft.prefill(prompt, len(prompt), 512)
    assert not draft.prefill(prompt, len(prompt), 512)
    draft.rewind(len(prompt) - 1)
    proposals = [token.item() for token in draft.propose(prompt, 3)]
    assert proposals == ids(run(hello, prompt, max_tokens=3))
    draft.rewind(len(prompt) - 1)
    assert [token.item() for token in draft.propose(prompt, 3)] == proposals


def test_a_window_goes_back_until_it_is_full() -> None:
    window = RotatingKVCache(max_size=8)
    window.update_and_fetch(mx.ones((1, 1, 5, 4)), mx.ones((1, 1, 5, 4)))
    assert can_rewind([window], 2)
    assert not can_rewind([window], 3)
    assert not can_rewind([ArraysCache(1)], 1)


@pytest.mark.mlx_lm("mlx_lm.utils.maybe_set_recommended_wired_limit")
def test_the_wired_limit_is_given_back(hello: TextModel) -> None:
    # On Metal it is a number, elsewhere there is none; either way it is as before at the end.
    sequential = Sequential(hello.network, hello.tokenizer)
    sequential.close()
    sequential.close()
    assert len(sequential) == 0
    if mx.metal.is_available():
        before = mx.set_wired_limit(0)
        mx.set_wired_limit(before)
        Sequential(hello.network, hello.tokenizer).close()
        assert mx.set_wired_limit(before) == before
