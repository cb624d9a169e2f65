"""Runs the calls of one loaded model."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import from_exception
from ...mlx_lm_adapter.batch import Batch, CacheSnapshot, PrefillProgress, Token
from ...mlx_lm_adapter.sequential import Failed
from ...prompt.prompt_cache import Kind
from ...protocol import Event, PromptProgress
from ..loaded_model import LoadedModel
from ..model_pool.model_defaults import ModelDefaults
from .batches import Batches, Slot
from .call import Call, CallOutput, ModelKey
from .input_processor import InputProcessor
from .memory_need import MemoryNeed, memory_need
from .prefill_chunk import PrefillChunkSizer
from .prefix_cache import PrefixCache
from .sampling import new_sequences, sampling_of
from .sequence import SequenceState

# Sequences that decode outside of the batches at one time; each gets a step in turn.
MAX_UNBATCHED = 4


@dataclass
class _Prefill:
    """A prompt in prefill."""

    call: Call
    boundaries: frozenset[int] = frozenset()
    # The sequences that start from the same prompt when its prefill is complete.
    siblings: list[SequenceState] = field(default_factory=list)
    write_to: Path | None = None


class ModelRunner:
    """Steps the calls of one model. Used on MLX's thread only, except for `input_processor`."""

    def __init__(
        self,
        key: ModelKey,
        loaded: LoadedModel,
        defaults: ModelDefaults,
        *,
        prompt_cache_bytes: int,
        pinned: bool,
        chunk_sizer: PrefillChunkSizer,
        send: Callable[[Event], None],
    ) -> None:
        self.key = key
        self.loaded = loaded
        self.model = loaded.model
        self.defaults = defaults
        self.pinned = pinned
        # Calls that need the model in memory: queued ones, those that run, and those of a model
        # that this one drafts for.
        self.active = 0
        self.prefix_cache = PrefixCache(loaded.model, prompt_cache_bytes)
        self.input_processor = InputProcessor(key.model, loaded, self.prefix_cache.known_texts)
        self._send = send
        self._batches = Batches(loaded.model, chunk_sizer)
        self._calls: set[Call] = set()
        self._sequences: dict[Slot, tuple[Call, SequenceState]] = {}
        self._prefills: dict[Slot, _Prefill] = {}

    def acquire(self) -> None:
        """Keeps the model in memory for one more call, until `release`."""
        self.active += 1

    def release(self) -> None:
        """Ends the use of the model by one call."""
        self.active -= 1

    @property
    def running(self) -> bool:
        """Whether there is a call to step."""
        return bool(self._calls)

    @property
    def bytes(self) -> int:
        """The bytes of the weights."""
        return self.model.total_bytes

    @property
    def calls(self) -> list[Call]:
        """The calls that have a slot."""
        return list(self._calls)

    @property
    def free_slots(self) -> int:
        """The number of sequences that could start in the batches."""
        return max(0, Batch.size - self._batches.batched)

    @property
    def cache_bytes(self) -> int:
        """The bytes of the caches of the running calls."""
        return self._batches.cache_bytes

    def has_slot(self, call: Call) -> bool:
        """Whether a call with processed input can start now."""
        count = call.request.n
        if not call.input.batched:
            return self._batches.unbatched + count <= max(MAX_UNBATCHED, count)
        siblings = sum(len(prefill.siblings) for prefill in self._prefills.values())
        return self._batches.batched + siblings + count <= Batch.size

    def memory_need(self, call: Call, draft: "ModelRunner | None") -> MemoryNeed:
        """Returns the memory that a call with processed input needs from here to its end."""
        size = self.loaded.cache_size
        return memory_need(call, size if draft is None else size + draft.loaded.cache_size)

    def start(self, call: Call, draft: "ModelRunner | None") -> None:
        """Starts a call with processed input, or resumes it. Raises EngineError."""
        self.input_processor.check(call.request, None if draft is None else draft.loaded)
        self._calls.add(call)
        if call.sequences:
            for sequence in call.sequences:
                if not sequence.ended:
                    self._insert(call, sequence, draft)
            return
        call.started = time.perf_counter()
        call.sequences = new_sequences(call, self.model)
        if call.input.batched:
            self._start_batched(call)
        else:
            for sequence in call.sequences:
                self._insert(call, sequence, draft)

    def remove(self, call: Call) -> None:
        """Removes a call, if it is there."""
        if call not in self._calls:
            return
        self._calls.remove(call)
        slots = [slot for slot, (owner, _) in self._sequences.items() if owner is call]
        for slot in slots:
            del self._sequences[slot]
            self._prefills.pop(slot, None)
        self._batches.remove(slots)

    def can_resume(self, call: Call) -> bool:
        """Whether a call that was removed can go on later from where it was."""
        return call.input.vision is None and call.request.draft_model is None

    def step(self) -> Iterator[CallOutput]:
        """Runs one step of each batch, and one of the unbatched sequences."""
        for slot, result in self._batches.step():
            match result:
                case Token():
                    yield from self._on_token(slot, result)
                case PrefillProgress():
                    yield from self._on_prefill(slot, result)
                case Failed():
                    yield from self._on_failure(slot, result)

    def close(self) -> None:
        """Drops everything; the running calls get no more outputs."""
        self._calls.clear()
        self._sequences.clear()
        self._prefills.clear()
        self.prefix_cache.clear()
        self._batches.close()

    # Starting

    def _start_batched(self, call: Call) -> None:
        """Prefills the prompt with the first sequence; the others start from its caches."""
        snapshot = self.prefix_cache.find(call)
        call.cached_tokens = 0 if snapshot is None else len(snapshot.tokens)
        first, *siblings = call.sequences
        boundaries = self.prefix_cache.boundaries(call)
        prefill = _Prefill(call, boundaries, siblings, self.prefix_cache.missing_file(call))
        self._report_progress(call, call.cached_tokens)
        slot = self._insert(call, first, snapshot=snapshot, boundaries=boundaries)
        self._prefills[slot] = prefill
        if call.cached_tokens == len(call.prompt.tokens) - 1:
            self._complete_prefill(slot, prefill, snapshot)

    def _insert(
        self,
        call: Call,
        sequence: SequenceState,
        draft: "ModelRunner | None" = None,
        *,
        snapshot: CacheSnapshot | None = None,
        boundaries: frozenset[int] = frozenset(),
    ) -> Slot:
        """Gives a sequence its slot."""
        request, vision = call.request, call.input.vision
        sampling = sampling_of(call, sequence, self.model, self.input_processor)
        tokens = [*call.prompt.tokens, *sequence.tokens]
        max_tokens = call.input.max_tokens - len(sequence.tokens)
        if call.input.batched:
            cached = 0 if snapshot is None else len(snapshot.tokens)
            slot = self._batches.insert(
                call.input.bucket,
                tokens[cached:],
                max_tokens,
                *sampling,
                snapshot=snapshot,
                boundaries=[boundary - cached for boundary in boundaries],
            )
        elif vision is not None:
            assert self.loaded.vision is not None
            slot = self._batches.insert_vision(self.loaded.vision, vision, max_tokens, *sampling)
        else:
            found = None if request.kv_bits is not None else self.prefix_cache.find(call)
            call.cached_tokens = 0 if found is None else len(found.tokens)
            slot = self._batches.insert_unbatched(
                tokens,
                max_tokens,
                *sampling,
                draft=None if draft is None else draft.model.network,
                draft_tokens=request.draft_tokens,
                kv_bits=request.kv_bits,
                kv_group_size=request.kv_group_size,
                snapshot=found,
            )
        if not call.input.batched and sequence.index == 0:
            self._prefills[slot] = _Prefill(call)
        self._sequences[slot] = (call, sequence)
        return slot

    def _complete_prefill(
        self, slot: Slot, prefill: _Prefill, snapshot: CacheSnapshot | None
    ) -> None:
        """Starts the siblings of a sequence, whose prompt is prefilled but for its last token."""
        del self._prefills[slot]
        if not prefill.siblings and prefill.write_to is None:
            return
        if snapshot is None:
            snapshot = self._batches.snapshot(slot)
        for sibling in prefill.siblings:
            self._insert(prefill.call, sibling, snapshot=snapshot)
        if prefill.write_to is not None:
            self.prefix_cache.write(prefill.write_to, snapshot)

    # Stepping

    def _on_failure(self, slot: Slot, failed: Failed) -> Iterator[CallOutput]:
        if slot in self._sequences:
            yield self._fail(slot, failed.error, f"generating with {self.key.model}")

    def _on_prefill(self, slot: Slot, progress: PrefillProgress) -> Iterator[CallOutput]:
        prefill = self._prefills.get(slot)
        if prefill is None:
            return
        call = prefill.call
        position = call.cached_tokens + progress.tokens
        self._report_progress(call, position)
        if position in prefill.boundaries and progress.at_boundary:
            # What comes before the end of the system prompt is shared by all chats as well.
            shared = position <= next(iter(call.prompt.boundaries), 0)
            kind: Kind = "system" if shared else "user"
            self.prefix_cache.keep(call, kind, lambda: self._batches.snapshot(slot))
        if position == len(call.prompt.tokens) - 1:
            try:
                self._complete_prefill(slot, prefill, None)
            except Exception as error:
                yield self._fail(slot, error, "keeping the prompt")

    def _on_token(self, slot: Slot, token: Token) -> Iterator[CallOutput]:
        if slot not in self._sequences:
            return
        call, sequence = self._sequences[slot]
        if sequence.error is not None:
            yield self._fail(slot, sequence.error, "sampling")
            return
        try:
            update = sequence.add(token)
        except Exception as error:  # a token that the tokenizer has no text for, a parser's bug
            yield self._fail(slot, error, "reading the answer")
            return
        if update.finish_reason is None:
            if update.piece is not None:
                yield CallOutput(call, update.piece)
            return
        done = call.done(sequence, update.finish_reason, update.stop_string)
        del self._sequences[slot]
        self._prefills.pop(slot, None)
        snapshot = token.snapshot if token.finish_reason else self._batches.take_out(slot)
        if sequence.index == 0:
            self.prefix_cache.keep_answer(call, sequence, snapshot)
        if call.ended:
            self._calls.discard(call)
        yield CallOutput(call, update.piece, done)

    def _fail(self, slot: Slot, error: Exception, doing: str) -> CallOutput:
        call, _ = self._sequences[slot]
        self.remove(call)
        return CallOutput(call, error=from_exception(error, doing))

    def _report_progress(self, call: Call, position: int) -> None:
        if not call.request.prompt_progress:
            return
        total = len(call.prompt.tokens)
        # The last token is processed in the step that gives the first new one.
        done = total if position >= total - 1 else position
        self._send(PromptProgress(id=call.id, processed_tokens=done, total_tokens=total))
