"""The events of a streamed chat completion."""

from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from ...engine.options import PromptProgress
from ...engine.results import Chunk
from ...protocol import TokenLogprob
from ..http.event_stream import DONE, ServerEvent
from .chat_answer import to_reasoning, to_tool_call, visible_text
from .logprobs import to_logprobs
from .usage import to_timings, to_usage

_NOTHING_NEW = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": None}


async def chat_events(
    envelope: Mapping[str, Any],
    steps: AsyncGenerator[Chunk | PromptProgress, None],
    *,
    include_usage: bool,
    with_logprobs: bool,
    custom_tools: Collection[str],
) -> AsyncGenerator[ServerEvent, None]:
    """Converts the chunks of an answer to events, with `[DONE]` after the last one."""
    base = {**envelope, "usage": None} if include_usage else envelope
    writers: dict[int, _ChoiceWriter] = {}
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, PromptProgress):
                progress = {"processed": step.processed_tokens, "total": step.total_tokens}
                yield ServerEvent({**base, "choices": [_NOTHING_NEW], "prompt_progress": progress})
                continue
            writer = writers.get(step.index)
            if writer is None:
                writer = writers[step.index] = _ChoiceWriter(
                    step.index, with_logprobs, custom_tools
                )
            for choice in writer.write(step):
                yield ServerEvent({**base, "choices": [choice]})
            if include_usage and step.usage is not None and step.timings is not None:
                usage, timings = to_usage(step.usage), to_timings(step.timings)
                yield ServerEvent({**base, "choices": [], "usage": usage, "timings": timings})
    yield DONE


def empty_chat_event(envelope: Mapping[str, Any], *, include_usage: bool) -> ServerEvent:
    """Returns a heartbeat: a chunk with an empty delta."""
    base = {**envelope, "usage": None} if include_usage else envelope
    return ServerEvent({**base, "choices": [_NOTHING_NEW]})


class _ChoiceWriter:
    """Writes the chunks of one of the `n` answers."""

    def __init__(self, index: int, with_logprobs: bool, custom_tools: Collection[str]) -> None:
        self._index = index
        self._custom_tools = custom_tools
        self._with_logprobs = with_logprobs
        self._begun = False
        self._calls = 0

    def write(self, chunk: Chunk) -> Iterator[dict[str, Any]]:
        if not self._begun:
            self._begun = True
            yield self._choice({"role": "assistant", "content": ""})
        pending = chunk.logprobs
        if chunk.reasoning:
            yield self._choice(to_reasoning(chunk.reasoning), [] if chunk.text else pending)
            if not chunk.text:
                pending = []
        content = visible_text(chunk)
        if content or pending:
            yield self._choice({"content": content}, pending)
        if chunk.tool_calls:
            numbered = enumerate(chunk.tool_calls, self._calls)
            calls = [
                {"index": number, **to_tool_call(call, self._custom_tools)}
                for number, call in numbered
            ]
            self._calls += len(calls)
            yield self._choice({"tool_calls": calls})
        if chunk.finish_reason is not None:
            yield {**self._choice({}), "finish_reason": chunk.finish_reason}

    def _choice(
        self, delta: Mapping[str, Any], logprobs: Sequence[TokenLogprob] = ()
    ) -> dict[str, Any]:
        told = to_logprobs(logprobs) if self._with_logprobs and logprobs else None
        return {"index": self._index, "delta": delta, "logprobs": told, "finish_reason": None}
