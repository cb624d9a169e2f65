"""Calls for text, from their request to their end: waiting, admitted, stepped, answered."""

import heapq
import time

import mlx.core as mx

from ...errors import EngineError, from_exception
from ...mlx_lm_adapter.batch import Batch
from ...protocol import Done, Generate, Piece, Tokens
from ..background import Background
from ..io.outbox import Outbox
from ..model_pool.model_manager import Models
from ..model_pool.waiter import Want
from ..runner.call import Call, ModelKey, Prepared
from ..runner.model_runner import Serving
from .admission import Admission, Memory, Need
from .request_queue import Waiting


class Generating:
    """All calls for text. Used on MLX's thread only."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        background: Background,
        models: Models,
        admission: Admission,
        queue_limit: int,
    ) -> None:
        self._outbox = outbox
        self._background = background
        self._models = models
        self._admission = admission
        self._queue_limit = queue_limit
        # A line for each model: a full batch of one must not hold up another.
        self._lines: dict[ModelKey, Waiting[Call]] = {}
        # Calls that the engine waits for, wherever they are, and the models of each: its own, then
        # its draft model.
        self._calls: dict[int, Call] = {}
        self._servings: dict[int, list[Serving]] = {}
        self._deadlines: list[tuple[float, int]] = []
        # Steps of all models since the start.
        self.steps = 0

    def __contains__(self, call_id: int) -> bool:
        return call_id in self._calls

    @property
    def active(self) -> int:
        """Calls that have a place."""
        return len(self._admission)

    @property
    def busy(self) -> bool:
        """Whether there is a call to step, or one that may get its place now."""
        return self.active > 0 or any(map(len, self._lines.values()))

    @property
    def queued(self) -> int:
        """Calls that wait for a place, for tokenising or for their model."""
        return len(self._calls) - self.active

    def next_wake(self, now: float) -> float | None:
        """Seconds until a deadline; None without one."""
        return max(0.0, self._deadlines[0][0] - now) if self._deadlines else None

    def take(self, request: Generate) -> None:
        """Takes a new call in. Raises EngineError QUEUE_FULL."""
        serving = self._models.find(ModelKey(request.model, request.adapter))
        # Those that are on their way to a free place do not wait for one.
        waiting = self.queued - (Batch.size if serving is None else serving.free_places)
        if waiting >= self._queue_limit:
            raise EngineError(
                "QUEUE_FULL",
                f"{waiting} calls wait for a place; the limit is {self._queue_limit}.",
                "Try again when some have ended, send fewer at a time, or raise queueLimit.",
            )
        call = Call(request)
        self._calls[call.id] = call
        if call.deadline is not None:
            heapq.heappush(self._deadlines, (call.deadline, call.id))
        self._models.want(
            Want(
                call.id,
                tuple(call.keys),
                ready=lambda servings: self._prepare(call, servings),
                failed=lambda error: self._fail(call, error),
            )
        )

    def cancel(self, call_id: int) -> None:
        """Ends a call without a word."""
        call = self._calls.get(call_id)
        if call is not None:
            self._drop(call)

    def on_unload(self, serving: Serving, reason: str) -> None:
        """Fails the calls of a model that goes."""
        for call_id, servings in list(self._servings.items()):
            if serving in servings:
                self._fail(self._calls[call_id], EngineError("ABORTED", reason))
        self._lines.pop(serving.key, None)

    def advance(self) -> None:
        """Ends what is late, starts what has a place, and steps each model once."""
        self._end_late()
        for key in list(self._lines):
            self._admit(self._lines[key])
        for serving in self._models.in_memory():
            if serving.running:
                self._step(serving)

    # Until a call has its place

    def _prepare(self, call: Call, servings: list[Serving]) -> None:
        # It may have been cancelled while its model was loading.
        if self._calls.get(call.id) is not call:
            return
        self._servings[call.id] = servings
        for serving in servings:
            serving.uses += 1
        preparing = servings[0].preparing

        def work() -> None:
            try:
                for serving in servings[1:]:
                    # Compared with the model's own later, on MLX's thread.
                    _ = serving.model.vocabulary_hash, servings[0].model.vocabulary_hash
                prepared = preparing.prepare(call.request)
            except Exception as error:
                failure = from_exception(error, "preparing the call")
                self._background.later(lambda: self._fail(call, failure))
                return
            self._background.later(lambda: self._queue(call, prepared))

        self._background.submit_for(call.request, work)

    def _queue(self, call: Call, prepared: Prepared) -> None:
        # It may have been cancelled, or its model unloaded, in the meantime.
        if self._calls.get(call.id) is not call:
            return
        call.prepared = prepared
        line = self._lines.get(call.key)
        if line is None:
            # How many may wait was asked when the call came.
            line = self._lines[call.key] = Waiting()
        line.put(call)

    def _admit(self, line: Waiting[Call]) -> None:
        refused: list[tuple[Call, EngineError]] = []

        def fits(call: Call) -> bool:
            try:
                return self._has_room(call)
            except EngineError as error:
                # It takes its turn, and fails in it.
                refused.append((call, error))
                return True

        while len(line):
            call = line.take(fits)
            if call is None:
                return
            if refused:
                self._fail(*refused.pop())
                continue
            self._start(call)

    def _has_room(self, call: Call) -> bool:
        """Whether a call can start now; makes room for it if that helps. Raises EngineError."""
        serving = self._servings[call.id][0]
        if not serving.has_place(call):
            return False
        verdict = self._admission.decide(self._need(call), self._memory(serving))
        if verdict.now:
            if verdict.free_bytes:
                self._models.free_prompt_caches(verdict.free_bytes)
            if verdict.unload_bytes:
                self._models.free_idle(verdict.unload_bytes, serving)
        return verdict.now

    def _start(self, call: Call) -> None:
        serving, *draft = self._servings[call.id]
        self._admission.enter(call.id, self._need(call))
        try:
            serving.start(call, draft[0] if draft else None)
        except Exception as error:
            self._fail(call, from_exception(error, "starting the call"))

    def _need(self, call: Call) -> Need:
        serving, *draft = self._servings[call.id]
        return serving.need(call, draft[0] if draft else None)

    def _memory(self, serving: Serving) -> Memory:
        models = self._models.in_memory()
        stay = [one for one in models if one is serving or one.pinned]
        idle = [one for one in models if one not in stay and not one.active]
        return Memory(
            active=mx.get_active_memory(),
            sequences=sum(one.cache_bytes for one in models),
            prompt_cache=sum(one.prompts_read.cache.bytes for one in models),
            idle_models=sum(one.bytes for one in idle),
            kept_models=sum(one.bytes for one in stay),
            coming=self._models.coming_bytes,
        )

    # While it runs

    def _step(self, serving: Serving) -> None:
        pieces: list[Piece] = []
        ends: list[Done] = []
        self.steps += 1
        for outcome in serving.step():
            call = outcome.call
            if outcome.error is not None:
                self._fail(call, outcome.error)
                continue
            if outcome.piece is not None:
                pieces.append(outcome.piece)
            if outcome.done is not None:
                ends.append(outcome.done)
                if call.ended:
                    self._forget(call)
        if pieces:
            self._outbox.send(Tokens(pieces=pieces))
        for done in ends:
            self._outbox.send(done)
        self._grow(serving)

    def _grow(self, serving: Serving) -> None:
        """Reserves more memory for the answers that are at the end of theirs."""
        for call in serving.calls():
            if call.longest_tokens > len(call.prompt.tokens):
                self._admission.has_read(call.id)
            if not self._admission.must_grow(call.id, call.longest_tokens):
                continue
            try:
                growth = self._admission.grow(call.id, call.longest_tokens, self._memory(serving))
            except EngineError as error:
                self._fail(call, error)
                continue
            if growth.free_bytes:
                self._models.free_prompt_caches(growth.free_bytes)
            if growth.unload_bytes:
                self._models.free_idle(growth.unload_bytes, serving)
            for call_id in growth.yielding:
                self._set_aside(self._calls[call_id])

    def _set_aside(self, call: Call) -> None:
        """Takes a call's place away for want of memory; it goes on when there is some."""
        serving = self._servings[call.id][0]
        serving.remove(call)
        if serving.can_resume(call):
            self._lines[call.key].put_back(call)
            return
        self._fail(
            call,
            EngineError(
                "OUT_OF_MEMORY",
                "Older calls needed the memory, and this one can't go on later.",
                "Send fewer calls at a time, or raise memoryLimitBytes.",
            ),
        )

    # Ends

    def _end_late(self) -> None:
        now = time.monotonic()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, call_id = heapq.heappop(self._deadlines)
            call = self._calls.get(call_id)
            if call is None or call.deadline is None or call.deadline > now:
                continue
            self._fail(
                call,
                EngineError(
                    "DEADLINE_EXCEEDED",
                    f"The call was not done after {call.request.deadline_ms:g} ms.",
                    "Give it more time (deadlineMs), a higher priority, or fewer tokens.",
                ),
            )

    def _fail(self, call: Call, error: EngineError) -> None:
        if self._calls.get(call.id) is not call:
            return
        self._drop(call)
        self._outbox.fail(call.id, error)

    def _drop(self, call: Call) -> None:
        servings = self._servings.get(call.id)
        if servings is None:
            self._models.cancel(call.id)
        else:
            servings[0].remove(call)
        line = self._lines.get(call.key)
        if line is not None:
            line.remove(call)
        self._forget(call)

    def _forget(self, call: Call) -> None:
        self._admission.leave(call.id)
        self._calls.pop(call.id, None)
        for serving in self._servings.pop(call.id, []):
            serving.uses -= 1
