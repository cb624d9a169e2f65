"""What the engine returns."""

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from ..protocol import (
    CleanedFile,
    LoadedModel,
    TokenLogprob,
    ToolCall,
    ToolError,
    Usage,
    VerifiedFile,
)

Value = TypeVar("Value")

FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, kw_only=True)
class Timings:
    """The timings of a call as its caller sees them. Those in milliseconds start at the call."""

    #: Time to first token (TTFT).
    ttft_ms: float
    #: Time until the end of the answer.
    total_ms: float
    #: The part of `ttft_ms` in which the call waited for a place in the batch.
    queue_ms: float
    #: Decode rate: the tokens after the first per second between first and last. 0 for a single
    #: token.
    tokens_per_second: float
    #: Prefill rate, without the tokens from the prompt cache.
    prompt_tokens_per_second: float


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A piece of a streamed answer."""

    #: New text. It is empty if there is none.
    text: str = ""
    #: Which of the `n` sequences the piece belongs to, from 0.
    index: int = 0
    #: New text of what the model thinks before it answers.
    reasoning: str = ""
    #: Calls that are complete.
    tool_calls: list[ToolCall] = field(default_factory=list)
    #: Text in the place of a call that can't be parsed as one.
    tool_errors: list[ToolError] = field(default_factory=list)
    #: One entry for each token of this piece, if requested. Text may come later than its token.
    logprobs: list[TokenLogprob] = field(default_factory=list)
    #: Why the sequence ended; only on its last piece.
    finish_reason: FinishReason | None = None
    #: The stop string that ended the sequence; beside `finish_reason`.
    stop_string: str | None = None
    #: Lines of the system prompt that `volatile_lines` moved or left out; beside `finish_reason`.
    moved_lines: int = 0
    #: Token counts; only on the last piece of the answer.
    usage: Usage | None = None
    #: Timings; only on the last piece of the answer.
    timings: Timings | None = None
    #: The model that answers; only on the last piece of the answer.
    model: str | None = None


class Token(str):
    """New text of an answer, which prints as such. `chunk` has everything else about it."""

    __slots__ = ("chunk",)
    chunk: Chunk

    def __new__(cls, chunk: Chunk) -> "Token":
        token = super().__new__(cls, chunk.text)
        token.chunk = chunk
        return token

    def __reduce__(self) -> tuple[Any, ...]:
        # For copies and pickles.
        return Token, (self.chunk,)

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the sequence ended; only on its last token."""
        return self.chunk.finish_reason

    @property
    def usage(self) -> Usage | None:
        """Token counts; only on the last token of the answer."""
        return self.chunk.usage

    @property
    def timings(self) -> Timings | None:
        """Timings; only on the last token of the answer."""
        return self.chunk.timings


@dataclass(kw_only=True)
class Choice:
    """One complete sequence."""

    text: str = ""
    #: What the model thought before it answered. It is empty for a model that doesn't think.
    reasoning: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    tool_errors: list[ToolError] = field(default_factory=list)
    #: One entry for each token, if requested.
    logprobs: list[TokenLogprob] = field(default_factory=list)
    finish_reason: FinishReason = "stop"
    #: The stop string that ended it.
    stop_string: str | None = None


@dataclass(kw_only=True)
class Answer(Choice):
    """A complete answer: the first sequence, and all sequences as `choices`."""

    choices: list[Choice]
    usage: Usage
    timings: Timings
    model: str


@dataclass(kw_only=True)
class ObjectAnswer(Answer, Generic[Value]):
    """An answer that was parsed as a value of a schema."""

    object: Value


@dataclass(frozen=True, kw_only=True)
class EmbedAnswer:
    """The answer of `embed`."""

    #: One vector of length 1 for each input, in the same order.
    vectors: list[list[float]]
    prompt_tokens: int
    model: str


@dataclass(frozen=True, kw_only=True)
class VerifiedModel:
    """The files of a model, compared with their hashes."""

    model: str
    #: The folder of the model.
    path: str
    files: list[VerifiedFile]


@dataclass(frozen=True, kw_only=True)
class RemovedModel:
    """A model that was deleted."""

    model: str
    #: The folder in which it was.
    path: str
    freed_bytes: int


@dataclass(frozen=True, kw_only=True)
class CleanedModels:
    """Files that were deleted because no model needs them."""

    #: The files, each with its size and the reason.
    removed: list[CleanedFile]
    freed_bytes: int


@dataclass(frozen=True, kw_only=True)
class Versions:
    """The versions of what the engine runs on."""

    python: str
    mlx: str
    mlx_lm: str


@dataclass(frozen=True, kw_only=True)
class EngineStatus:
    """The loaded models, the calls in progress and the memory in use, in bytes."""

    device: Literal["gpu", "cpu"]
    versions: Versions
    models: list[LoadedModel]
    #: Calls that run.
    active: int
    #: Calls that wait.
    queued: int
    memory_bytes: int
    #: Memory that MLX keeps for reuse.
    cache_bytes: int
    peak_memory_bytes: int
    memory_limit_bytes: int
    #: Memory of the prompt caches of all models.
    prompt_cache_bytes: int
    #: Steps of all models since the start.
    steps: int
    #: Unix time of the last step in milliseconds; None before it.
    last_step_at: float | None
