"""The contract with mlx-lm's caches: their kinds, their contents, and their files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx_lm.models.cache import (
    ArraysCache,
    CacheList,
    ChunkedKVCache,
    ConcatenateKVCache,
    KVCache,
    QuantizedKVCache,
    RotatingKVCache,
)

from decoding import Caching, encode
from mlx_app.mlx_lm_adapter import caches
from mlx_app.mlx_lm_adapter.cache_size import STEP, cache_size
from mlx_app.models.text_model import TextModel

pytestmark = pytest.mark.mlx_lm(
    "mlx_lm.models.cache.ArraysCache",
    "mlx_lm.models.cache.CacheList",
    "mlx_lm.models.cache.ChunkedKVCache",
    "mlx_lm.models.cache.ConcatenateKVCache",
    "mlx_lm.models.cache.KVCache",
    "mlx_lm.models.cache.QuantizedKVCache",
    "mlx_lm.models.cache.RotatingKVCache",
)

KINDS: dict[str, Callable[[], Any]] = {
    "plain": KVCache,
    "quantised": lambda: QuantizedKVCache(group_size=32, bits=8),
    "concatenated": ConcatenateKVCache,
    "window": lambda: RotatingKVCache(max_size=16),
    "chunks": lambda: ChunkedKVCache(16),
    "two": lambda: CacheList(KVCache(), RotatingKVCache(max_size=16)),
}
WINDOW = 16


def vectors(tokens: int, seed: int) -> mx.array:
    return mx.random.normal((1, 2, tokens, 32), key=mx.random.key(seed))


def feed(cache: Any, tokens: int, seed: int = 1) -> None:  # noqa: ANN401 — no common type
    for part in cache.caches if isinstance(cache, CacheList) else [cache]:
        part.update_and_fetch(vectors(tokens, seed), vectors(tokens, seed + 1))


def filled(kind: str, tokens: int) -> list[Any]:
    cache = KINDS[kind]()
    feed(cache, tokens)
    return [cache]


def equal(first: list[Any], second: list[Any]) -> bool:
    """Whether two caches hold the same numbers where tokens are."""
    a, b = caches.tight(first), caches.tight(second)
    flat = [list(_arrays(cache.state)) for cache in (*a, *b)]
    half = len(flat) // 2
    return all(
        x.shape == y.shape and mx.array_equal(x, y).item()
        for one, other in zip(flat[:half], flat[half:], strict=True)
        for x, y in zip(one, other, strict=True)
    )


def _arrays(state: Any) -> list[mx.array]:  # noqa: ANN401
    if isinstance(state, mx.array):
        return [state]
    if isinstance(state, str):
        return []
    if isinstance(state, int):
        return [mx.array(state)]
    return [array for part in state or () for array in _arrays(part)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_counts_its_tokens_and_bytes(kind: str) -> None:
    cache = filled(kind, 10)
    assert caches.token_count(cache) == 10
    assert caches.size_bytes(caches.tight(cache)) >= 10 * 2 * 2 * 32
    assert caches.unknown_cache(cache) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_is_what_fewer_tokens_would_have_left(kind: str) -> None:
    whole = filled(kind, 10)
    assert caches.cuttable(whole)
    part = caches.prefix(whole, 6)
    assert caches.token_count(part) == 6
    assert caches.token_count(whole) == 10
    feed(part[0], 3, seed=9)
    assert caches.token_count(part) == 9
    assert equal(whole, filled(kind, 10))
    again = caches.prefix(whole, 6)
    feed(again[0], 3, seed=9)
    assert equal(part, again)


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_grows_while_the_original_stays(kind: str) -> None:
    first = filled(kind, 10)
    second = caches.copied(first)
    feed(second[0], 4)
    assert caches.token_count(first) == 10
    assert equal(first, filled(kind, 10))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_restores_it(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    cache = filled(kind, 10)
    caches.save(file, caches.tight(cache), {"a": "b"})
    found = caches.load(file)
    assert [type(part) for part in found] == [type(part) for part in cache]
    assert caches.token_count(found) == 10
    assert equal(found, cache)
    feed(found[0], 1, seed=5)
    feed(cache[0], 1, seed=5)
    assert equal(found, cache)


@pytest.mark.parametrize("kind", ["window", "two"])
def test_a_full_window_can_not_be_cut(kind: str) -> None:
    assert not caches.cuttable(filled(kind, WINDOW + 1))


def test_a_full_window_keeps_no_more_than_the_window() -> None:
    cache = filled("window", 3 * WINDOW)
    (tight,) = caches.tight(cache)
    assert tight.keys.shape[2] == WINDOW
    assert caches.token_count([tight]) == 3 * WINDOW


def test_a_chunk_that_has_moved_on_can_not_be_cut() -> None:
    (cache,) = filled("chunks", WINDOW)
    assert caches.cuttable([cache])
    feed(cache, 4)
    cache.maybe_trim_front()
    assert not caches.cuttable([cache])


def test_a_state_has_no_tokens_and_can_not_be_cut() -> None:
    cache: Any = ArraysCache(2)
    assert caches.token_count([cache]) is None
    cache[0] = cache[1] = mx.ones((1, 3, 8))
    assert caches.size_bytes([cache]) == 2 * 3 * 8 * 4
    assert not caches.cuttable([cache])
    assert caches.unknown_cache([cache]) is None


@pytest.mark.parametrize("kind", ["plain", "window", "two"])
def test_what_can_be_batched_has_merge(kind: str) -> None:
    cache = KINDS[kind]
    assert caches.unbatchable_cache(Caching(cache)) is None


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: ChunkedKVCache(8), "ChunkedKVCache"),
        (QuantizedKVCache, "QuantizedKVCache"),
        (ConcatenateKVCache, "ConcatenateKVCache"),
    ],
)
def test_a_cache_that_can_not_be_batched_is_named(make: Callable[[], object], name: str) -> None:
    assert caches.unbatchable_cache(Caching(make)) == name


def test_a_kind_of_its_own_is_named() -> None:
    class Other(KVCache):  # type: ignore[misc]
        pass

    assert caches.unknown_cache([Other()]) == "Other"


@pytest.mark.mlx_lm("mlx_lm.models.cache.make_prompt_cache")
def test_a_model_has_a_cache_for_each_layer(hello: TextModel) -> None:
    cache = caches.new_cache(hello.network)
    assert [type(part) for part in cache] == [KVCache, KVCache]
    assert caches.token_count(cache) is None
    assert caches.always_cuttable(hello.network)
    hello.network(mx.array([encode(hello, "Say hello.")]), cache=cache)
    caches.evaluate(cache)
    assert caches.token_count(cache) == len(encode(hello, "Say hello."))


@pytest.mark.mlx_lm(
    "mlx_lm.models.cache.load_prompt_cache", "mlx_lm.models.cache.save_prompt_cache"
)
def test_a_file_goes_on_as_the_model_would(hello: TextModel, tmp_path: Path) -> None:
    prompt = mx.array([encode(hello, "Say hello.")])
    cache = caches.new_cache(hello.network)
    hello.network(prompt, cache=cache)
    caches.save(tmp_path / "a.safetensors", caches.tight(cache), {})
    found = caches.load(tmp_path / "a.safetensors")
    caches.check_fits(found, hello.network)
    token = mx.array([[5]])
    assert mx.array_equal(
        hello.network(token, cache=found), hello.network(token, cache=cache)
    ).item()


def test_a_cache_of_another_model_does_not_fit(hello: TextModel) -> None:
    with pytest.raises(ValueError, match="other kinds"):
        caches.check_fits([RotatingKVCache(max_size=8), KVCache()], hello.network)
    shapes = caches.new_cache(hello.network)
    for layer in shapes:
        feed(layer, 3)
    caches.check_fits(shapes, hello.network)
    for layer in shapes:
        layer.keys = layer.keys[..., :16]
    with pytest.raises(ValueError, match="shape"):
        caches.check_fits(shapes, hello.network)


@pytest.mark.mlx_lm("mlx_lm.models.cache.make_prompt_cache")
@pytest.mark.parametrize("tokens", [1, STEP, STEP + 1])
def test_the_size_is_what_the_caches_take(hello: TextModel, tokens: int) -> None:
    cache = caches.new_cache(hello.network)
    hello.network(mx.zeros((1, tokens), mx.int32), cache=cache)
    caches.evaluate(cache)
    told = cache_size(hello.network, hello.config).bytes(tokens)
    assert told == sum(layer.keys.nbytes + layer.values.nbytes for layer in cache)


def test_the_size_of_a_list_of_caches_is_that_of_its_parts() -> None:
    class Both(nn.Module):
        def make_cache(self) -> list[Any]:
            return [CacheList(KVCache(), RotatingKVCache(max_size=WINDOW))]

        def __call__(self, tokens: mx.array, cache: list[Any]) -> None:
            feed(cache[0], tokens.shape[1])

    size = cache_size(Both(), {"num_attention_heads": 2})  # type: ignore[no-untyped-call]
    assert [layer.window_tokens for layer in size.layers] == [None, WINDOW]
    assert [layer.quantisable for layer in size.layers] == [True, False]
    assert size.layers[0].token_bytes == 2 * 2 * 32 * 4
