"""Whether there is memory for a call, before it starts and while it runs.

A call reserves its prompt and the first RESERVED_TOKENS of its answer, not all of maxTokens: most
answers end long before that, and a default of 1024 tokens for each of 32 calls would leave a small
machine idle. When an answer has used up what it reserved, it reserves RESERVED_TOKENS more. Where
that memory is missing, prompt caches and idle models are freed first. Then the youngest calls are
preempted and queued again. The oldest always goes on, so each call ends at last. A call that can't
go on even alone fails, with the numbers.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from ...errors import EngineError
from ...memory import format_bytes
from ..runner.memory_need import RESERVED_TOKENS, MemoryNeed


@dataclass(frozen=True)
class Memory:
    """The memory in use, in bytes.

    `active` is all that MLX holds (mx.get_active_memory). It includes `sequences`, the caches of
    running calls; `prompt_cache`, which can be freed; `idle_models`, the weights that can be
    unloaded now; and `kept_models`, the weights of this call's model and of pinned ones. `coming`
    are the weights of models that are being loaded, as far as they are not in memory yet.
    """

    active: int
    sequences: int = 0
    prompt_cache: int = 0
    idle_models: int = 0
    kept_models: int = 0
    coming: int = 0

    @property
    def spare(self) -> int:
        """What can be freed at once."""
        return self.prompt_cache + self.idle_models

    @property
    def beside(self) -> int:
        """Everything but the caches of running calls."""
        return max(0, self.active - self.sequences) + self.coming


@dataclass(frozen=True)
class Verdict:
    """Whether a call may start now, and how much to free first: prompt caches, then idle models."""

    now: bool
    free_bytes: int = 0
    unload_bytes: int = 0


@dataclass(frozen=True)
class Growth:
    """What must happen before the next step: prompt caches freed, idle models unloaded, calls
    preempted.
    """

    free_bytes: int = 0
    unload_bytes: int = 0
    preempted: tuple[int, ...] = ()


@dataclass
class _Reservation:
    need: MemoryNeed
    tokens: int
    in_prefill: bool = True


@dataclass
class Admission:
    """The memory that running calls have reserved, within a limit for everything."""

    limit_bytes: int
    _reservations: dict[int, _Reservation] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of running calls."""
        return len(self._reservations)

    @property
    def reserved_bytes(self) -> int:
        """The bytes that the caches of the running calls have reserved."""
        return _reserved(self._reservations.values())

    def decide(self, need: MemoryNeed, memory: Memory) -> Verdict:
        """Whether a call can start now or must wait until others have ended.

        Raises EngineError OUT_OF_MEMORY for a call that can't start even alone.
        """
        own = need.bytes(need.first_tokens) + need.prefill_bytes
        stays = memory.kept_models
        if not self._reservations and not memory.coming:
            # Nothing will end: what can't be freed now stays.
            stays = max(stays, memory.beside - memory.spare)
        if stays + own > self.limit_bytes:
            raise self._never(need, own, stays)
        joined = [*self._reservations.values(), _Reservation(need, need.first_tokens)]
        short = self._short(joined, memory)
        if short > memory.spare:
            return Verdict(now=False)
        freed = min(short, memory.prompt_cache)
        return Verdict(now=True, free_bytes=freed, unload_bytes=short - freed)

    def enter(self, call_id: int, need: MemoryNeed) -> None:
        """Reserves what a call needs to start. Raises ValueError for a running call."""
        if call_id in self._reservations:
            raise ValueError(f"Call {call_id} is running.")
        self._reservations[call_id] = _Reservation(need, need.first_tokens)

    def end_prefill(self, call_id: int) -> None:
        """Releases what a call reserved for its prefill alone."""
        reservation = self._reservations.get(call_id)
        if reservation is not None:
            reservation.in_prefill = False

    def leave(self, call_id: int) -> None:
        """Releases what a call reserved, if it runs."""
        self._reservations.pop(call_id, None)

    def must_grow(self, call_id: int, tokens: int) -> bool:
        """Whether a call has used up what it reserved. Quick enough to ask after each step.

        tokens: those of its longest sequence, including the prompt.
        """
        reservation = self._reservations.get(call_id)
        return (
            reservation is not None
            and tokens >= reservation.tokens
            and reservation.tokens < reservation.need.most_tokens
        )

    def grow(self, call_id: int, tokens: int, memory: Memory) -> Growth:
        """Reserves RESERVED_TOKENS more for a call.

        The preempted calls have left when this returns. Raises EngineError OUT_OF_MEMORY where the
        call can't go on even alone; it has left then.
        """
        reservation = self._reservations[call_id]
        reservation.tokens = min(tokens + RESERVED_TOKENS, reservation.need.most_tokens)
        reservation.in_prefill = False
        preempted: list[int] = []
        before = dict(self._reservations)
        short = self._short(list(self._reservations.values()), memory)
        while short > memory.spare and len(self._reservations) > 1:
            youngest = next(reversed(self._reservations))
            del self._reservations[youngest]
            preempted.append(youngest)
            # Its memory is not free yet, so only what is reserved counts here.
            short = memory.beside + self.reserved_bytes - self.limit_bytes
        if call_id in self._reservations and short > memory.spare:
            # The others stay: this call leaves them its memory.
            self._reservations = before
            self.leave(call_id)
            own = reservation.need.bytes(reservation.tokens)
            raise self._no_more(reservation, own, memory)
        freed = min(max(0, short), memory.prompt_cache)
        return Growth(freed, max(0, short - freed), tuple(preempted))

    def _short(self, reservations: list[_Reservation], memory: Memory) -> int:
        """Returns the bytes missing for what calls have reserved or, if it is more, hold."""
        reserved = max(_reserved(reservations), memory.sequences)
        return max(0, memory.beside + reserved - self.limit_bytes)

    def _never(self, need: MemoryNeed, own: int, stays: int) -> EngineError:
        answer = need.first_tokens - need.prompt_tokens
        sequences = f", in {need.sequences} sequences" if need.sequences > 1 else ""
        return EngineError(
            "OUT_OF_MEMORY",
            f"The call needs {format_bytes(own)} of memory for {need.prompt_tokens} prompt tokens "
            f"and the first {answer} tokens of its answer{sequences}; the limit is "
            f"{format_bytes(self.limit_bytes)}, and {format_bytes(stays)} of it can't be freed.",
            _help(need, stays + own),
        )

    def _no_more(self, reservation: _Reservation, own: int, memory: Memory) -> EngineError:
        return EngineError(
            "OUT_OF_MEMORY",
            f"The answer has outgrown the memory: {reservation.tokens} tokens take "
            f"{format_bytes(own)}; the limit is {format_bytes(self.limit_bytes)}, of which models "
            f"and caches take {format_bytes(memory.beside)}.",
            _help(reservation.need, memory.beside + own),
        )


def _reserved(reservations: Iterable[_Reservation]) -> int:
    total = 0
    batches: dict[Hashable, list[_Reservation]] = {}
    for reservation in reservations:
        if reservation.in_prefill:
            total += reservation.need.prefill_bytes
        if reservation.need.batch is None:
            total += reservation.need.bytes(reservation.tokens)
        else:
            batches.setdefault(reservation.need.batch, []).append(reservation)
    for members in batches.values():
        longest = max(members, key=lambda member: member.tokens)
        sequences = sum(member.need.sequences for member in members)
        total += longest.need.bytes(longest.tokens, sequences)
    return total


def _help(need: MemoryNeed, wanted: int) -> str:
    ways = ["Shorten the prompt", "lower maxTokens"]
    if need.sequences > 1:
        ways.append("ask for fewer answers (n)")
    if need.kv_bits is None:
        ways.append("set kvBits to 8 or 4")
    ways.append("unload a pinned model or choose a smaller one")
    return f"{', '.join(ways)}, or raise memoryLimitBytes to at least {wanted}."
