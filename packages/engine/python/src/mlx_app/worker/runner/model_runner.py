"""One loaded model and the calls that it serves."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ...errors import EngineError, from_exception
from ...mlx_lm_adapter.batch import Batch, Kept, Read, Token
from ...mlx_lm_adapter.cache_size import CacheSize, cache_size
from ...mlx_lm_adapter.sequential import Failed
from ...models.embeddings import makes_only_vectors
from ...models.text_model import ReadModel
from ...prompt.prompt_cache import Kind
from ...protocol import Done, Event, LoadedModel, Piece, PromptProgress
from ..model_pool.loading import ReadFiles
from ..scheduler.admission import AHEAD, Need
from .batches import MOST_ALONE_TOKENS, Lanes, Place, lane_of
from .call import Call, ModelKey
from .input_processor import Preparing
from .prefill_chunk import Pace
from .prefix_cache import PromptsRead
from .sampling import new_sequence, sampling_of
from .sequence import Sequence

# Sequences that decode one beside the other outside of the batch; each gets a step in turn.
MOST_ALONE = 4


@dataclass(frozen=True)
class Outcome:
    """What a step brought for one call: a piece, the end of a sequence, or the call's failure."""

    call: Call
    piece: Piece | None = None
    done: Done | None = None
    error: EngineError | None = None


@dataclass
class _Reading:
    """A prompt in prefill."""

    call: Call
    cached: int
    boundaries: frozenset[int] = frozenset()
    # Sequences that go on from the same prompt once it is read.
    siblings: list[Sequence] = field(default_factory=list)
    write_to: Path | None = None
    alone: bool = False


