"""The chunks and the whole of an answer, from the events of its call."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import EngineError
from ..protocol import Done, Event, Piece, Usage
from ..protocol import PromptProgress as PromptProgressEvent
from .options import PromptProgress
from .results import Answer, Choice, Chunk, ObjectAnswer, Timings

Schema = TypeVar("Schema", bound=BaseModel)


class ChunkReader:
    """Turns the items of one generation into chunks."""

    def __init__(
        self, model: str, sequences: int, on_progress: Callable[[PromptProgress], None] | None
    ) -> None:
        self._model = model
        self._sequences = sequences
        self._on_progress = on_progress
        self._started = time.perf_counter()
        self._first_token: float | None = None
        self._ends: list[Done] = []

    @property
    def ended(self) -> bool:
        """Whether the last chunk has been returned."""
        return len(self._ends) == self._sequences

    def chunk(self, item: Event | Piece | EngineError) -> Chunk | None:
        """Returns the chunk of an item, or None for an item without one. Raises its error."""
        if isinstance(item, EngineError):
            raise item
        if isinstance(item, PromptProgressEvent):
            if self._on_progress is not None:
                self._on_progress(PromptProgress(item.processed_tokens, item.total_tokens))
            return None
        if self._first_token is None:
            self._first_token = time.perf_counter()
        if isinstance(item, Piece):
            return Chunk(
                text=item.text,
                index=item.index,
                reasoning=item.reasoning,
                tool_calls=item.tool_calls,
                tool_errors=item.tool_errors,
                logprobs=item.logprobs,
            )
        assert isinstance(item, Done)
        self._ends.append(item)
        if not self.ended:
            return _end(item)
        usage = _usage(self._ends)
        return _end(item, usage, self._timings(self._first_token, usage), self._model)

    def _timings(self, first_token: float, usage: Usage) -> Timings:
        first = self._ends[0].timings
        generation_ms = max(end.timings.generation_ms for end in self._ends)
        return Timings(
            ttft_ms=(first_token - self._started) * 1000,
            total_ms=(time.perf_counter() - self._started) * 1000,
            queue_ms=first.queue_ms,
            tokens_per_second=_rate(usage.completion_tokens - len(self._ends), generation_ms),
            prompt_tokens_per_second=_rate(
                usage.prompt_tokens - usage.cached_tokens, first.prompt_ms
            ),
        )


def whole_chunk(chunk: Chunk) -> Chunk:
    """Returns a chunk as it is, for a stream of chunks."""
    return chunk


def choices_of(chunks: Iterable[Chunk]) -> list[Choice]:
    """Returns the sequences of chunks, also of an answer that has not ended."""
    choices: dict[int, Choice] = {}
    for chunk in chunks:
        choice = choices.setdefault(chunk.index, Choice())
        choice.text += chunk.text
        choice.reasoning += chunk.reasoning
        choice.tool_calls += chunk.tool_calls
        choice.tool_errors += chunk.tool_errors
        choice.logprobs += chunk.logprobs
        if chunk.finish_reason is not None:
            choice.finish_reason = chunk.finish_reason
            choice.stop_string = chunk.stop_string
    return [choices[index] for index in sorted(choices)]


def whole(chunks: Iterable[Chunk]) -> Answer:
    """Returns the whole answer of a stream of chunks."""
    all_chunks = list(chunks)
    choices, last = choices_of(all_chunks), all_chunks[-1]
    assert last.usage is not None
    assert last.timings is not None
    assert last.model is not None
    return Answer(
        **vars(choices[0]),
        choices=choices,
        usage=last.usage,
        timings=last.timings,
        model=last.model,
    )


def parse(answer: Answer, schema: type[Schema]) -> ObjectAnswer[Schema]:
    """Returns an answer as a value of a pydantic model.

    Raises EngineError INVALID_OUTPUT for a call of a tool, and for text that was cut off or that
    the model's own checks reject.
    """
    if answer.finish_reason == "length":
        raise EngineError(
            "INVALID_OUTPUT",
            f"The answer was cut off: {_shorten(answer.text)}",
            "Raise max_tokens, or limit the lengths in the model.",
        )
    if answer.tool_calls:
        raise EngineError(
            "INVALID_OUTPUT",
            f"The model called {answer.tool_calls[0].name} instead of returning an object.",
            'Pass tool_choice "none", or complete with response_format, which returns the call or '
            "the object.",
        )
    try:
        value = schema.model_validate_json(answer.text)
    except ValidationError as error:
        raise EngineError(
            "INVALID_OUTPUT",
            f"The answer does not match the model: {error}",
            "JSON Schema enforces types, limits and patterns. Validators are only checked "
            "afterwards.",
        ) from error
    return ObjectAnswer(**vars(answer), object=value)


def _end(
    done: Done,
    usage: Usage | None = None,
    timings: Timings | None = None,
    model: str | None = None,
) -> Chunk:
    return Chunk(
        index=done.index,
        finish_reason=done.finish_reason,
        stop_string=done.stop_string,
        moved_lines=done.moved_lines,
        usage=usage,
        timings=timings,
        model=model,
    )


def _usage(ends: list[Done]) -> Usage:
    """Returns the token counts of a call: its prompt once, and the tokens of all sequences."""
    first = ends[0].usage
    return Usage(
        prompt_tokens=first.prompt_tokens,
        cached_tokens=first.cached_tokens,
        completion_tokens=sum(end.usage.completion_tokens for end in ends),
        reasoning_tokens=sum(end.usage.reasoning_tokens for end in ends),
        draft_tokens=sum(end.usage.draft_tokens for end in ends),
    )


def _rate(tokens: int, milliseconds: float) -> float:
    return tokens * 1000 / milliseconds if tokens > 0 and milliseconds > 0 else 0.0


def _shorten(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
