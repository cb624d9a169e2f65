"""Whether there is memory for a call, before it starts and while it goes on.

The rule. A call reserves its prompt and the first AHEAD tokens of its answer, not all of maxTokens:
most answers end long before that, and a default of 1024 tokens for each of 32 calls would leave a
small machine idle. When an answer comes to the end of what it reserved it asks for AHEAD tokens
more. Where they are not there, what can be spared goes first (prompt caches, idle models), then the
youngest calls give their places up and wait again; the oldest goes on always, so each call ends at
last. A call that can't go on even alone fails, and says with which numbers.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from ...errors import EngineError
from ...memory import human
from ...mlx_lm_adapter.cache_size import CacheSize

# Tokens of an answer that are reserved at a time: one step by which mlx-lm's caches grow.
AHEAD = 256


@dataclass(frozen=True)
class Need:
    """What a call wants of a model.

    `sequences` is n. Calls with the same `batch` lie in one array and are padded to the longest of
    them; None is for a call that runs by itself. `kv_bits` is for those only. `chunk_tokens` are
    read of a prompt at once.
    """

    size: CacheSize
    prompt_tokens: int
    max_tokens: int
    sequences: int = 1
    batch: Hashable | None = None
    kv_bits: int | None = None
    kv_group_size: int = 64
    chunk_tokens: int = 512

    @property
    def first_tokens(self) -> int:
        """Tokens of each sequence that are reserved when the call starts."""
        return self.prompt_tokens + min(self.max_tokens, AHEAD)

    @property
    def most_tokens(self) -> int:
        """Tokens of each sequence at the very end."""
        return self.prompt_tokens + self.max_tokens

    def bytes(self, tokens: int, sequences: int | None = None) -> int:
        """Bytes of the caches when the longest sequence has so many tokens."""
        return self.size.bytes(
            tokens,
            self.sequences if sequences is None else sequences,
            kv_bits=self.kv_bits,
            kv_group_size=self.kv_group_size,
        )

    @property
    def reading_bytes(self) -> int:
        """Bytes on top while the prompt is read."""
        return self.size.reading_bytes(self.prompt_tokens, self.chunk_tokens)


@dataclass(frozen=True)
class Memory:
    """What is taken at the moment, in bytes.

    `active`: all that MLX holds (mx.get_active_memory). In it: `sequences`, the caches of the calls
    in flight; `prompt_cache`, kept for later calls, which can be freed; `idle_models`, weights that
    can be unloaded now; `kept_models`, weights that stay: of this call's model and of pinned ones.
    `coming`: weights of models that are being loaded, as far as they are not there yet.
    """

    active: int
    sequences: int = 0
    prompt_cache: int = 0
    idle_models: int = 0
    kept_models: int = 0
    coming: int = 0

    @property
    def spare(self) -> int:
        """What can be given back at once."""
        return self.prompt_cache + self.idle_models

    @property
    def beside(self) -> int:
        """All but the caches of the calls in flight."""
        return max(0, self.active - self.sequences) + self.coming


@dataclass(frozen=True)
class Verdict:
    """Whether a call may start now, and what must go first: prompt caches, then idle models."""

    now: bool
    free_bytes: int = 0
    unload_bytes: int = 0


@dataclass(frozen=True)
class Growth:
    """What must happen before the next step: prompt caches freed, idle models unloaded, calls put
    back into the line.
    """

    free_bytes: int = 0
    unload_bytes: int = 0
    yielding: tuple[int, ...] = ()


@dataclass
class _Flight:
    need: Need
    tokens: int
    reading: bool = True


@dataclass
class Admission:
    """The memory that the calls in flight have reserved, within `limit_bytes` for everything."""

    limit_bytes: int
    _flights: dict[int, _Flight] = field(default_factory=dict)

    def __len__(self) -> int:
        """Calls in flight."""
        return len(self._flights)

    @property
    def reserved_bytes(self) -> int:
        """Bytes that the caches of the calls in flight may come to with what they reserved."""
        return _reserved(self._flights.values())

    def decide(self, need: Need, memory: Memory) -> Verdict:
        """Whether there is room for a call now, or when others have ended.

        Raises EngineError OUT_OF_MEMORY for a call that finds no room whatever ends.
        """
        own = need.bytes(need.first_tokens) + need.reading_bytes
        stays = memory.kept_models
        if not self._flights and not memory.coming:
            # Nothing will end: what can't be freed now stays.
            stays = max(stays, memory.beside - memory.spare)
        if stays + own > self.limit_bytes:
            raise self._never(need, own, stays)
        joined = [*self._flights.values(), _Flight(need, need.first_tokens)]
        short = self._short(joined, memory)
        if short > memory.spare:
            return Verdict(now=False)
        freed = min(short, memory.prompt_cache)
        return Verdict(now=True, free_bytes=freed, unload_bytes=short - freed)

    def enter(self, call_id: int, need: Need) -> None:
        """Reserves what a call needs to start. Raises ValueError for an id in flight."""
        if call_id in self._flights:
            raise ValueError(f"Call {call_id} is in flight.")
        self._flights[call_id] = _Flight(need, need.first_tokens)

    def has_read(self, call_id: int) -> None:
        """Notes that a call's prompt is read: the work of reading is over."""
        flight = self._flights.get(call_id)
        if flight is not None:
            flight.reading = False

    def leave(self, call_id: int) -> None:
        """Gives back what a call reserved, if it is in flight."""
        self._flights.pop(call_id, None)

    def must_grow(self, call_id: int, tokens: int) -> bool:
        """Whether a call whose longest sequence has so many tokens, prompt included, is at the end
        of what it reserved. Quick: to be asked after each step.
        """
        flight = self._flights.get(call_id)
        return (
            flight is not None
            and tokens >= flight.tokens
            and flight.tokens < flight.need.most_tokens
        )

    def grow(self, call_id: int, tokens: int, memory: Memory) -> Growth:
        """Reserves AHEAD tokens more.

        Calls that yield have left when this returns. Raises EngineError OUT_OF_MEMORY where the
        call can't go on even alone; it has left then.
        """
        flight = self._flights[call_id]
        flight.tokens = min(tokens + AHEAD, flight.need.most_tokens)
        flight.reading = False
        yielding: list[int] = []
        before = dict(self._flights)
        short = self._short(list(self._flights.values()), memory)
        while short > memory.spare and len(self._flights) > 1:
            youngest = next(reversed(self._flights))
            del self._flights[youngest]
            yielding.append(youngest)
            # What it holds is not given back yet, so only the plan counts here.
            short = memory.beside + self.reserved_bytes - self.limit_bytes
        if call_id in self._flights and short > memory.spare:
            # The others keep their places: this one leaves them its memory.
            self._flights = before
            self.leave(call_id)
            own = flight.need.bytes(flight.tokens)
            raise self._no_more(flight, own, memory)
        freed = min(max(0, short), memory.prompt_cache)
        return Growth(freed, max(0, short - freed), tuple(yielding))

    def _short(self, flights: list[_Flight], memory: Memory) -> int:
        """Bytes that are missing for these calls; what they hold in truth counts if it is more."""
        planned = max(_reserved(flights), memory.sequences)
        return max(0, memory.beside + planned - self.limit_bytes)

    def _never(self, need: Need, own: int, stays: int) -> EngineError:
        answer = need.first_tokens - need.prompt_tokens
        sequences = f", in {need.sequences} sequences" if need.sequences > 1 else ""
        return EngineError(
            "OUT_OF_MEMORY",
            f"The call needs {human(own)} of memory for {need.prompt_tokens} tokens of prompt and "
            f"the first {answer} of its answer{sequences}; the limit is "
            f"{human(self.limit_bytes)}, of which the models and what else stays take "
            f"{human(stays)}.",
            _help(need, stays + own),
        )

    def _no_more(self, flight: _Flight, own: int, memory: Memory) -> EngineError:
        return EngineError(
            "OUT_OF_MEMORY",
            f"The answer has grown to all the memory that there is: {flight.tokens} tokens take "
            f"{human(own)}; the limit is {human(self.limit_bytes)}, of which "
            f"{human(memory.beside)} are taken by models and what else stays.",
            _help(flight.need, memory.beside + own),
        )


def _reserved(flights: Iterable[_Flight]) -> int:
    total = 0
    batches: dict[Hashable, list[_Flight]] = {}
    for flight in flights:
        if flight.reading:
            total += flight.need.reading_bytes
        if flight.need.batch is None:
            total += flight.need.bytes(flight.tokens)
        else:
            batches.setdefault(flight.need.batch, []).append(flight)
    for members in batches.values():
        longest = max(members, key=lambda member: member.tokens)
        sequences = sum(member.need.sequences for member in members)
        total += longest.need.bytes(longest.tokens, sequences)
    return total


def _help(need: Need, wanted: int) -> str:
    ways = ["Shorten the prompt", "lower maxTokens"]
    if need.sequences > 1:
        ways.append("ask for fewer answers (n)")
    if need.kv_bits is None:
        ways.append("set kvBits to 8 or 4")
    ways.append("unload a pinned model or choose a smaller one")
    return f"{', '.join(ways)}, or raise memoryLimitBytes to at least {wanted}."