class Serving:
    """Steps the calls of one model. Used on MLX's thread only, but for `preparing`."""

    def __init__(
        self,
        key: ModelKey,
        files: ReadFiles,
        *,
        prompt_cache_bytes: int,
        pinned: bool,
        pace: Pace,
        send: Callable[[Event], None],
    ) -> None:
        self.key = key
        self.model: ReadModel = files.model
        self.embedding = files.embedding
        self.pinned = pinned
        self.preparing = Preparing(key.model, files)
        self.prompts_read = PromptsRead(files.model, prompt_cache_bytes)
        self._vision = files.vision
        self._send = send
        self._lanes = Lanes(files.model, pace)
        self._calls: set[Call] = set()
        self._sequences: dict[Place, tuple[Call, Sequence]] = {}
        self._reading: dict[Place, _Reading] = {}
        # Calls that need the model: those that wait, those that run, and those of a model that
        # this one drafts for.
        self.uses = 0

    @property
    def active(self) -> int:
        """Calls that need the model, so that it must stay."""
        return self.uses

    @property
    def running(self) -> bool:
        """Whether there is a call to step."""
        return bool(self._calls)

    @property
    def bytes(self) -> int:
        """Bytes of the weights."""
        return self.model.total_bytes

    def describe(self) -> LoadedModel:
        """What the protocol tells of a model in memory."""
        return LoadedModel(
            model=self.key.model,
            adapter=self.key.adapter,
            path=str(self.model.path),
            memory_bytes=self.model.total_bytes,
            context_tokens=self.model.context_tokens,
            capabilities=self.preparing.capabilities,
            pinned=self.pinned,
            active=self.active,
        )

    def has_place(self, call: Call) -> bool:
        """Whether a call can start now."""
        count = call.request.n
        if self._goes_alone(call):
            alone = len(self._sequences) - self._lanes.together
            return alone + count <= max(MOST_ALONE, count)
        siblings = sum(len(reading.siblings) for reading in self._reading.values())
        return self._lanes.together + siblings + count <= Batch.size

    @property
    def free_places(self) -> int:
        """Sequences that could start in the batch."""
        return max(0, Batch.size - self._lanes.together)

    def need(self, call: Call, draft: "Serving | None") -> Need:
        """What a prepared call will take of the memory."""
        size = self.cache_size if draft is None else self.cache_size + draft.cache_size
        # What a call has written that goes on again is read with its prompt.
        written = max((len(one.tokens) for one in call.sequences), default=0)
        alone = self._goes_alone(call)
        return Need(
            size,
            prompt_tokens=len(call.prompt.tokens) + written,
            max_tokens=self._most_tokens(call) - written,
            sequences=call.request.n,
            batch=None if alone else (self.key, self._lane(call)),
            kv_bits=call.request.kv_bits,
            kv_group_size=call.request.kv_group_size,
            chunk_tokens=MOST_ALONE_TOKENS if alone else Batch.most_prefill_tokens,
        )

    @cached_property
    def cache_size(self) -> CacheSize:
        """What a token takes in this model's caches."""
        if self._vision is None:
            return cache_size(self.model.network, self.model.config)
        # The extra is there where a model that sees was loaded.
        from ...vision.rope_state import vision_cache_size

        return vision_cache_size(self._vision)

    @property
    def cache_bytes(self) -> int:
        """Bytes of the caches of the calls in flight."""
        return self._lanes.cache_bytes

    def start(self, call: Call, draft: "Serving | None") -> None:
        """Gives a prepared call its place, or gives it back. Raises EngineError."""
        if self.embedding is not None:
            raise makes_only_vectors(self.key.model)
        if draft is not None:
            draft.check_drafting()
        self.preparing.check(call.request, None if draft is None else draft.model)
        self._calls.add(call)
        if call.sequences:
            self._resume(call, draft)
            return
        call.started = time.perf_counter()
        call.sequences = [new_sequence(call, index, self.model) for index in range(call.request.n)]
        if self._goes_alone(call):
            self._start_alone(call, draft)
        else:
            self._start_together(call)

    def check_drafting(self) -> None:
        """Raises EngineError UNSUPPORTED for a model that can't propose tokens to another."""
        if self._vision is None and self.embedding is None:
            return
        reason = "it makes embeddings" if self._vision is None else "it sees"
        raise EngineError(
            "UNSUPPORTED",
            f"{self.key.model} can't be a draft model: {reason}.",
            "Choose a smaller model of the same family that reads nothing but text.",
        )

    def remove(self, call: Call) -> None:
        """Takes a call out, if it is there."""
        if call not in self._calls:
            return
        self._calls.remove(call)
        places = [place for place, (owner, _) in self._sequences.items() if owner is call]
        for place in places:
            del self._sequences[place]
            self._reading.pop(place, None)
        self._lanes.remove(places)

    def calls(self) -> list[Call]:
        """The calls that have a place."""
        return list(self._calls)

    def can_resume(self, call: Call) -> bool:
        """Whether a call that was removed can go on later where it was."""
        return self._vision is None and call.request.draft_model is None

    def step(self) -> Iterator[Outcome]:
        """One step of the batch, and one of the sequences beside it."""
        for place, item in self._lanes.step():
            match item:
                case Token():
                    yield from self._on_token(place, item)
                case Read():
                    yield from self._on_read(place, item)
                case Failed():
                    yield from self._on_failure(place, item)

    def close(self) -> None:
        """Ends everything; the calls that are there get nothing more."""
        self._calls.clear()
        self._sequences.clear()
        self._reading.clear()
        self.prompts_read.cache.clear()
        self._lanes.close()

    # Starting

    def _goes_alone(self, call: Call) -> bool:
        return call.sequential or self._vision is not None or not self._batchable

    @cached_property
    def _batchable(self) -> bool:
        return self.model.batchable

    def _most_tokens(self, call: Call) -> int:
        context = self.model.context_tokens
        most = call.request.max_tokens
        return most if context is None else min(most, context - len(call.prompt.tokens))

    def _start_together(self, call: Call) -> None:
        cached = self.prompts_read.find(call)
        call.cached_tokens = 0 if cached is None else len(cached.tokens)
        boundaries = self.prompts_read.boundaries(call, call.cached_tokens)
        write_to = self.prompts_read.write_to(call)
        leader, *siblings = call.sequences
        reading = _Reading(call, call.cached_tokens, boundaries, siblings, write_to)
        if call.request.prompt_progress:
            self._progress(call, call.cached_tokens)
        place = self._insert(call, leader, cached, boundaries)
        self._reading[place] = reading
        if call.cached_tokens == len(call.prompt.tokens) - 1:
            self._on_prompt_read(place, reading, cached)

    def _lane(self, call: Call) -> int:
        return lane_of(len(call.prompt.tokens) + min(self._most_tokens(call), AHEAD))

    def _insert(
        self,
        call: Call,
        sequence: Sequence,
        kept: Kept | None,
        boundaries: frozenset[int] = frozenset(),
    ) -> Place:
        sampler, processors = sampling_of(call, sequence, self.model, self.preparing)
        start = 0 if kept is None else len(kept.tokens)
        place = self._lanes.insert(
            self._lane(call),
            [*call.prompt.tokens, *sequence.tokens][start:],
            self._most_tokens(call) - len(sequence.tokens),
            sampler,
            processors,
            kept=kept,
            boundaries=[boundary - start for boundary in boundaries],
        )
        self._sequences[place] = (call, sequence)
        return place

    def _start_alone(self, call: Call, draft: "Serving | None") -> None:
        if call.request.cache_file is not None:
            raise EngineError(
                "UNSUPPORTED",
                "cacheFile is for what runs in the batch: not with draftModel, kvBits or images.",
            )
        for sequence in call.sequences:
            self._insert_alone(call, sequence, draft)

    def _insert_alone(self, call: Call, sequence: Sequence, draft: "Serving | None") -> None:
        sampler, processors = sampling_of(call, sequence, self.model, self.preparing)
        most = self._most_tokens(call) - len(sequence.tokens)
        request = call.request
        if self._vision is not None:
            assert call.prepared is not None
            assert call.prepared.vision is not None
            seeing = self._lanes.seeing(self._vision)
            uid = seeing.insert(call.prepared.vision, most, sampler, processors)
        else:
            cached = None if request.kv_bits is not None else self.prompts_read.find(call)
            count = 0 if cached is None else len(cached.tokens)
            call.cached_tokens = count
            uid = self._lanes.sequential().insert(
                [*call.prompt.tokens, *sequence.tokens],
                most,
                sampler,
                processors,
                draft=None if draft is None else draft.model.network,
                draft_tokens=request.draft_tokens,
                kv_bits=request.kv_bits,
                kv_group_size=request.kv_group_size,
                cache=None if cached is None else cached.cache,
                cached_tokens=count,
            )
        place = self._lanes.place_alone(uid)
        self._sequences[place] = (call, sequence)
        if sequence.index == 0:
            self._reading[place] = _Reading(call, 0, alone=True)

    def _resume(self, call: Call, draft: "Serving | None") -> None:
        for sequence in call.sequences:
            if sequence.ended:
                continue
            if self._goes_alone(call):
                self._insert_alone(call, sequence, draft)
            else:
                self._insert(call, sequence, None)

    def _on_prompt_read(self, place: Place, reading: _Reading, kept: Kept | None) -> None:
        """All but the last token of a prompt is read: siblings start from there."""
        del self._reading[place]
        call = reading.call
        if not reading.siblings and reading.write_to is None:
            return
        if kept is None:
            kept = self._lanes.kept(place)
        for sibling in reading.siblings:
            self._insert(call, sibling, kept)
        if reading.write_to is not None:
            self.prompts_read.write(reading.write_to, kept)

    # Stepping

    def _on_failure(self, place: Place, failed: Failed) -> Iterator[Outcome]:
        found = self._sequences.get(place)
        if found is not None:
            call, _ = found
            self.remove(call)
            failure = from_exception(failed.error, f"generating with {self.key.model}")
            yield Outcome(call, error=failure)

    def _on_read(self, place: Place, read: Read) -> Iterator[Outcome]:
        reading = self._reading.get(place)
        if reading is None:
            return
        call, position = reading.call, reading.cached + read.tokens
        if call.request.prompt_progress:
            self._progress(call, position)
        if position in reading.boundaries and read.at_boundary:
            kind: Kind = "system" if position == call.prompt.boundaries[0] else "user"
            self.prompts_read.keep(call, kind, lambda: self._lanes.kept(place))
        if position == len(call.prompt.tokens) - 1 and not reading.alone:
            try:
                self._on_prompt_read(place, reading, None)
            except Exception as error:
                self.remove(call)
                yield Outcome(call, error=from_exception(error, "keeping the prompt"))

    def _on_token(self, place: Place, token: Token) -> Iterator[Outcome]:
        found = self._sequences.get(place)
        if found is None:
            return
        call, sequence = found
        if sequence.error is not None:
            self.remove(call)
            yield Outcome(call, error=from_exception(sequence.error, "sampling"))
            return
        try:
            taken = sequence.take(token)
        except Exception as error:  # a token that the tokenizer has no text for, a parser's bug
            self.remove(call)
            yield Outcome(call, error=from_exception(error, "reading the answer"))
            return
        if taken.finish_reason is None:
            if taken.piece is not None:
                yield Outcome(call, taken.piece)
            return
        done = call.done(sequence, taken.finish_reason, taken.stop_string)
        del self._sequences[place]
        self._reading.pop(place, None)
        kept = token.kept if token.finish_reason else self._lanes.take_out(place)
        if sequence.index == 0:
            self.prompts_read.keep(call, "assistant", lambda: kept)
        if call.ended:
            self._calls.discard(call)
        yield Outcome(call, taken.piece, done)

    def _progress(self, call: Call, position: int) -> None:
        total = len(call.prompt.tokens)
        # The last token is read in the step that gives the first new one.
        done = total if position >= total - 1 else position
        self._send(PromptProgress(id=call.id, processed_tokens=done, total_tokens=total))
