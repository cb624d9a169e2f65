"""The batches of one model, and its sequences that can't be batched."""

import time
import traceback
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import mlx.nn as nn

from ...mlx_lm_adapter.batch import Batch, CacheSnapshot, PrefillProgress, Step, Token
from ...mlx_lm_adapter.sampling import Processor, Sampler
from ...mlx_lm_adapter.sequential import Failed, Sequential
from ...models.text_model import TextModel
from ...vision.vision_model import VisionModel, VisionPrompt
from .prefill_chunk import PrefillChunkSizer

# A batch is padded to its longest sequence, in memory and in work. So sequences are put into
# buckets by their length: up to this many tokens, up to four times as many, and so on.
FIRST_BUCKET_TOKENS = 4096
# Stands for a bucket where sequences decode one after the other.
UNBATCHED = -1
# Tokens of an unbatched prompt that are prefilled in one step, at most.
UNBATCHED_CHUNK_TOKENS = 512

StepResult = Token | PrefillProgress | Failed


class Slot(NamedTuple):
    """Where a sequence decodes: its bucket, and its uid there."""

    bucket: int
    uid: int


class UnbatchedDecoder(Protocol):
    """Decodes sequences one after the other."""

    # Tokens of a prompt that are prefilled in one step.
    prefill_tokens: int

    @property
    def cache_bytes(self) -> int: ...

    def remove(self, uids: list[int], /) -> None: ...

    def step(self) -> Sequence[StepResult]: ...

    def close(self) -> None: ...


def bucket_of(tokens: int) -> int:
    """Returns the bucket of a sequence that may get that many tokens."""
    bucket = 0
    while tokens > FIRST_BUCKET_TOKENS * 4**bucket:
        bucket += 1
    return bucket


def max_chunk_tokens(bucket: int) -> int:
    """Returns the most tokens of a prompt that are prefilled in one step."""
    return UNBATCHED_CHUNK_TOKENS if bucket == UNBATCHED else Batch.most_prefill_tokens


