"""A model gives the same answers with a prompt cache and without it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx_lm.models.cache import (
    ArraysCache,
    BatchKVCache,
    ChunkedKVCache,
    KVCache,
    RotatingKVCache,
)

from mlx_app.mlx_lm_adapter import caches
from mlx_app.models.text_model import TextModel
from mlx_app.prompt.prompt_cache import Kind, PromptCache
from prompt_cache_run import Answer, run
from small_networks import NETWORKS, VOCABULARY, WINDOW, plain

LARGE = 1 << 30


@dataclass(frozen=True)
class Case:
    name: str
    network: nn.Module

    @property
    def cuttable(self) -> bool:
        return self.name == "plain"


@pytest.fixture(scope="module", params=NETWORKS)
def case(request: pytest.FixtureRequest) -> Case:
    name = str(request.param)
    return Case(name, NETWORKS[name]())


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return plain()


def tokens(seed: int, count: int) -> list[int]:
    drawn: list[int] = mx.random.randint(  # type: ignore[assignment]
        0, VOCABULARY, (count,), key=mx.random.key(seed)
    ).tolist()
    return drawn


def same(first: list[Answer], second: list[Answer]) -> bool:
    """Whether the tokens are the same and their log-probabilities, but for rounding."""
    return [a.tokens for a in first] == [b.tokens for b in second] and all(
        mx.allclose(mx.stack(a.logprobs), mx.stack(b.logprobs), atol=1e-3).item()
        for a, b in zip(first, second, strict=True)
    )


def told(case: Case, prompt: list[int]) -> Answer:
    (answer,) = run(case.network, [prompt])
    return answer


def test_a_second_turn_goes_on_where_the_first_ended(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    prompt = tokens(1, 40)
    (first,) = run(case.network, [prompt], cache)
    second = prompt + first.tokens + tokens(2, 9)
    (answer,) = run(case.network, [second], cache)
    assert answer.cached == 50
    assert answer.read == 9
    assert same([answer], [told(case, second)])


def test_the_same_prompt_again_reads_only_its_end(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    prompt = tokens(1, 40)
    (first,) = run(case.network, [prompt], cache, wanted=[{37: "user"}])
    (second,) = run(case.network, [prompt], cache, wanted=[{37: "user"}])
    assert second.cached == (39 if case.cuttable else 37)
    assert same([first, second], [told(case, prompt)] * 2)


def test_an_edited_message_uses_what_is_before_it(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    prompt = tokens(1, 60)
    run(case.network, [prompt], cache, wanted=[{21: "system", 40: "user"}])
    edited = [*prompt[:50], (prompt[50] + 1) % VOCABULARY, *prompt[51:]]
    (answer,) = run(case.network, [edited], cache)
    assert answer.cached == (50 if case.cuttable else 40)
    assert same([answer], [told(case, edited)])


def test_a_prompt_that_is_shorter_than_what_was_read(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    prompt = tokens(1, 60)
    run(case.network, [prompt], cache, wanted=[{21: "system"}])
    (answer,) = run(case.network, [prompt[:30]], cache)
    assert answer.cached == (29 if case.cuttable else 21)
    assert same([answer], [told(case, prompt[:30])])


def test_questions_share_a_system_prompt_in_one_batch(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    system = tokens(1, 21)
    first = system + tokens(2, 12)
    (answer,) = run(case.network, [first], cache, wanted=[{21: "system"}])
    prompts = [system + tokens(3, 5), tokens(4, 33), system + tokens(5, 30), tokens(6, 2)]
    answers = run(case.network, prompts, cache)
    assert [a.cached for a in answers] == [21, 0, 21, 0]
    assert same([answer, *answers], [told(case, prompt) for prompt in [first, *prompts]])


def test_caches_out_of_a_batch_of_different_lengths(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    prompts = [tokens(seed, count) for seed, count in [(1, 50), (2, 3), (3, 29), (4, 17), (5, 1)]]
    boundaries: list[dict[int, Kind]] = [{len(p) - len(p) // 3: "user"} for p in prompts]
    first = run(case.network, prompts, cache, wanted=boundaries)
    assert same(first, [told(case, prompt) for prompt in prompts])
    second = [p + a.tokens + tokens(9, len(p) % 7) for p, a in zip(prompts, first, strict=True)]
    answers = run(case.network, second, cache)
    assert [a.cached for a in answers] == [len(prompt) + 10 for prompt in prompts]
    assert same(answers, [told(case, prompt) for prompt in second])
    # What was kept in the middle of the prefill, beside longer and shorter ones.
    middles = [len(prompt) - len(prompt) // 3 for prompt in prompts if len(prompt) > 1]
    others = [p[:middle] + tokens(8, 6) for p, middle in zip(prompts, middles, strict=False)]
    answers = run(case.network, others, cache)
    assert [a.cached for a in answers] == middles
    assert same(answers, [told(case, prompt) for prompt in others])


def test_what_was_dropped_is_read_again(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    prompt = tokens(1, 40)
    run(case.network, [prompt], cache)
    cache.trim_to(0)
    (answer,) = run(case.network, [prompt], cache)
    assert (answer.cached, answer.read) == (0, 40)
    assert same([answer], [told(case, prompt)])


def test_a_window_that_is_not_full_can_be_cut() -> None:
    case = Case("sliding", NETWORKS["sliding"]())
    cache = PromptCache(case.network, LARGE)
    prompt = tokens(1, 10)
    (first,) = run(case.network, [prompt], cache, max_tokens=WINDOW - 11)
    assert first.tokens
    edited = [*prompt[:6], *tokens(2, 30)]
    (answer,) = run(case.network, [edited], cache)
    assert answer.cached == 6
    assert same([answer], [told(case, edited)])


def test_these_tests_see_a_wrong_cache(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    prompt, other = tokens(1, 40), tokens(2, 40)
    run(case.network, [other], cache, wanted=[{37: "user"}], shared=[37])
    wrong = cache.find(other).cache
    assert wrong is not None
    count = caches.token_count(wrong) or 37
    cache.clear()
    cache.keep(prompt[:count], wrong, "user")
    (answer,) = run(case.network, [prompt], cache)
    assert answer.cached == count
    assert not same([answer], [told(case, prompt)])


def chat(hello: TextModel, *texts: str, system: str | None = None) -> list[int]:
    messages = [{"role": "system", "content": system}] if system else []
    for index, text in enumerate(texts):
        messages.append({"role": "assistant" if index % 2 else "user", "content": text})
    return hello.tokenizer.apply_chat_template(messages, add_generation_prompt=True)


def say(
    hello: TextModel, prompts: list[list[int]], cache: PromptCache | None = None
) -> list[tuple[str, int]]:
    """The text of each answer and how many tokens were cached."""
    stop = hello.tokenizer.eos_token_ids
    answers = run(hello.network, prompts, cache, stop=stop, max_tokens=200)
    return [(hello.tokenizer.decode(answer.tokens), answer.cached) for answer in answers]


def test_hello_says_the_same_in_each_turn_of_two_chats(
    hello: TextModel, answers: dict[str, str]
) -> None:
    cache = PromptCache(hello.network, LARGE)
    system = "You are a friendly helper who answers in one sentence."
    questions = list(answers)[:4]
    chats: list[list[str]] = [[], []]
    cached: list[list[int]] = []
    for turn in range(3):
        for index, texts in enumerate(chats):
            texts.append(questions[(turn + index) % len(questions)])
        prompts = [chat(hello, *texts, system=system) for texts in chats]
        said = say(hello, prompts, cache)
        assert [text for text, _ in said] == [say(hello, [prompt])[0][0] for prompt in prompts]
        cached.append([count for _, count in said])
        for texts, (text, _) in zip(chats, said, strict=True):
            texts.append(text)
    assert cached[0] == [0, 0]
    assert 20 < min(cached[1]) < min(cached[2])


def test_hello_answers_again_from_all_but_one_token(
    hello: TextModel, answers: dict[str, str]
) -> None:
    cache = PromptCache(hello.network, LARGE)
    question, answer = next(iter(answers.items()))
    prompt = chat(hello, question)
    assert say(hello, [prompt], cache) == [(answer, 0)]
    assert say(hello, [prompt, prompt], cache) == [(answer, len(prompt) - 1)] * 2


def test_quantised_keys_can_be_cut_and_written_to(hello: TextModel) -> None:
    def quantised(count: int) -> list[object]:
        cache = caches.new_cache(hello.network)
        hello.network(mx.array([prompt[:count]]), cache=cache)
        return [layer.to_quantized(group_size=32, bits=8) for layer in cache]

    prompt = tokens(1, 60)
    cache = PromptCache(hello.network, LARGE)
    cache.keep(prompt, quantised(60), "user")
    found = cache.find(prompt[:31])
    assert found.count == 30
    step = mx.array([[prompt[30]]])
    expected = hello.network(step, cache=quantised(30))
    assert mx.allclose(hello.network(step, cache=found.cache), expected, atol=0.05).item()


# What follows needs no network's answers.


def kv(count: int, *, room: int = 0, heads: int = 4) -> list[KVCache]:
    """A cache of one layer that holds `count` tokens: heads * 64 * 4 * 2 bytes each."""
    cache = KVCache()
    cache.keys = mx.random.normal((1, heads, count + room, 64))
    cache.values = mx.random.normal((1, heads, count + room, 64))
    cache.offset = count
    mx.eval(cache.keys, cache.values)
    return [cache]


TOKEN_BYTES = 4 * 64 * 4 * 2


def held_bytes() -> int:
    mx.clear_cache()
    return mx.get_active_memory()


def test_reading_an_entry_counts_as_use(network: nn.Module) -> None:
    cache = PromptCache(network, 3 * 10 * TOKEN_BYTES)
    prompts = [tokens(seed, 10) for seed in range(1, 5)]
    for prompt in prompts[:3]:
        assert cache.keep(prompt, kv(10), "assistant")
    assert cache.find([*prompts[0], 1]).count == 10
    assert cache.keep(prompts[3], kv(10), "assistant")
    assert [cache.find([*prompt, 1]).count for prompt in prompts] == [10, 0, 10, 10]
    assert cache.bytes == 3 * 10 * TOKEN_BYTES


def test_a_system_prompt_outlives_the_chats(network: nn.Module) -> None:
    cache = PromptCache(network, 30 * TOKEN_BYTES)
    system = tokens(1, 10)
    cache.keep(system, kv(10), "system")
    for seed in range(2, 8):
        cache.keep(system + tokens(seed, 10), kv(20), "assistant")
        assert len(cache) == 2
    cache.trim_to(20 * TOKEN_BYTES)
    assert (len(cache), cache.bytes) == (1, 10 * TOKEN_BYTES)
    assert cache.find(system + tokens(2, 10)).count == 10


def test_system_prompts_that_are_never_the_same_do_not_push_chats_out(network: nn.Module) -> None:
    cache = PromptCache(network, 60 * TOKEN_BYTES)
    chat_tokens = tokens(1, 10)
    cache.keep(chat_tokens, kv(10), "assistant")
    for seed in range(2, 20):
        assert cache.find([*chat_tokens, 1]).count == 10
        cache.keep(tokens(seed, 10), kv(10), "system")
    assert cache.bytes <= 60 * TOKEN_BYTES


def test_what_is_larger_than_the_limit_leaves_the_rest(network: nn.Module) -> None:
    cache = PromptCache(network, 20 * TOKEN_BYTES)
    cache.keep(tokens(1, 10), kv(10), "assistant")
    assert not cache.keep(tokens(2, 21), kv(21), "assistant")
    assert cache.find([*tokens(1, 10), 1]).count == 10
    assert cache.keep(tokens(2, 20), kv(20), "assistant")
    assert cache.bytes == 20 * TOKEN_BYTES
    assert not PromptCache(network, 0).keep(tokens(1, 10), kv(10), "assistant")


def test_one_entry_stands_for_its_prefixes(network: nn.Module) -> None:
    cache = PromptCache(network, LARGE)
    prompt = tokens(1, 30)
    cache.keep(prompt[:10], kv(10), "user")
    cache.keep(prompt, kv(30), "assistant")
    assert not cache.keep(prompt[:20], kv(20), "user")
    assert not cache.keep(prompt, kv(30), "assistant")
    assert (len(cache), cache.bytes) == (1, 30 * TOKEN_BYTES)


@pytest.mark.parametrize("prompt", [[], [5]])
def test_a_prompt_of_no_or_one_token_finds_nothing(network: nn.Module, prompt: list[int]) -> None:
    cache = PromptCache(network, LARGE)
    cache.keep([5, 6, 7], kv(3), "assistant")
    found = cache.find(prompt)
    assert (found.cache, found.count) == (None, 0)


def test_a_single_token_is_found(network: nn.Module) -> None:
    cache = PromptCache(network, LARGE)
    cache.keep([5], kv(1), "assistant")
    assert cache.find([5, 6]).count == 1


def test_a_cache_of_other_tokens_is_not_taken(network: nn.Module) -> None:
    cache = PromptCache(network, LARGE)
    with pytest.raises(ValueError, match="holds 10 tokens, not 9"):
        cache.keep(tokens(1, 9), kv(10), "assistant")


def test_what_is_found_can_be_written_to(network: nn.Module) -> None:
    cache = PromptCache(network, LARGE)
    prompt = tokens(1, 30)
    original = kv(30)
    cache.keep(prompt, original, "assistant")
    for end in (30, 12):
        found = cache.find([*prompt[:end], 1])
        assert found.cache is not None
        step = mx.ones((1, 4, 1, 64))
        mx.eval(found.cache[0].update_and_fetch(step, step))
        assert found.cache[0].offset == end + 1
    again = cache.find([*prompt, 1]).cache
    assert again is not None
    assert mx.array_equal(again[0].keys, original[0].keys).item()
    assert (original[0].offset, original[0].keys.shape[2]) == (30, 30)


def test_a_few_tokens_of_a_long_entry_copy_no_long_entry(network: nn.Module) -> None:
    cache = PromptCache(network, LARGE)
    prompt = tokens(1, 4000)
    cache.keep(prompt, kv(4000), "assistant")
    before = held_bytes()
    found = cache.find([*prompt[:10], -1])
    assert found.cache is not None
    mx.eval(found.cache[0].state)
    assert held_bytes() - before < 100 * TOKEN_BYTES
    step = mx.ones((1, 4, 1, 64))
    mx.eval(found.cache[0].update_and_fetch(step, step))
    assert held_bytes() - before < 1000 * TOKEN_BYTES


def _with_room() -> list[KVCache]:
    return kv(1000, room=1000)


def _out_of_a_batch() -> list[KVCache]:
    merged = BatchKVCache.merge([kv(1000)[0], *(kv(3000)[0] for _ in range(3))])
    return [merged.extract(0)]


def _arrays_out_of_a_batch() -> list[ArraysCache]:
    one = ArraysCache(2)
    one.cache = [mx.ones((1, 1000, 64)), mx.ones((1, 1000, 64))]
    extracted: list[ArraysCache] = [ArraysCache.merge([one] * 8).extract(3)]
    mx.eval(extracted[0].state)
    return extracted


@pytest.mark.parametrize("make", [_with_room, _out_of_a_batch, _arrays_out_of_a_batch])
def test_an_entry_holds_the_bytes_that_it_reports(
    network: nn.Module, make: Callable[[], list[object]]
) -> None:
    cache = PromptCache(network, LARGE)
    before = held_bytes()
    cache.keep(tokens(1, 1000), make(), "assistant")
    held = held_bytes() - before
    # MLX leaves a slack of up to 16 KiB for each of the two arrays.
    assert cache.bytes <= held <= cache.bytes + 2 * 16 * 1024
    cache.clear()
    assert cache.bytes == 0
    assert held_bytes() - before < 1024


def test_a_window_keeps_no_more_than_the_window() -> None:
    rotating = RotatingKVCache(max_size=8)
    chunk = mx.random.normal((1, 1, 20, 4))
    for start in (0, 10):
        rotating.update_and_fetch(chunk[:, :, start : start + 10], chunk[:, :, start : start + 10])
    assert rotating.keys.shape[2] == 17
    (kept,) = caches.tight([rotating])
    assert mx.array_equal(kept.keys, chunk[:, :, -8:]).item()
    step = mx.random.normal((1, 1, 1, 4))
    expected, _ = copy.deepcopy(rotating).update_and_fetch(step, step)
    actual, _ = kept.update_and_fetch(step, step)
    assert mx.array_equal(actual, expected).item()


def test_a_chunk_whose_start_is_gone_can_not_be_cut() -> None:
    chunked = ChunkedKVCache(8)
    chunk = mx.ones((1, 1, 12, 4))
    chunked.update_and_fetch(chunk, chunk)
    assert caches.cuttable([chunked])
    chunked.maybe_trim_front()
    assert chunked.is_trimmable()
    assert not caches.cuttable([chunked])


def test_where_a_prefill_has_to_stop(case: Case) -> None:
    cache = PromptCache(case.network, LARGE)
    all_of_them = [20, 50] if not case.cuttable else []
    assert cache.boundaries([50, 20, 0, 60], 60) == all_of_them
    assert cache.boundaries([50, 20], 60, shared=[20]) == (all_of_them or [20])
    assert cache.boundaries([50, 20], 60, shared=[20, 59], cached=20) == [*all_of_them[1:], 59]
