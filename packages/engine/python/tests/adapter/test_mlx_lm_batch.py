"""The contract with mlx-lm's BatchGenerator: sequences that come and go between steps."""

import math

import mlx.core as mx
import pytest

from decoding import encode
from mlx_app.decoding.sampling import make_sampler
from mlx_app.mlx_lm_adapter.batch import Batch, CacheSnapshot, PrefillProgress, Token
from mlx_app.mlx_lm_adapter.sampling import Sampler, greedy
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Generate

pytestmark = pytest.mark.mlx_lm(
    "mlx_lm.generate.BatchGenerator", "mlx_lm.generate.make_stop_sequences"
)

STORY = "Tell me a story."
HELLO = "Say hello."


def finish(batch: Batch, count: int) -> dict[int, list[Token]]:
    """The tokens of the next `count` sequences that end, and of those beside them."""
    tokens: dict[int, list[Token]] = {}
    while count:
        for token in batch.step().tokens:
            tokens.setdefault(token.uid, []).append(token)
            count -= token.finish_reason is not None
    return tokens


def text_of(hello: TextModel, tokens: list[Token]) -> str:
    detokenizer = hello.tokenizer.detokenizer
    text = ""
    for token in tokens:
        if token.finish_reason != "stop":
            detokenizer.add_token(token.token)
        if token.finish_reason is not None:
            detokenizer.finalize()
        text += detokenizer.last_segment
    return text


def generate(
    hello: TextModel, sequences: list[tuple[str, Sampler]], max_tokens: int = 400
) -> list[str]:
    batch = Batch(hello.network, hello.tokenizer)
    uids = [batch.insert(encode(hello, q), max_tokens, sampler) for q, sampler in sequences]
    tokens = finish(batch, len(uids))
    batch.close()
    return [text_of(hello, tokens[uid]) for uid in uids]


def wild(seed: int) -> Sampler:
    return make_sampler(Generate(id=1, model="hello", temperature=2, seed=seed), 512)


def prefills_of(batch: Batch, uid: int) -> list[PrefillProgress]:
    """The chunks of a prompt, up to the first token."""
    prefills: list[PrefillProgress] = []
    while True:
        step = batch.step()
        prefills += [prefill for prefill in step.prefills if prefill.uid == uid]
        if any(token.uid == uid for token in step.tokens):
            return prefills


def test_a_batch_of_mixed_lengths_gives_each_its_answer(
    hello: TextModel, answers: dict[str, str]
) -> None:
    assert generate(hello, [(q, greedy) for q in answers]) == list(answers.values())


def test_a_seed_gives_the_same_alone_and_in_a_batch(hello: TextModel) -> None:
    (alone,) = generate(hello, [(STORY, wild(7))], 50)
    batch = [(STORY, wild(seed)) for seed in range(12)]
    assert generate(hello, batch, 50)[7] == alone


