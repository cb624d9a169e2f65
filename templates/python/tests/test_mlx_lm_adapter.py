"""The contract with mlx-lm: what this project uses of it, and how that has to behave."""

from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx_lm.models.cache import ChunkedKVCache

from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter import caches, sampling
from mlx_app.mlx_lm_adapter.batch import Batch
from mlx_app.mlx_lm_adapter.sampling import Sampler
from mlx_app.protocol import Generate
from mlx_app.sampling import check_tokens, make_processors, make_sampler
from mlx_app.weights import ReadModel

STORY = "Tell me a story."


def encode(hello: ReadModel, question: str) -> list[int]:
    messages = [{"role": "user", "content": question}]
    return hello.tokenizer.apply_chat_template(messages, add_generation_prompt=True)


def generate(
    hello: ReadModel, sequences: list[tuple[str, Sampler]], max_tokens: int = 400
) -> list[str]:
    batch = Batch(hello.network, hello.tokenizer)
    uids = [batch.insert(encode(hello, q), max_tokens, sampler) for q, sampler in sequences]
    # A property that gives a new one each time.
    detokenizers = {uid: hello.tokenizer.detokenizer for uid in uids}  # noqa: C420
    texts = dict.fromkeys(uids, "")
    unfinished = set(uids)
    while unfinished:
        for token in batch.step():
            detokenizer = detokenizers[token.uid]
            if token.finish_reason != "stop":
                detokenizer.add_token(token.token)
            if token.finish_reason is not None:
                detokenizer.finalize()
                unfinished.discard(token.uid)
            texts[token.uid] += detokenizer.last_segment
    batch.close()
    return [texts[uid] for uid in uids]


def wild(seed: int) -> Sampler:
    return make_sampler(Generate(id=1, model="hello", temperature=2, seed=seed), 512)


def test_a_batch_of_mixed_lengths_gives_each_its_answer(
    hello: ReadModel, answers: dict[str, str]
) -> None:
    assert generate(hello, [(q, sampling.greedy) for q in answers]) == list(answers.values())


def test_a_seed_gives_the_same_alone_and_in_a_batch(hello: ReadModel) -> None:
    (alone,) = generate(hello, [(STORY, wild(7))], 50)
    batch = [(STORY, wild(seed)) for seed in range(12)]
    assert generate(hello, batch, 50)[7] == alone


def test_a_sequence_can_be_removed_in_any_state(hello: ReadModel, answers: dict[str, str]) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    prompt = encode(hello, "Say hello.")
    kept = batch.insert(prompt, 100, sampling.greedy)
    decoding = batch.insert(prompt, 100, sampling.greedy)
    while not batch.step():
        pass
    prefilling = batch.insert(prompt * 200, 100, sampling.greedy)
    queued = [batch.insert(prompt, 100, sampling.greedy) for _ in range(40)]
    batch.step()
    batch.remove([decoding, prefilling, *queued])
    rest: list[int] = []
    while True:
        (token,) = batch.step()
        assert token.uid == kept
        if token.finish_reason is not None:
            break
        rest.append(token.token)
    assert 0 < len(rest) < len(answers["Say hello."])


def test_the_end_is_told_with_its_reason(hello: ReadModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    batch.insert(encode(hello, STORY), 3, sampling.greedy)
    reasons: list[str | None] = []
    while None in reasons or not reasons or len(reasons) < 3:
        reasons += [token.finish_reason for token in batch.step()]
        if len(reasons) >= 3:
            break
    assert reasons == [None, None, "length"]


@pytest.mark.parametrize("option", ["top_p", "min_p", "top_k"])
def test_filters_leave_the_likeliest(option: str) -> None:
    logprobs = mx.log(mx.array([[0.5, 0.3, 0.15, 0.05]]))
    kept = {
        "top_p": sampling.keep_top_p(logprobs, 0.6),
        "min_p": sampling.keep_min_p(logprobs, 0.5),
        "top_k": sampling.keep_top_k(logprobs, 2),
    }[option]
    assert mx.isinf(kept).tolist() == [[False, False, True, True]]


def _ints(array: mx.array) -> list[int]:
    numbers: list[int] = array.tolist()  # type: ignore[assignment]
    return numbers


def test_options_of_a_request_reach_the_sampler() -> None:
    logprobs = mx.log(mx.array([[0.5, 0.3, 0.15, 0.05]]))

    def drawn(**options: float) -> set[int]:
        request = Generate(id=1, model="hello", seed=1, **options)  # type: ignore[arg-type]
        sampler = make_sampler(request, 4)
        return {index for _ in range(200) for index in _ints(sampler(logprobs))}

    assert drawn(temperature=2) == {0, 1, 2, 3}
    assert drawn(temperature=0) == {0}
    assert drawn(temperature=2, top_k=2) == {0, 1}
    assert drawn(temperature=2, top_k=400) == {0, 1, 2, 3}
    assert drawn(temperature=2, top_p=0.6) == {0, 1}
    assert drawn(temperature=2, min_p=0.2) == {0, 1, 2}
    assert drawn(temperature=0.05) == {0}
    assert drawn(temperature=2, xtc_probability=1, xtc_threshold=0.1) == {2, 3}
    assert drawn(temperature=2, xtc_probability=0.5, xtc_threshold=0.1) == {0, 1, 2, 3}


def test_xtc_spares_the_tokens_that_are_named() -> None:
    logprobs = mx.log(mx.array([[0.5, 0.3, 0.15, 0.05]]))
    request = Generate(id=1, model="hello", temperature=2, xtc_probability=1, seed=1)
    sampler = make_sampler(request, 4, never_left_out=[0])
    assert {index for _ in range(200) for index in _ints(sampler(logprobs))} == {0, 2, 3}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"logit_bias": {"1": 5.0, "3": -5.0}}, [[0, 6, 2, -2]]),
        ({"repetition_penalty": 2.0}, [[0, 0.5, 1, 3]]),
        ({"presence_penalty": 1.0}, [[0, 0, 1, 3]]),
        ({"frequency_penalty": 1.0}, [[0, -1, 1, 3]]),
        ({"frequency_penalty": 1.0, "frequency_context": 2}, [[0, 0, 1, 3]]),
    ],
)
def test_processors_change_the_logits(options: dict[str, Any], expected: list[object]) -> None:
    processors = make_processors(Generate(id=1, model="hello", **options))
    result: list[object] = []
    for processor in processors:
        logits = processor(mx.array([1, 1, 2]), mx.array([[0.0, 1.0, 2.0, 3.0]]))
        result = logits.tolist()  # type: ignore[assignment]
    assert result == expected


def test_a_token_that_the_model_has_not_is_refused() -> None:
    check_tokens(Generate(id=1, model="hello", logit_bias={"3": 1.0}), 4)
    with pytest.raises(EngineError, match="token 4"):
        check_tokens(Generate(id=1, model="hello", logit_bias={"4": 1.0}), 4)


def test_a_cache_that_can_not_be_batched_is_named(hello: ReadModel) -> None:
    class Chunked(nn.Module):
        def make_cache(self) -> list[object]:
            return [ChunkedKVCache(8)]

    assert caches.unbatchable_cache(hello.network) is None
    chunked = Chunked()  # type: ignore[no-untyped-call]
    assert caches.unbatchable_cache(chunked) == "ChunkedKVCache"


def test_compilation_is_as_it_was_after_a_filter() -> None:
    compiled = mx.compile(lambda x: x * 2 + 1)
    sampling.keep_top_p(mx.log(mx.array([[0.5, 0.5]])), 0.3)
    assert compiled(mx.array(2.0)).item() == 5
