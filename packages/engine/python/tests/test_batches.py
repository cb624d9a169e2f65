"""The batches of one model: where sequences decode, and what a failure leaves."""

from collections.abc import Hashable

import pytest

from decoding import encode
from mlx_app.mlx_lm_adapter.batch import Batch, PrefillProgress, Token
from mlx_app.mlx_lm_adapter.sampling import greedy
from mlx_app.mlx_lm_adapter.sequential import Failed
from mlx_app.models.text_model import TextModel
from mlx_app.worker.runner.batches import FIRST_BUCKET_TOKENS, UNBATCHED, Batches, Slot, bucket_of
from mlx_app.worker.runner.prefill_chunk import FIRST_TOKENS, PrefillChunkSizer

HELLO = "Say hello."
STORY = "Tell me a story."


class Watched(PrefillChunkSizer):
    """Remembers how many tokens each step was said to have prefilled."""

    def __init__(self) -> None:
        super().__init__()
        self.chunks: list[int] = []

    def measure(
        self, batch: Hashable, seconds: float, *, decoded: bool, chunk: int, full: bool
    ) -> None:
        self.chunks.append(chunk)
        super().measure(batch, seconds, decoded=decoded, chunk=chunk, full=full)


@pytest.mark.parametrize(
    ("tokens", "bucket"),
    [
        (1, 0),
        (FIRST_BUCKET_TOKENS, 0),
        (FIRST_BUCKET_TOKENS + 1, 1),
        (16_384, 1),
        (16_385, 2),
        (1 << 20, 4),
    ],
)
def test_buckets_are_four_times_as_long_as_the_one_before(tokens: int, bucket: int) -> None:
    assert bucket_of(tokens) == bucket


def ends(batches: Batches, count: int) -> dict[Slot, list[Token]]:
    tokens: dict[Slot, list[Token]] = {}
    while count:
        for slot, item in batches.step():
            assert not isinstance(item, Failed), item
            if isinstance(item, Token):
                tokens.setdefault(slot, []).append(item)
                count -= item.finish_reason is not None
    return tokens


def test_each_bucket_is_stepped(hello: TextModel, answers: dict[str, str]) -> None:
    batches = Batches(hello, PrefillChunkSizer())
    prompt = encode(hello, HELLO)
    slots = [batches.insert(bucket, prompt, 100, greedy, []) for bucket in (0, 0, 3)]
    slots.append(batches.insert_unbatched(prompt, 100, greedy, []))
    assert [slot.bucket for slot in slots] == [0, 0, 3, UNBATCHED]
    assert batches.batched == 3
    told = ends(batches, 4)
    assert set(told) == set(slots)
    for tokens in told.values():
        assert hello.tokenizer.decode([t.token for t in tokens[:-1]]) == answers[HELLO]
    assert batches.batched == 0
    assert list(batches.step()) == []
    batches.close()


def test_a_removed_sequence_returns_nothing_more(hello: TextModel) -> None:
    batches = Batches(hello, PrefillChunkSizer())
    prompt = encode(hello, STORY)
    stays, goes, other = (batches.insert(bucket, prompt, 9, greedy, []) for bucket in (0, 0, 1))
    unbatched = batches.insert_unbatched(prompt, 9, greedy, [])
    list(batches.step())
    batches.remove([goes, other, unbatched])
    assert batches.batched == 1
    assert set(ends(batches, 1)) == {stays}
    batches.close()


def test_a_removed_sequence_can_continue(hello: TextModel, answers: dict[str, str]) -> None:
    batches = Batches(hello, PrefillChunkSizer())
    prompt = encode(hello, STORY)
    slot = batches.insert(0, prompt, 400, greedy, [])
    first: list[Token] = []
    while len(first) < 9:
        first += [item for _, item in batches.step() if isinstance(item, Token)]
    snapshot = batches.take_out(slot)
    assert snapshot is not None
    told = [token.token for token in first]
    assert snapshot.tokens == prompt + told
    assert batches.batched == 0
    batches.insert(0, prompt + told, 400, greedy, [])
    (tokens,) = ends(batches, 1).values()
    text = hello.tokenizer.decode(told + [token.token for token in tokens[:-1]])
    assert text == answers[STORY]
    batches.close()


def test_a_batch_that_fails_leaves_the_others_and_no_trace(
    hello: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizer = Watched()
    batches = Batches(hello, sizer)
    short = batches.insert(0, encode(hello, STORY), 400, greedy, [])
    long = batches.insert(1, [5] * 3000, 3, greedy, [])
    for _ in range(5):
        list(batches.step())
    original = Batch.step

    def fail(batch: Batch) -> object:
        if batch is batches._batches[1]:
            raise RuntimeError("broken")
        return original(batch)

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "step", fail)
        items = dict(batches.step())
    assert isinstance(items[long], Failed)
    assert isinstance(items[short], Token)
    again = batches.insert(1, [5] * 3000, 3, greedy, [])
    assert again == long
    told = ends(batches, 2)
    assert [token.finish_reason for token in told[again]] == [None, None, "length"]
    assert min(sizer.chunks) >= 0
    batches.close()
    # Nobody decodes any more, so a prompt may be read in large chunks.
    assert sizer.chunk_tokens("anyone", 512) == 512


def test_prompts_are_prefilled_in_small_chunks_while_others_decode(hello: TextModel) -> None:
    batches = Batches(hello, PrefillChunkSizer())
    batches.insert(0, encode(hello, STORY), 400, greedy, [])
    while not any(isinstance(item, Token) for _, item in batches.step()):
        pass
    list(batches.step())
    long = batches.insert(1, [5] * 3000, 1, greedy, [])
    prefills = [
        item for slot, item in batches.step() if slot == long and isinstance(item, PrefillProgress)
    ]
    assert [prefill.tokens for prefill in prefills] == [FIRST_TOKENS]
    batches.close()
