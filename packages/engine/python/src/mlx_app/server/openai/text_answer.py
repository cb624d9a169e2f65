"""Completions, whole and streamed."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ...engine.results import Answer, Chunk
from ...protocol import Usage
from ..http.event_stream import DONE, ServerEvent
from .chat_answer import to_reasoning
from .logprobs import CharacterCounter, to_text_logprobs
from .usage import to_timings, to_usage


@dataclass(frozen=True, kw_only=True)
class TextAnswerOptions:
    """What a completion contains."""

    prompts: Sequence[str]
    #: The number of answers to each prompt.
    n: int
    echo: bool
    with_logprobs: bool
    include_usage: bool


def to_text_answer(
    envelope: Mapping[str, Any], answers: Sequence[Answer], options: TextAnswerOptions
) -> dict[str, Any]:
    """Returns the complete answers, in the order of the prompts."""
    choices = [
        {
            "text": prompt + choice.text if options.echo else choice.text,
            **to_reasoning(choice.reasoning),
            "logprobs": to_text_logprobs(choice.logprobs, CharacterCounter())
            if options.with_logprobs
            else None,
            "finish_reason": choice.finish_reason,
        }
        for prompt, answer in zip(options.prompts, answers, strict=True)
        for choice in answer.choices
    ]
    numbered = [{"index": index, **choice} for index, choice in enumerate(choices)]
    return {**envelope, "choices": numbered, **_totals(answers)}


async def text_events(
    envelope: Mapping[str, Any],
    chunks: AsyncGenerator[tuple[int, Chunk], None],
    options: TextAnswerOptions,
) -> AsyncGenerator[ServerEvent, None]:
    """Converts the chunks of the answers to events, with `[DONE]` after the last one.

    Each chunk comes with the number of its prompt.
    """
    base = {**envelope, "usage": None} if options.include_usage else envelope
    # The number of characters in the tokens so far, by choice.
    counters: dict[int, CharacterCounter] = {}
    last: list[Chunk] = []
    async with aclosing(chunks):
        async for source, chunk in chunks:
            index = source * options.n + chunk.index
            echoed = options.prompts[source] if options.echo and index not in counters else ""
            counter = counters.setdefault(index, CharacterCounter())
            text = echoed + chunk.text
            if text or chunk.reasoning or chunk.logprobs:
                logprobs = (
                    to_text_logprobs(chunk.logprobs, counter) if options.with_logprobs else None
                )
                choice = {"index": index, "text": text, **to_reasoning(chunk.reasoning)}
                choice |= {"logprobs": logprobs, "finish_reason": None}
                yield ServerEvent({**base, "choices": [choice]})
            if chunk.finish_reason is not None:
                end = {"index": index, "text": "", "logprobs": None}
                end["finish_reason"] = chunk.finish_reason
                yield ServerEvent({**base, "choices": [end]})
            if chunk.usage is not None:
                last.append(chunk)
    if options.include_usage:
        yield ServerEvent({**base, "choices": [], **_totals(last)})
    yield DONE


def _totals(parts: Sequence[Answer | Chunk]) -> dict[str, Any]:
    """Returns the usage of all prompts together, and the timings of a single one."""
    usages = [part.usage for part in parts if part.usage is not None]
    total = Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        draft_tokens=sum(usage.draft_tokens for usage in usages),
    )
    timings = parts[0].timings if len(parts) == 1 else None
    return {
        "usage": to_usage(total),
        **({} if timings is None else {"timings": to_timings(timings)}),
    }


def empty_text_event(envelope: Mapping[str, Any], include_usage: bool) -> ServerEvent:
    """Returns a heartbeat: a chunk without text."""
    choice = {"index": 0, "text": "", "logprobs": None, "finish_reason": None}
    base = {**envelope, "usage": None} if include_usage else envelope
    return ServerEvent({**base, "choices": [choice]})
