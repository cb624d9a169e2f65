"""Moves the lines of a system prompt that change between turns behind all other messages.

Agents write the time, token counts or the state of git into their system prompts. A line that
changes ends the prefix that is cached, and with it that of the tools and the whole chat. At the end
of the last message it costs itself and the last answer, which is read again without it. So lines
that last for many turns stay. What is moved depends on the request alone, so that the prompt is the
same whatever is cached.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ..protocol import Message, TextPart
from .volatile_kinds import is_billing, spans


@dataclass(frozen=True)
class MovedLines:
    """Messages whose volatile lines are at their end.

    `lasting` is the same chat without those lines, as the next request has it. `count` is the
    number of lines that were moved or dropped.
    """

    messages: Sequence[Message]
    lasting: Sequence[Message]
    count: int


def move_volatile_lines(messages: Sequence[Message]) -> MovedLines:
    """Moves the volatile lines of the first system messages to the end of the last message.

    A system prompt of nothing else stays as it is, as do messages without a user's or a tool's.
    """
    leading = next((i for i, m in enumerate(messages) if m.role != "system"), len(messages))
    last = next((i for i in reversed(range(len(messages))) if messages[i].role != "assistant"), 0)
    if last < leading:
        return unmoved(messages)
    texts = [text for message in messages[:leading] for text in _texts(message)]
    # A label that stands there again and again is that of examples.
    labels = Counter(span.label for text in texts for span in spans(text) if span.label)
    repeated = {label for label, count in labels.items() if count > 1}
    moved: list[str] = []
    lasting = list(messages)
    for index in range(leading):
        lasting[index] = _without(messages[index], repeated, moved)
    if not moved or not any(
        text.strip() for message in lasting[:leading] for text in _texts(message)
    ):
        return unmoved(messages)
    lines = [line.strip() for line in moved if not is_billing(line)]
    shown = list(lasting)
    if lines:
        shown[last] = _with(shown[last], "\n".join(lines))
    return MovedLines(shown, lasting, len(moved))


def unmoved(messages: Sequence[Message]) -> MovedLines:
    """Returns messages as they are."""
    return MovedLines(messages, messages, 0)


def _without(message: Message, repeated: set[str], moved: list[str]) -> Message:
    """Returns a message without its volatile lines, which are added to `moved`."""
    if isinstance(message.content, str):
        return replace(message, content=_split(message.content, repeated, moved))
    parts = [
        replace(part, text=_split(part.text, repeated, moved))
        if isinstance(part, TextPart)
        else part
        for part in message.content
    ]
    return replace(message, content=parts)


def _with(message: Message, lines: str) -> Message:
    if isinstance(message.content, str):
        content = f"{message.content}\n\n{lines}" if message.content else lines
        return replace(message, content=content)
    return replace(message, content=[*message.content, TextPart(text=f"\n\n{lines}")])


def _texts(message: Message) -> list[str]:
    if isinstance(message.content, str):
        return [message.content]
    return [part.text for part in message.content if isinstance(part, TextPart)]


def _split(text: str, repeated: set[str], moved: list[str]) -> str:
    kept: list[str] = []
    for span in spans(text):
        is_moved = span.volatile and span.label not in repeated
        (moved if is_moved else kept).extend(span.lines)
    return "".join(kept)
