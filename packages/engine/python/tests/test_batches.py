"""Batches of one model side by side: who is where, and what a failure leaves."""

from collections.abc import Hashable

import pytest

from decoding import encode
from mlx_app.mlx_lm_adapter.batch import Batch, Read, Token
from mlx_app.mlx_lm_adapter.sampling import greedy
from mlx_app.mlx_lm_adapter.sequential import Failed, Sequential
from mlx_app.models.text_model import ReadModel
from mlx_app.worker.runner.batches import ALONE, SHORT_TOKENS, Lanes, Place, lane_of
from mlx_app.worker.runner.prefill_chunk import FIRST_TOKENS, Pace

HELLO = "Say hello."
STORY = "Tell me a story."


class Watched(Pace):
    """Remembers how many tokens each step was said to have read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []

    def measure(
        self, owner: Hashable, seconds: float, *, decoded: bool, chunk: int, full: bool
    ) -> None:
        self.reads.append(chunk)
        super().measure(owner, seconds, decoded=decoded, chunk=chunk, full=full)


@pytest.mark.parametrize(
    ("tokens", "lane"),
    [(1, 0), (SHORT_TOKENS, 0), (SHORT_TOKENS + 1, 1), (16_384, 1), (16_385, 2), (1 << 20, 4)],
)
def test_lanes_are_four_times_as_long_as_the_one_before(tokens: int, lane: int) -> None:
    assert lane_of(tokens) == lane


def ends(lanes: Lanes, count: int) -> dict[Place, list[Token]]:
    tokens: dict[Place, list[Token]] = {}
    while count:
        for place, item in lanes.step():
            assert not isinstance(item, Failed), item
            if isinstance(item, Token):
                tokens.setdefault(place, []).append(item)
                count -= item.finish_reason is not None
    return tokens


def test_each_lane_is_stepped(hello: ReadModel, answers: dict[str, str]) -> None:
    lanes = Lanes(hello, Pace())
    prompt = encode(hello, HELLO)
    places = [lanes.insert(lane, prompt, 100, greedy, []) for lane in (0, 0, 3)]
    lanes.alone = Sequential(hello.network, hello.tokenizer)
    places.append(lanes.place_alone(lanes.alone.insert(prompt, 100, greedy)))
    assert [place.lane for place in places] == [0, 0, 3, ALONE]
    assert lanes.together == 3
    told = ends(lanes, 4)
    assert set(told) == set(places)
    for tokens in told.values():
        assert hello.tokenizer.decode([t.token for t in tokens[:-1]]) == answers[HELLO]
    assert lanes.together == 0
    assert list(lanes.step()) == []
    lanes.close()


def test_what_is_removed_says_nothing_more(hello: ReadModel) -> None:
    lanes = Lanes(hello, Pace())
    prompt = encode(hello, STORY)
    stays, goes, other = (lanes.insert(lane, prompt, 9, greedy, []) for lane in (0, 0, 1))
    lanes.alone = Sequential(hello.network, hello.tokenizer)
    alone = lanes.place_alone(lanes.alone.insert(prompt, 9, greedy))
    list(lanes.step())
    lanes.remove([goes, other, alone])
    assert lanes.together == 1
    assert set(ends(lanes, 1)) == {stays}
    lanes.close()


def test_what_is_taken_out_can_go_on(hello: ReadModel, answers: dict[str, str]) -> None:
    lanes = Lanes(hello, Pace())
    prompt = encode(hello, STORY)
    place = lanes.insert(0, prompt, 400, greedy, [])
    first: list[Token] = []
    while len(first) < 9:
        first += [item for _, item in lanes.step() if isinstance(item, Token)]
    kept = lanes.take_out(place)
    assert kept is not None
    told = [token.token for token in first]
    assert kept.tokens == prompt + told
    assert lanes.together == 0
    lanes.insert(0, prompt + told, 400, greedy, [])
    (tokens,) = ends(lanes, 1).values()
    text = hello.tokenizer.decode(told + [token.token for token in tokens[:-1]])
    assert text == answers[STORY]
    lanes.close()


def test_a_lane_that_fails_leaves_the_others_and_no_trace(
    hello: ReadModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = Watched()
    lanes = Lanes(hello, pace)
    short = lanes.insert(0, encode(hello, STORY), 400, greedy, [])
    long = lanes.insert(1, [5] * 3000, 3, greedy, [])
    for _ in range(5):
        list(lanes.step())
    original = Batch.step

    def fail(batch: Batch) -> object:
        if batch is lanes._batches[1]:
            raise RuntimeError("broken")
        return original(batch)

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "step", fail)
        items = dict(lanes.step())
    assert isinstance(items[long], Failed)
    assert isinstance(items[short], Token)
    again = lanes.insert(1, [5] * 3000, 3, greedy, [])
    assert again == long
    told = ends(lanes, 2)
    assert [token.finish_reason for token in told[again]] == [None, None, "length"]
    assert min(pace.reads) >= 0
    lanes.close()
    # Nobody decodes any more, so a prompt may be read in large chunks.
    assert pace.chunk_tokens("anyone", 512) == 512


def test_prompts_are_read_in_small_chunks_while_others_decode(hello: ReadModel) -> None:
    lanes = Lanes(hello, Pace())
    lanes.insert(0, encode(hello, STORY), 400, greedy, [])
    while not any(isinstance(item, Token) for _, item in lanes.step()):
        pass
    list(lanes.step())
    long = lanes.insert(1, [5] * 3000, 1, greedy, [])
    reads = [item for place, item in lanes.step() if place == long and isinstance(item, Read)]
    assert [read.tokens for read in reads] == [FIRST_TOKENS]
    lanes.close()
