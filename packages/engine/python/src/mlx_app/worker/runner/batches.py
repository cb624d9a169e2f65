"""The ways in which the sequences of one model are stepped: batches, and one beside the other."""

import time
import traceback
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ...mlx_lm_adapter.batch import Batch, Kept, Read, Token
from ...mlx_lm_adapter.sampling import Processor, Sampler
from ...mlx_lm_adapter.sequential import Failed, Sequential
from ...models.text_model import ReadModel
from ...vision.vision_model import VisionModel
from .prefill_chunk import Pace

if TYPE_CHECKING:
    from ...vision.vision_decoder import VisionBatch

# Sequences that decode together are padded to the longest of them, in memory and in work. So short
# and long ones are kept apart: up to this many tokens, up to four times as many, and so on.
SHORT_TOKENS = 4096


class Place(NamedTuple):
    """Where a sequence is: the number of its lane, and the lane's own for it."""

    lane: int
    uid: int


# The lane of sequences that are stepped one beside the other.
ALONE = -1
# Tokens of their prompts that are read in one step, at most.
MOST_ALONE_TOKENS = 512


class Alone(Protocol):
    """Sequences that are stepped one after the other, not together."""

    # Tokens of a prompt that are read in one step.
    prefill_tokens: int

    def __len__(self) -> int: ...

    @property
    def cache_bytes(self) -> int: ...

    def remove(self, uids: list[int], /) -> None: ...

    def step(self) -> Sequence[Token | Read | Failed]: ...

    def close(self) -> None: ...


def lane_of(tokens: int) -> int:
    """The lane of a sequence that is to have so many tokens."""
    lane = 0
    while tokens > SHORT_TOKENS * 4**lane:
        lane += 1
    return lane