def test_the_end_has_its_finish_reason(hello: TextModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    short = batch.insert(encode(hello, STORY), 3, greedy)
    whole = batch.insert(encode(hello, HELLO), 100, greedy)
    tokens = finish(batch, 2)
    assert [token.finish_reason for token in tokens[short]] == [None, None, "length"]
    assert tokens[whole][-1].finish_reason == "stop"
    assert tokens[whole][-1].token in hello.tokenizer.eos_token_ids
    assert batch.step().tokens == []


def test_each_token_comes_with_the_probabilities_of_all(hello: TextModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    uid = batch.insert(encode(hello, HELLO), 4, greedy)
    for token in finish(batch, 1)[uid]:
        assert token.logprobs.shape == (hello.vocabulary,)
        assert math.isclose(mx.exp(token.logprobs).sum().item(), 1, abs_tol=1e-2)  # type: ignore[arg-type]
        assert mx.argmax(token.logprobs).item() == token.token


def test_a_sequence_can_be_removed_in_any_state(hello: TextModel, answers: dict[str, str]) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    prompt = encode(hello, HELLO)
    stays = batch.insert(prompt, 100, greedy)
    decoding = batch.insert(prompt, 100, greedy)
    first: list[Token] = []
    while not first:
        first = batch.step().tokens
    prefilling = batch.insert(prompt * 200, 100, greedy)
    queued = [batch.insert(prompt, 100, greedy) for _ in range(40)]
    begun = batch.step()
    assert prefilling in [prefill.uid for prefill in begun.prefills]
    assert queued[-1] not in [prefill.uid for prefill in begun.prefills]
    snapshot = batch.remove([decoding, prefilling, *queued], snapshot=True)
    assert snapshot[decoding].tokens[: len(prompt)] == prompt
    assert 0 < len(snapshot[prefilling].tokens) < len(prompt * 200)
    assert snapshot[queued[-1]].tokens == []
    tokens = finish(batch, 1)
    assert set(tokens) == {stays}
    told = [token for token in [*first, *begun.tokens] if token.uid == stays] + tokens[stays]
    assert text_of(hello, told) == answers[HELLO]


def test_removing_an_unknown_sequence_is_no_error(hello: TextModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    assert batch.remove([7], snapshot=True) == {}


def test_the_chunks_of_a_prompt_are_reported(hello: TextModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    batch.prefill_tokens = 40
    uid = batch.insert([5] * 100, 1, greedy, boundaries=[60])
    prefills = prefills_of(batch, uid)
    assert [(prefill.tokens, prefill.at_boundary) for prefill in prefills] == [
        (40, False),
        (60, True),
        (99, True),
    ]


def test_a_chunk_may_be_another_size_in_each_step(hello: TextModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    batch.insert([5] * 1000, 1, greedy)
    told = []
    for batch.prefill_tokens in (10, 100, 30):
        (prefill,) = batch.step().prefills
        told.append(prefill.tokens)
    assert told == [10, 110, 140]


def test_a_snapshot_at_a_boundary_continues_to_the_same_answer(
    hello: TextModel, answers: dict[str, str]
) -> None:
    prompt = encode(hello, STORY)
    batch = Batch(hello.network, hello.tokenizer)
    uid = batch.insert(prompt, 400, greedy, boundaries=[4])
    while not any(prefill.at_boundary and prefill.tokens == 4 for prefill in batch.step().prefills):
        pass
    snapshot = batch.snapshots([uid])[uid]
    assert snapshot.tokens == prompt[:4]
    again = batch.insert(prompt[4:], 400, greedy, snapshot=snapshot)
    tokens = finish(batch, 2)
    assert text_of(hello, tokens[uid]) == text_of(hello, tokens[again]) == answers[STORY]


def test_the_end_has_a_snapshot_of_what_was_read(hello: TextModel) -> None:
    prompt = encode(hello, HELLO)
    batch = Batch(hello.network, hello.tokenizer)
    uid = batch.insert(prompt, 5, greedy)
    tokens = finish(batch, 1)[uid]
    assert [token.snapshot for token in tokens[:-1]] == [None] * 4
    snapshot = tokens[-1].snapshot
    assert isinstance(snapshot, CacheSnapshot)
    # The last token too: it was read while its text was on its way.
    assert snapshot.tokens == prompt + [token.token for token in tokens]
    turn = encode(hello, STORY)
    after = batch.insert(turn, 30, greedy, snapshot=snapshot)
    fresh = batch.insert(snapshot.tokens + turn, 30, greedy)
    answers = finish(batch, 2)
    assert text_of(hello, answers[after]) == text_of(hello, answers[fresh])


def test_a_processor_sees_the_snapshot_and_each_token(hello: TextModel) -> None:
    prompt = encode(hello, HELLO)
    seen: list[list[int]] = []

    def watch(tokens: mx.array, logits: mx.array, /) -> mx.array:
        assert logits.shape == (1, hello.vocabulary)
        seen.append(tokens.tolist())  # type: ignore[arg-type]
        return logits

    batch = Batch(hello.network, hello.tokenizer)
    first = batch.insert(prompt, 3, greedy, [watch])
    tokens = finish(batch, 1)[first]
    snapshot = tokens[-1].snapshot
    whole = prompt + [token.token for token in tokens]
    assert [whole[: len(one)] for one in seen] == seen
    assert seen[:3] == [whole[:-3], whole[:-2], whole[:-1]]
    seen.clear()
    batch.insert([5], 1, greedy, [watch], snapshot=snapshot)
    finish(batch, 1)
    assert seen[0] == [*whole, 5]


def test_the_size_of_the_caches_is_reported(hello: TextModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    assert batch.cache_bytes == 0
    uid = batch.insert(encode(hello, HELLO), 100, greedy)
    while not batch.step().tokens:
        pass
    # Keys and values of two layers, 256 tokens of 64 numbers, two bytes each.
    assert batch.cache_bytes == 2 * 2 * 256 * 64 * 2
    batch.remove([uid])
    assert batch.cache_bytes == 0


def test_closing_twice_is_no_error(hello: TextModel) -> None:
    batch = Batch(hello.network, hello.tokenizer)
    batch.close()
    batch.close()
