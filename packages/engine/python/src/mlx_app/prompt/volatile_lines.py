"""Moves the lines of a system prompt that change between requests behind all other messages.

Agents write the date, token counts, the working directory or the state of git into their system
prompts. A line that changes ends the prefix that is cached, and with it that of the tools and the
whole chat. At the end of the last message it costs no more than itself. What is moved depends on
the request alone, so that the prompt is the same whatever is cached.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ..protocol import Message, TextPart

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAYS = "mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun"
_TIME = (
    rf"\b(?:19|20)\d{{2}}\b|\d{{1,2}}[:./]\d{{2}}|\b(?:{_MONTHS})[a-z]* \d|\b(?:{_DAYS})(?:day)?\b"
)
_NUMBER = r"(?:about |approx\.? |[~≈$€£<])?\s*\d"

# What a line is about, and how its value begins: "LABEL: VALUE", "LABEL is VALUE" or a tag.
_DATE = (
    r"(?:(?:the|today's|current|local|system|utc|iso|present) )*"
    r"(?:date|time|day|datetime|timestamp|today)(?: ?(?:and|/|&) ?time)?(?: \(.*\)| utc| now)?"
)
_TOKENS = (
    r"(?:(?:the|your|total|remaining|used|current|input|output|prompt|session|budget:) ?)*"
    r"(?:tokens?|context)(?: (?:window|budget|usage|used|left|remaining|count|consumed))*"
    r"(?: so far)?"
)
_COST = r"(?:(?:the|total|current|session|api) )*(?:cost|spend)(?: so far| usd)?"
_DIRECTORY = (
    r"(?:(?:the|your|primary|current|present|project) )*(?:working dir(?:ectory)?|cwd|pwd)"
    r"|(?:the )?current directory"
)
_BRANCH = r"(?:(?:the|current|git|active) )*branch|git (?:head|commit)"
_COUNTER = (
    r"(?:(?:the|current) )*(?:session|request|conversation|message|turn|trace|thread|run|step)"
    r" (?:id|number|count)|(?:time )?elapsed(?: time)?|uptime|(?:current )?(?:turn|iteration)"
)
_LABELS = [
    (re.compile(label), re.compile(value, re.IGNORECASE))
    for label, value in (
        (_DATE, rf".*(?:{_TIME})"),
        (_TOKENS, _NUMBER),
        (_COST, _NUMBER),
        (_DIRECTORY, r"[^\s]*[/\\~]|\S+\s*$"),
        (_BRANCH, r"\S+\s*$"),
        (_COUNTER, r".*\d"),
    )
]
# Whole lines that have no label.
_SENTENCE = re.compile(
    rf"it is (?:now |currently )?(?:{_TIME}).*"
    r"|(?:you have |you've )?(?:used )?[\d.,_]+k?(?: of [\d.,_]+k?)? tokens (?:are )?"
    r"(?:used|left|remaining|so far)\b.*"
)
# A longer line tells more than one value.
_MAX_CHARACTERS = 300
# A header for the provider's accounts, which instructs nobody.
_BILLING = re.compile(r"x-[a-z-]*billing-header:", re.IGNORECASE)
_TAG = re.compile(r"<([\w:-]+)>(.*)</\1>$")
_LABELLED = re.compile(
    r"([^:=]{1,40}?|budget:[^:=]{1,20})\s*(?:[:=]|\bis\b)\s*(.+)$", re.IGNORECASE
)
_GIT_STATUS = re.compile(r"\W*git[ _-]?status\b", re.IGNORECASE)
# Some agents say that the state is that of the start and stays as it is.
_STAYS = re.compile(r"\b(?:will|does) not (?:be )?(?:updated?|change)", re.IGNORECASE)
_GIT_LINE = re.compile(
    r"(?:[MADRCTU?!]{1,2}|[ MADRCTU][MADRCTU]) \S+(?: -> \S+)?$|## \S+\.\.\.|\(?clean\)?$"
    r"|nothing to commit|On branch |Your branch |Changes (?:not|to be) |Untracked files:"
    r"|\s*\(use .?git |\s*(?:new file|modified|deleted|renamed): |Status:\s*$|Recent commits:"
    r"|(?:Current|Main|Git) (?:branch|user)\b.*: |[0-9a-f]{7,40} |</git[_-]?status>",
    re.IGNORECASE,
)


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
    moved: list[str] = []
    lasting = list(messages)
    for index in range(leading):
        lasting[index] = _without(messages[index], moved)
    if not moved or not any(_text(message).strip() for message in lasting[:leading]):
        return unmoved(messages)
    lines = [line.strip() for line in moved if not _BILLING.match(line)]
    shown = list(lasting)
    if lines:
        shown[last] = _with(shown[last], "\n".join(lines))
    return MovedLines(shown, lasting, len(moved))


def unmoved(messages: Sequence[Message]) -> MovedLines:
    """Returns messages as they are."""
    return MovedLines(messages, messages, 0)


def _without(message: Message, moved: list[str]) -> Message:
    """Returns a message without its volatile lines, which are added to `moved`."""
    if isinstance(message.content, str):
        return replace(message, content=_split(message.content, moved))
    parts = [
        replace(part, text=_split(part.text, moved)) if isinstance(part, TextPart) else part
        for part in message.content
    ]
    return replace(message, content=parts)


def _with(message: Message, lines: str) -> Message:
    if isinstance(message.content, str):
        return replace(message, content=f"{message.content}\n\n{lines}".lstrip("\n"))
    return replace(message, content=[*message.content, TextPart(text=f"\n\n{lines}")])


def _text(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "".join(part.text for part in message.content if isinstance(part, TextPart))


def _split(text: str, moved: list[str]) -> str:
    kept: list[str] = []
    lines = text.splitlines(keepends=True)
    index = 0
    while index < len(lines):
        end = _git_end(lines, index)
        if end == index:
            end = index + 1
            volatile = _is_volatile(lines[index])
        else:
            volatile = not any(_STAYS.search(line) for line in lines[index:end])
        (moved if volatile else kept).extend(lines[index:end])
        index = end
    return "".join(kept)


def _git_end(lines: Sequence[str], start: int) -> int:
    """Returns where the state of git ends that starts at a line; `start` if none does."""
    if not _GIT_STATUS.match(lines[start]):
        return start
    end = index = start + 1
    while index < len(lines):
        line = lines[index].rstrip()
        if line and not _GIT_LINE.match(line):
            break
        index += 1
        # Empty lines belong to it only between its lines.
        end = index if line else end
    return end


def _is_volatile(line: str) -> bool:
    if len(line) > _MAX_CHARACTERS:
        return False
    bare = re.sub(r"[*`_]{1,2}(?=\W|$)|(?<!\w)[*`_]{1,2}", "", line.strip().lstrip("#>*-• \t"))
    bare = bare.replace("\u2019", "'").strip()
    if _BILLING.match(bare):
        return True
    tag = _TAG.match(bare)
    if tag is not None:
        bare = tag[2].strip()
        if _has_label(re.sub(r"[_-]", " ", tag[1]), bare):
            return True
    if _SENTENCE.fullmatch(bare.lower()):
        return True
    labelled = _LABELLED.match(bare)
    return labelled is not None and _has_label(labelled[1], labelled[2])


def _has_label(label: str, value: str) -> bool:
    name = label.lower().strip()
    return any(
        known.fullmatch(name) is not None and begin.match(value) is not None
        for known, begin in _LABELS
    )