class Lanes:
    """Knows places and tokens, nothing of calls. Used on MLX's thread only."""

    def __init__(self, model: ReadModel, pace: Pace) -> None:
        self._model = model
        self._pace = pace
        self._batches: dict[int, Batch] = {}
        # Where each place is that is in a batch.
        self._together: dict[int, set[int]] = {}
        self.alone: Alone | None = None
        self._uids_alone: set[int] = set()
        # Tokens that were read of each prompt in prefill.
        self._read: dict[Place, int] = {}

    @property
    def together(self) -> int:
        """Sequences in batches."""
        return sum(map(len, self._together.values()))

    @property
    def cache_bytes(self) -> int:
        """Bytes of the caches of all sequences."""
        batches = sum(batch.cache_bytes for batch in self._batches.values())
        return batches if self.alone is None else batches + self.alone.cache_bytes

    def insert(
        self,
        lane: int,
        prompt: Sequence[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor],
        *,
        kept: Kept | None = None,
        boundaries: Sequence[int] = (),
    ) -> Place:
        """Puts a sequence into a batch; see `Batch.insert`."""
        batch = self._batches.get(lane)
        if batch is None:
            batch = self._batches[lane] = Batch(self._model.network, self._model.tokenizer)
            self._together[lane] = set()
        uid = batch.insert(
            prompt, max_tokens, sampler, processors, kept=kept, boundaries=boundaries
        )
        self._together[lane].add(uid)
        return Place(lane, uid)

    def sequential(self) -> Sequential:
        """What runs beside the batches of a model that reads text."""
        if not isinstance(self.alone, Sequential):
            self.alone = Sequential(self._model.network, self._model.tokenizer)
        return self.alone

    def seeing(self, vision: VisionModel) -> "VisionBatch":
        """What runs the sequences of a model that sees."""
        # mlx-vlm is an extra: it is there where such a model was loaded.
        from ...vision.vision_decoder import VisionBatch

        if not isinstance(self.alone, VisionBatch):
            self.alone = VisionBatch(vision)
        return self.alone

    def place_alone(self, uid: int) -> Place:
        """Notes a sequence that was put into `alone`."""
        self._uids_alone.add(uid)
        return Place(ALONE, uid)

    def kept(self, place: Place) -> Kept:
        """A copy of what is kept of a sequence in a batch."""
        return self._batches[place.lane].kept([place.uid])[place.uid]

    def take_out(self, place: Place) -> Kept | None:
        """Drops a sequence that goes on no more; gives what was kept of it, if it can be had."""
        if place.lane == ALONE:
            self.remove([place])
            return None
        self._together[place.lane].discard(place.uid)
        return self._batches[place.lane].remove([place.uid], keep=True).get(place.uid)

    def remove(self, places: Sequence[Place]) -> None:
        """Drops sequences in any state; the others go on unchanged."""
        for lane, batch in self._batches.items():
            uids = [place.uid for place in places if place.lane == lane]
            if uids:
                self._together[lane].difference_update(uids)
                batch.remove(uids)
        alone = [place.uid for place in places if place.lane == ALONE]
        if alone and self.alone is not None:
            self._uids_alone.difference_update(alone)
            self.alone.remove(alone)

    def step(self) -> Iterator[tuple[Place, Token | Read | Failed]]:
        """One step of each batch, and one of the sequences beside them."""
        for lane, batch in list(self._batches.items()):
            if self._together[lane]:
                yield from self._step(lane, batch)
            else:
                self._pace.leave((id(self), lane))
        if self.alone is not None and self._uids_alone:
            yield from self._step_alone(self.alone)
        else:
            self._pace.leave((id(self), ALONE))

    def close(self) -> None:
        """Ends all sequences."""
        for lane, batch in self._batches.items():
            batch.close()
            self._pace.leave((id(self), lane))
        self._pace.leave((id(self), ALONE))
        self._batches.clear()
        self._together.clear()
        if self.alone is not None:
            self.alone.close()
        self._uids_alone.clear()
        self._read.clear()

    def _step(self, lane: int, batch: Batch) -> Iterator[tuple[Place, Token | Read | Failed]]:
        chunk = self._pace.chunk_tokens((id(self), lane), batch.most_prefill_tokens)
        batch.prefill_tokens = chunk
        start = time.perf_counter()
        try:
            step = batch.step()
        except Exception as error:
            traceback.print_exc()
            # Whose it was can't be told: the batch is gone with all that was in it.
            batch.close()
            del self._batches[lane]
            # The next batch of this lane counts its sequences from 0 again.
            self._read = {place: n for place, n in self._read.items() if place.lane != lane}
            self._pace.leave((id(self), lane))
            for uid in self._together.pop(lane):
                yield Place(lane, uid), Failed(uid, error)
            return
        self._measure(lane, start, bool(step.tokens), chunk, step.reads)
        for read in step.reads:
            yield Place(lane, read.uid), read
        for token in step.tokens:
            if _is_last(token):
                self._together[lane].discard(token.uid)
            yield Place(lane, token.uid), token

    def _step_alone(self, alone: Alone) -> Iterator[tuple[Place, Token | Read | Failed]]:
        chunk = self._pace.chunk_tokens((id(self), ALONE), MOST_ALONE_TOKENS)
        alone.prefill_tokens = chunk
        start = time.perf_counter()
        items = alone.step()
        reads = [item for item in items if isinstance(item, Read)]
        decoded = any(isinstance(item, Token) for item in items)
        self._measure(ALONE, start, decoded, chunk, reads)
        for item in items:
            if not isinstance(item, Read) and _is_last(item):
                self._uids_alone.discard(item.uid)
            yield Place(ALONE, item.uid), item

    def _measure(
        self, lane: int, start: float, decoded: bool, chunk: int, reads: Sequence[Read]
    ) -> None:
        seconds = time.perf_counter() - start
        before = {place: count for place, count in self._read.items() if place.lane == lane}
        for place in before:
            del self._read[place]
        longest = 0
        for read in reads:
            place = Place(lane, read.uid)
            self._read[place] = read.tokens
            longest = max(longest, read.tokens - before.get(place, 0))
        self._pace.measure(
            (id(self), lane), seconds, decoded=decoded, chunk=longest, full=longest >= chunk
        )


def _is_last(item: Token | Failed) -> bool:
    return isinstance(item, Failed) or item.finish_reason is not None
