"""What the worker knows of one call for a text."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ...decoding.constraints import Grammar
from ...prompt.chat_prompt import ChatPrompt
from ...protocol import Done, Generate, Usage, WorkerTimings
from ...vision.vision_model import VisionPrompt
from ..scheduler.request_queue import Priority
from .sequence import FinishReason, Sequence


class ModelKey(NamedTuple):
    """What tells models in memory apart."""

    model: str
    adapter: str | None = None


@dataclass(frozen=True)
class Prepared:
    """What a request comes to before the model has seen it."""

    prompt: ChatPrompt
    grammar: Grammar | None = None
    # The prompt as a model that sees reads it.
    vision: VisionPrompt | None = None


@dataclass(eq=False)
class Call:
    """One Generate request on its way: waiting, in prefill, decoding."""

    request: Generate
    received: float = field(default_factory=time.perf_counter)
    # time.monotonic() after which nobody wants it any more.
    deadline: float | None = None
    prepared: Prepared | None = None
    sequences: list[Sequence] = field(default_factory=list)
    cached_tokens: int = 0
    # time.perf_counter() when it first got a place.
    started: float = 0.0

    def __post_init__(self) -> None:
        if self.request.deadline_ms is not None:
            self.deadline = time.monotonic() + self.request.deadline_ms / 1000

    @property
    def id(self) -> int:
        """The number that the engine knows it by."""
        return self.request.id

    @property
    def priority(self) -> Priority:
        """Which calls it goes before."""
        return self.request.priority

    @property
    def caller(self) -> str:
        """Whoever asks; callers of one priority take turns."""
        return self.request.caller

    @property
    def key(self) -> ModelKey:
        """The model that is to answer."""
        return ModelKey(self.request.model, self.request.adapter)

    @property
    def keys(self) -> Iterable[ModelKey]:
        """All models that must be in memory."""
        yield self.key
        if self.request.draft_model is not None:
            yield ModelKey(self.request.draft_model)

    @property
    def prompt(self) -> ChatPrompt:
        """The tokens to read; the call must be prepared."""
        assert self.prepared is not None
        return self.prepared.prompt

    @property
    def ended(self) -> bool:
        """Whether all of its sequences have."""
        return bool(self.sequences) and all(sequence.ended for sequence in self.sequences)

    @property
    def sequential(self) -> bool:
        """Whether it asks for what can't be done in a batch."""
        return self.request.draft_model is not None or self.request.kv_bits is not None

    @property
    def longest_tokens(self) -> int:
        """Tokens of its longest sequence, the prompt included."""
        return len(self.prompt.tokens) + max(len(one.tokens) for one in self.sequences)

    def done(
        self, sequence: Sequence, reason: FinishReason, stop_string: str | None = None
    ) -> Done:
        """The event that ends a sequence."""
        sequence.ended = True
        return Done(
            id=self.id,
            index=sequence.index,
            finish_reason=reason,
            stop_string=stop_string,
            usage=Usage(
                prompt_tokens=len(self.prompt.tokens),
                cached_tokens=self.cached_tokens,
                completion_tokens=len(sequence.tokens),
                reasoning_tokens=sequence.reasoning_tokens,
                draft_tokens=sequence.draft_tokens,
            ),
            timings=WorkerTimings(
                queue_ms=(self.started - self.received) * 1000,
                prompt_ms=(sequence.first - self.started) * 1000,
                generation_ms=(sequence.last - sequence.first) * 1000,
            ),
        )