class Batches:
    """A batch for each bucket, and one decoder for unbatched sequences.

    Knows slots and tokens, and nothing of calls. Used on MLX's thread only.
    """

    def __init__(self, model: TextModel, chunk_sizer: PrefillChunkSizer) -> None:
        self._model = model
        self._chunk_sizer = chunk_sizer
        self._batches: dict[int, Batch] = {}
        self._decoder: UnbatchedDecoder | None = None
        # The uids in each bucket.
        self._uids: dict[int, set[int]] = {UNBATCHED: set()}
        # Tokens that were prefilled of each prompt.
        self._prefilled: dict[Slot, int] = {}

    @property
    def batched(self) -> int:
        """The number of sequences in batches."""
        return sum(map(len, self._uids.values())) - self.unbatched

    @property
    def unbatched(self) -> int:
        """The number of sequences outside of batches."""
        return len(self._uids[UNBATCHED])

    @property
    def cache_bytes(self) -> int:
        """The bytes of the caches of all sequences."""
        batches = sum(batch.cache_bytes for batch in self._batches.values())
        return batches if self._decoder is None else batches + self._decoder.cache_bytes

    def insert(
        self,
        bucket: int,
        prompt: Sequence[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor],
        *,
        snapshot: CacheSnapshot | None = None,
        boundaries: Sequence[int] = (),
    ) -> Slot:
        """Adds a sequence to the batch of a bucket; see `Batch.insert`."""
        batch = self._batches.get(bucket)
        if batch is None:
            batch = self._batches[bucket] = Batch(self._model.network, self._model.tokenizer)
        uid = batch.insert(
            prompt, max_tokens, sampler, processors, snapshot=snapshot, boundaries=boundaries
        )
        return self._slot(bucket, uid)

    def insert_unbatched(
        self,
        prompt: list[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor],
        *,
        draft: nn.Module | None = None,
        draft_tokens: int = 0,
        kv_bits: int | None = None,
        kv_group_size: int = 64,
        snapshot: CacheSnapshot | None = None,
    ) -> Slot:
        """Adds a sequence that decodes outside of the batches; see `Sequential.insert`.

        prompt: all tokens, those of `snapshot` included. The caches of `snapshot` are changed.
        """
        if not isinstance(self._decoder, Sequential):
            self._decoder = Sequential(self._model.network, self._model.tokenizer)
        uid = self._decoder.insert(
            prompt,
            max_tokens,
            sampler,
            processors,
            draft=draft,
            draft_tokens=draft_tokens,
            kv_bits=kv_bits,
            kv_group_size=kv_group_size,
            cache=None if snapshot is None else snapshot.cache,
            cached_tokens=0 if snapshot is None else len(snapshot.tokens),
        )
        return self._slot(UNBATCHED, uid)

    def insert_vision(
        self,
        model: VisionModel,
        prompt: VisionPrompt,
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor],
    ) -> Slot:
        """Adds a sequence of a model that takes images; see `VisionDecoder.insert`."""
        # Imports mlx-vlm, which is there when such a model was loaded.
        from ...vision.vision_decoder import VisionDecoder

        if not isinstance(self._decoder, VisionDecoder):
            self._decoder = VisionDecoder(model)
        return self._slot(UNBATCHED, self._decoder.insert(prompt, max_tokens, sampler, processors))

    def snapshot(self, slot: Slot) -> CacheSnapshot:
        """Copies the caches of a batched sequence."""
        return self._batches[slot.bucket].snapshots([slot.uid])[slot.uid]

    def take_out(self, slot: Slot) -> CacheSnapshot | None:
        """Removes a sequence and returns its caches, if it was batched."""
        if slot.bucket == UNBATCHED:
            self.remove([slot])
            return None
        self._uids[slot.bucket].discard(slot.uid)
        return self._batches[slot.bucket].remove([slot.uid], snapshot=True).get(slot.uid)

    def remove(self, slots: Sequence[Slot]) -> None:
        """Removes sequences in any state; the others go on unchanged."""
        for bucket, decoder in self._decoders():
            uids = [slot.uid for slot in slots if slot.bucket == bucket]
            if uids:
                self._uids[bucket].difference_update(uids)
                decoder.remove(uids)

    def step(self) -> Iterator[tuple[Slot, StepResult]]:
        """Runs one step of each batch, and one of the unbatched sequences."""
        for bucket, decoder in self._decoders():
            if self._uids.get(bucket):
                yield from self._step(bucket, decoder)
            else:
                self._chunk_sizer.forget((id(self), bucket))

    def close(self) -> None:
        """Removes all sequences."""
        for bucket, decoder in self._decoders():
            decoder.close()
            self._chunk_sizer.forget((id(self), bucket))
        self._batches.clear()
        self._decoder = None
        self._uids = {UNBATCHED: set()}
        self._prefilled.clear()

    def _decoders(self) -> list[tuple[int, Batch | UnbatchedDecoder]]:
        batches: list[tuple[int, Batch | UnbatchedDecoder]] = list(self._batches.items())
        return batches if self._decoder is None else [*batches, (UNBATCHED, self._decoder)]

    def _slot(self, bucket: int, uid: int) -> Slot:
        self._uids.setdefault(bucket, set()).add(uid)
        return Slot(bucket, uid)

    def _step(
        self, bucket: int, decoder: Batch | UnbatchedDecoder
    ) -> Iterator[tuple[Slot, StepResult]]:
        chunk = self._chunk_sizer.chunk_tokens((id(self), bucket), max_chunk_tokens(bucket))
        decoder.prefill_tokens = chunk
        start = time.perf_counter()
        try:
            step = decoder.step()
        except Exception as error:
            traceback.print_exc()
            yield from self._drop(bucket, decoder, error)
            return
        results: Sequence[StepResult]
        results = [*step.prefills, *step.tokens] if isinstance(step, Step) else step
        self._measure(bucket, time.perf_counter() - start, chunk, results)
        for result in results:
            if isinstance(result, Failed) or (
                isinstance(result, Token) and result.finish_reason is not None
            ):
                self._uids[bucket].discard(result.uid)
            yield Slot(bucket, result.uid), result

    def _drop(
        self, bucket: int, decoder: Batch | UnbatchedDecoder, error: Exception
    ) -> Iterator[tuple[Slot, Failed]]:
        """Fails all sequences of a bucket, since nothing tells which of them the error is of."""
        decoder.close()
        if bucket == UNBATCHED:
            self._decoder = None
        else:
            del self._batches[bucket]
        # The next batch of this bucket counts its uids from 0 again.
        self._prefilled = {
            slot: tokens for slot, tokens in self._prefilled.items() if slot.bucket != bucket
        }
        self._chunk_sizer.forget((id(self), bucket))
        uids, self._uids[bucket] = self._uids[bucket], set()
        for uid in uids:
            yield Slot(bucket, uid), Failed(uid, error)

    def _measure(
        self, bucket: int, seconds: float, chunk: int, results: Sequence[StepResult]
    ) -> None:
        before = {slot: n for slot, n in self._prefilled.items() if slot.bucket == bucket}
        for slot in before:
            del self._prefilled[slot]
        longest = 0
        for result in results:
            if isinstance(result, PrefillProgress):
                slot = Slot(bucket, result.uid)
                self._prefilled[slot] = result.tokens
                longest = max(longest, result.tokens - before.get(slot, 0))
        self._chunk_sizer.measure(
            (id(self), bucket),
            seconds,
            decoded=any(isinstance(result, Token) for result in results),
            chunk=longest,
            full=longest >= chunk,
        )
