"""Schedules text generation: queues calls, admits them, steps the models, and sends outputs."""

import heapq
import time

import mlx.core as mx

from ...errors import EngineError, from_exception
from ...mlx_lm_adapter.batch import Batch
from ...protocol import Done, Generate, Piece, Tokens
from ..background import Background
from ..io.outbox import Outbox
from ..model_pool.eviction import is_evictable
from ..model_pool.model_manager import ModelManager
from ..model_pool.waiter import ModelWaiter
from ..runner.call import Call, ModelKey, ProcessedInput
from ..runner.memory_need import MemoryNeed
from ..runner.model_runner import ModelRunner
from ..watchdog import Pulse
from .admission import Admission, Memory
from .request_queue import RequestQueue


class Scheduler:
    """All text generation calls. Used on MLX's thread only."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        background: Background,
        models: ModelManager,
        admission: Admission,
        queue_limit: int,
        pulse: Pulse,
    ) -> None:
        self._outbox = outbox
        self._background = background
        self._models = models
        self._admission = admission
        self._queue_limit = queue_limit
        self._pulse = pulse
        # One queue for each model, so that a full batch of one doesn't hold up another.
        self._queues: dict[ModelKey, RequestQueue[Call]] = {}
        # All calls that have not ended.
        self._calls: dict[int, Call] = {}
        # The runner of each call, followed by that of its draft model.
        self._runners: dict[int, list[ModelRunner]] = {}
        self._deadlines: list[tuple[float, int]] = []
        # Steps of all models since the start.
        self.steps = 0

    def __contains__(self, call_id: int) -> bool:
        return call_id in self._calls

    @property
    def active(self) -> int:
        """The number of running calls."""
        return len(self._admission)

    @property
    def busy(self) -> bool:
        """Whether there is a call to step, or one that may start now."""
        return self.active > 0 or any(map(len, self._queues.values()))

    @property
    def queued(self) -> int:
        """The number of calls that wait for a slot, for their model, or to be tokenised."""
        return len(self._calls) - self.active

    def next_wake(self, now: float) -> float | None:
        """Returns the seconds until the next deadline; None without one."""
        return max(0.0, self._deadlines[0][0] - now) if self._deadlines else None

    def add(self, request: Generate) -> None:
        """Adds a call. Raises EngineError QUEUE_FULL."""
        runner = self._models.find(ModelKey(request.model, request.adapter))
        # Calls on their way to a free slot don't count as waiting.
        waiting = self.queued - (Batch.size if runner is None else runner.free_slots)
        if waiting >= self._queue_limit:
            raise EngineError(
                "QUEUE_FULL",
                f"{waiting} calls are waiting; the limit is {self._queue_limit}.",
                "Try again when some have ended, send fewer at a time, or raise queueLimit.",
            )
        call = Call(request)
        self._calls[call.id] = call
        if call.deadline is not None:
            heapq.heappush(self._deadlines, (call.deadline, call.id))
        self._models.wait_for(
            ModelWaiter(
                call.id,
                tuple(call.keys),
                ready=lambda runners: self._process_input(call, runners),
                failed=lambda error: self._fail(call, error),
            )
        )

    def cancel(self, call_id: int) -> None:
        """Ends a call without an event."""
        call = self._calls.get(call_id)
        if call is not None:
            self._drop(call)

    def on_unload(self, runner: ModelRunner, reason: str) -> None:
        """Fails the calls of a model that is being unloaded."""
        for call_id, runners in list(self._runners.items()):
            if runner in runners:
                self._fail(self._calls[call_id], EngineError("ABORTED", reason))
        self._queues.pop(runner.key, None)

    def advance(self) -> None:
        """Ends the calls past their deadline, starts those with room, and steps each model once."""
        self._end_late()
        for queue in list(self._queues.values()):
            self._admit(queue)
        for runner in self._models.in_memory():
            if runner.running:
                self._step(runner)

    # Until a call starts

    def _process_input(self, call: Call, runners: list[ModelRunner]) -> None:
        # It may have been cancelled while its model was loading.
        if self._calls.get(call.id) is not call:
            return
        self._runners[call.id] = runners
        for runner in runners:
            runner.acquire()
        runner, *drafts = runners
        call.request = runner.defaults.fill(call.request)

        def work() -> None:
            try:
                for draft in drafts:
                    # Computed here, and compared later on MLX's thread.
                    _ = draft.model.vocabulary_hash, runner.model.vocabulary_hash
                processed = runner.input_processor.process(call.request)
            except Exception as error:
                failure = from_exception(error, "processing the input")
                self._background.later(lambda: self._fail(call, failure))
                return
            self._background.later(lambda: self._enqueue(call, processed))

        self._background.submit_for(call.request, work)

    def _enqueue(self, call: Call, processed: ProcessedInput) -> None:
        # It may have been cancelled, or its model unloaded, in the meantime.
        if self._calls.get(call.id) is not call:
            return
        call.processed = processed
        # The queue limit was checked when the call came.
        self._queues.setdefault(call.key, RequestQueue()).put(call)

    def _admit(self, queue: RequestQueue[Call]) -> None:
        refused: list[tuple[Call, EngineError]] = []

        def fits(call: Call) -> bool:
            try:
                return self._has_room(call)
            except EngineError as error:
                # It takes its turn, and fails in it.
                refused.append((call, error))
                return True

        while len(queue):
            call = queue.take(fits)
            if call is None:
                return
            if refused:
                self._fail(*refused.pop())
                continue
            self._start(call)

    def _has_room(self, call: Call) -> bool:
        """Whether a call can start now; makes room for it if that helps. Raises EngineError."""
        runner = self._runners[call.id][0]
        if not runner.has_slot(call):
            return False
        verdict = self._admission.decide(self._memory_need(call), self._memory(runner))
        if verdict.now:
            self._free(verdict.free_bytes, verdict.unload_bytes, runner)
        return verdict.now

    def _start(self, call: Call) -> None:
        runner, draft = self._runner_and_draft(call)
        self._admission.enter(call.id, self._memory_need(call))
        try:
            runner.start(call, draft)
        except Exception as error:
            self._fail(call, from_exception(error, "starting the call"))

    def _runner_and_draft(self, call: Call) -> tuple[ModelRunner, ModelRunner | None]:
        runner, *drafts = self._runners[call.id]
        return runner, drafts[0] if drafts else None

    def _memory_need(self, call: Call) -> MemoryNeed:
        runner, draft = self._runner_and_draft(call)
        return runner.memory_need(call, draft)

    def _memory(self, runner: ModelRunner) -> Memory:
        runners = self._models.in_memory()
        kept = [one for one in runners if one is runner or one.pinned]
        idle = [one for one in runners if is_evictable(one) and one is not runner]
        return Memory(
            active=mx.get_active_memory(),
            sequences=sum(one.cache_bytes for one in runners),
            prompt_cache=self._models.kept_prompt_bytes,
            idle_models=sum(one.bytes for one in idle),
            kept_models=sum(one.bytes for one in kept),
            coming=self._models.coming_bytes,
        )

    def _free(self, prompt_cache_bytes: int, model_bytes: int, runner: ModelRunner) -> None:
        """Frees prompt caches and idle models other than that of `runner`."""
        if prompt_cache_bytes:
            self._models.free_prompt_caches(prompt_cache_bytes)
        if model_bytes:
            self._models.unload_idle_for(model_bytes, keep=runner)

    # While calls run

    def _step(self, runner: ModelRunner) -> None:
        pieces: list[Piece] = []
        ends: list[Done] = []
        self.steps += 1
        for output in runner.step():
            call = output.call
            if output.error is not None:
                self._fail(call, output.error)
                continue
            if output.piece is not None:
                pieces.append(output.piece)
            if output.done is not None:
                ends.append(output.done)
                if call.ended:
                    self._forget(call)
        if pieces:
            self._outbox.send(Tokens(pieces=pieces))
        for done in ends:
            self._outbox.send(done)
        self._pulse.step()
        self._grow(runner)

    def _grow(self, runner: ModelRunner) -> None:
        """Reserves more memory for the answers that have used up theirs."""
        for call in runner.calls:
            if call.decoded_tokens > 0:
                self._admission.end_prefill(call.id)
            if not self._admission.must_grow(call.id, call.longest_tokens):
                continue
            try:
                growth = self._admission.grow(call.id, call.longest_tokens, self._memory(runner))
            except EngineError as error:
                self._fail(call, error)
                continue
            self._free(growth.free_bytes, growth.unload_bytes, runner)
            for call_id in growth.preempted:
                self._preempt(self._calls[call_id])

    def _preempt(self, call: Call) -> None:
        """Stops a call to free its memory; it resumes when there is room again."""
        runner = self._runners[call.id][0]
        runner.remove(call)
        if runner.can_resume(call):
            self._queues[call.key].put_back(call)
            return
        self._fail(
            call,
            EngineError(
                "OUT_OF_MEMORY",
                "Older calls needed the memory, and this call can't resume later.",
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
                    f"The call took longer than {call.request.deadline_ms:g} ms.",
                    "Give it more time (deadlineMs), a higher priority, or fewer tokens.",
                ),
            )

    def _fail(self, call: Call, error: EngineError) -> None:
        if self._calls.get(call.id) is not call:
            return
        self._drop(call)
        self._outbox.fail(call.id, error)

    def _drop(self, call: Call) -> None:
        runners = self._runners.get(call.id)
        if runners is None:
            self._models.cancel(call.id)
        else:
            runners[0].remove(call)
        queue = self._queues.get(call.key)
        if queue is not None:
            queue.remove(call)
        self._forget(call)

    def _forget(self, call: Call) -> None:
        self._admission.leave(call.id)
        self._calls.pop(call.id, None)
        for runner in self._runners.pop(call.id, []):
            runner.release()
