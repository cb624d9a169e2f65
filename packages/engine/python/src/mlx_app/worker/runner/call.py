"""A text generation request while it is queued or runs."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ...decoding.constraints import Grammar
from ...errors import EngineError
from ...prompt.chat_prompt import ChatPrompt
from ...protocol import Done, Generate, Piece, Usage, WorkerTimings
from ...vision.vision_model import VisionPrompt
from .batches import UNBATCHED
from .sequence import FinishReason, SequenceState

Priority = Literal["interactive", "normal", "batch"]


class ModelKey(NamedTuple):
    """Identifies a model in memory."""

    model: str
    adapter: str | None = None

    def __str__(self) -> str:
        return self.model if self.adapter is None else f"{self.model} with {self.adapter}"


@dataclass(frozen=True)
class ProcessedInput:
    """The input of a request, ready for the model.

    `bucket` is where the call decodes: in the batch of that bucket, or UNBATCHED. `max_tokens` of
    each sequence fit into the context. Models that take images prefill `vision` in place of the
    tokens of `prompt`. With a `trigger`, the grammar holds after these tokens of the answer.
    """

    prompt: ChatPrompt
    grammar: Grammar | None
    max_tokens: int
    bucket: int
    vision: VisionPrompt | None = None
    trigger: tuple[int, ...] = ()

    @property
    def batched(self) -> bool:
        """Whether the call decodes in a batch."""
        return self.bucket != UNBATCHED


@dataclass(eq=False)
class Call:
    """One Generate request: queued, in prefill, or decoding."""

    request: Generate
    received: float = field(default_factory=time.perf_counter)
    # time.monotonic() after which nobody needs the answer any more.
    deadline: float | None = None
    processed: ProcessedInput | None = None
    sequences: list[SequenceState] = field(default_factory=list)
    cached_tokens: int = 0
    # The tokens with which an earlier prompt begins alike, whether or not they are cached.
    shared_tokens: int = 0
    # time.perf_counter() when it first got a slot.
    started: float = 0.0

    def __post_init__(self) -> None:
        if self.request.deadline_ms is not None:
            self.deadline = time.monotonic() + self.request.deadline_ms / 1000

    @property
    def id(self) -> int:
        """The id of the request."""
        return self.request.id

    @property
    def priority(self) -> Priority:
        """The class of the call in the queue."""
        return self.request.priority

    @property
    def caller(self) -> str:
        """Who sent the request; callers of one priority take turns."""
        return self.request.caller

    @property
    def key(self) -> ModelKey:
        """The model that answers."""
        return ModelKey(self.request.model, self.request.adapter)

    @property
    def keys(self) -> Iterable[ModelKey]:
        """All models that must be in memory."""
        yield self.key
        if self.request.draft_model is not None:
            yield ModelKey(self.request.draft_model)

    @property
    def input(self) -> ProcessedInput:
        """The processed input; there must be one."""
        assert self.processed is not None
        return self.processed

    @property
    def prompt(self) -> ChatPrompt:
        """The tokens to prefill; the input must be processed."""
        return self.input.prompt

    @property
    def ended(self) -> bool:
        """Whether all of its sequences have ended."""
        return bool(self.sequences) and all(sequence.ended for sequence in self.sequences)

    @property
    def longest_tokens(self) -> int:
        """The tokens of its longest sequence, including the prompt."""
        return len(self.prompt.tokens) + self.decoded_tokens

    @property
    def decoded_tokens(self) -> int:
        """The tokens that its longest sequence has decoded."""
        return max((len(sequence.tokens) for sequence in self.sequences), default=0)

    def done(
        self, sequence: SequenceState, reason: FinishReason, stop_string: str | None = None
    ) -> Done:
        """Ends a sequence and returns the event for it."""
        sequence.ended = True
        return Done(
            id=self.id,
            index=sequence.index,
            finish_reason=reason,
            stop_string=stop_string,
            moved_lines=self.prompt.moved_lines,
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


@dataclass(frozen=True)
class CallOutput:
    """What a step gave one call: a piece, the end of a sequence, or the failure of the call."""

    call: Call
    piece: Piece | None = None
    done: Done | None = None
    error: EngineError | None = None
