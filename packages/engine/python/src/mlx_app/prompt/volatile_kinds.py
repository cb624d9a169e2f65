"""Tells which lines of a system prompt change from one turn of a chat to the next.

A line counts only if it tells one value of a kind that changes: a clock time, what was used of
tokens or money, a number that counts, the id of a request, or the state of git. Dates, directories,
branches and sessions last for many turns. Lines of code and of examples belong to a text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Lines that belong together, the label of their value, and whether that changes.

    A value without a label has none.
    """

    lines: Sequence[str]
    label: str = ""
    volatile: bool = False


# A longer line tells more than one value.
_MAX_CHARACTERS = 300
_FENCE = re.compile(r"\s*(?:> ?)*(`{3,}|~{3,})(.*)", re.DOTALL)
# A header for the provider's accounts, which instructs nobody.
_BILLING = re.compile(r"x-[a-z-]*billing-header:", re.IGNORECASE)
_TAG = re.compile(r"<([\w:-]+)>(.*)</\1>$")
_LABELLED = re.compile(r"([^:=]{1,40}?)\s*(?:[:=]|\bis\b)\s*(.+)$", re.IGNORECASE)

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DAYS = "(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
# The words of a moment, with the short or the long name of its zone.
_MOMENT_WORD = re.compile(
    rf"(?<![^\W\d_])(?:(?i:{_MONTHS}|{_DAYS}|[ap]\.?m|st|nd|rd|th|at|of)"
    r"|[A-Z]{1,4}|[A-Z][a-z]+(?:/[A-Z][A-Za-z_]+)+|\([\w ]*[Tt]ime\))(?![^\W\d_])"
)
_CLOCK = re.compile(r"\d:\d\d|\d ?[ap]\.?m\b|^\d{10,13}\.?$", re.IGNORECASE)
_UNITS = "h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?|ms|days?|[km]|usd|eur"
_AMOUNT_WORD = re.compile(
    rf"(?<![^\W\d_])(?:{_UNITS}|tokens?|used|left|remaining|total|of|so far)(?![^\W\d_])",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?:about |approx\.? |[~≈$€£<])?\s*\d(.*)", re.IGNORECASE)
_PLAIN = re.compile(r"[\d\s.,:;/%$€£()+-]*")
_NUMBER = re.compile(r"#?[\w.:-]*\d[\w.:-]*(?:\s*(?:/|of)\s*\d+)?\.?")
# By these, a number of tokens is one that was used, not one that is allowed.
_USED = re.compile(r"us(?:age|ed)|left|remaining|consumed|count|so far|session|\bof\b|[/%]")


def _is_moment(_: str, value: str) -> bool:
    return _CLOCK.search(value) is not None and _is_plain(_MOMENT_WORD, value)


def _is_amount(_: str, value: str) -> bool:
    amount = _AMOUNT.fullmatch(value)
    return amount is not None and _is_plain(_AMOUNT_WORD, amount[1])


def _is_usage(label: str, value: str) -> bool:
    return _USED.search(f"{label} {value.lower()}") is not None and _is_amount(label, value)


def _is_number(_: str, value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _is_plain(words: re.Pattern[str], value: str) -> bool:
    return _PLAIN.fullmatch(words.sub("", value)) is not None


# What a line is about: "LABEL: VALUE", "LABEL is VALUE" or a tag.
_TIME_LABEL = (
    r"(?:(?:the|today's|current|local|system|utc|iso|present) )*"
    r"(?:date|time|day|datetime|timestamp|today)(?: ?(?:and|/|&) ?time)?(?: \(.*\)| utc| now)?"
)
_USAGE_LABEL = (
    r"(?:(?:the|your|total|remaining|used|current|input|output|prompt|session) )*"
    r"(?:tokens?|context)"
    r"(?: (?:window|budget|usage|used|left|remaining|count|consumed))*(?: so far)?"
)
_COST_LABEL = (
    r"(?:(?:the|total) )*(?:(?:current|session|api) )+(?:cost|spend)(?: so far| usd)?"
    r"|(?:(?:the|total) )*(?:cost|spend) so far"
)
_COUNTER_LABEL = (
    r"(?:(?:the|current) )*(?:(?:request|message|turn|trace|step) id"
    r"|(?:request|message|turn|run|step|iteration) (?:number|count))"
    r"|(?:current )?(?:turn|iteration)"
)
_KINDS: list[tuple[re.Pattern[str], Callable[[str, str], bool]]] = [
    (re.compile(_TIME_LABEL), _is_moment),
    (re.compile(_USAGE_LABEL), _is_usage),
    (re.compile(_COST_LABEL), _is_amount),
    (re.compile(r"(?:time )?elapsed(?: time)?|uptime"), _is_amount),
    (re.compile(_COUNTER_LABEL), _is_number),
]
# Whole lines that have no label.
_MOMENT_SENTENCE = re.compile(r"it is (?:now |currently )?(.*)", re.IGNORECASE)
_USAGE_SENTENCE = re.compile(
    r"(?:you have |you've )?(?:used )?[\d.,_]+k?(?: of [\d.,_]+k?)? tokens (?:are )?"
    r"(?:used|left|remaining|so far)(?: so far)?[.!]?",
    re.IGNORECASE,
)

_GIT_HEADING = re.compile(r"\W*git[ _-]?status[*_`>:\s]*(.*)", re.IGNORECASE | re.DOTALL)
_PATH = r"(?:\"[^\"]+\"|\S+)"
# Lines that tell what git finds, and lines that may stand beside them.
_GIT_STATE = re.compile(
    rf"(?=\s?\S)[MADRCTU?! ]{{1,2}} {_PATH}(?: -> {_PATH})?$|## \S+$|## \S+\.\.\.\S+"
    r"|(?i:\(?clean\)?\.?|On branch \S+)$|[Nn]othing to commit\b"
    rf"|\s+(?:new file|modified|deleted|renamed): +{_PATH}"
)
_GIT_DETAIL = re.compile(
    r"Your branch (?:is|and) |Changes (?:not staged for commit|to be committed):$"
    r"|Untracked files:$|\s*\(use .?git |Status:$|Recent commits:$"
    r"|(?:Current|Main|Git) (?:branch|user)\b.*: |(?=[a-f]*\d)[0-9a-f]{7,40} |</git[_-]?status>$",
    re.IGNORECASE,
)


def spans(text: str) -> Iterator[Span]:
    """Yields all lines of a text, with their ends."""
    lines = text.splitlines(keepends=True)
    fence = ""
    index = 0
    while index < len(lines):
        line, end = lines[index], index + 1
        marker = _FENCE.fullmatch(line)
        if fence or marker is not None:
            if marker is not None:
                closes = marker[1].startswith(fence) and not marker[2].strip()
                fence = (fence or marker[1]) if not (fence and closes) else ""
            yield Span([line], _one(line).label)
        elif (git_end := _git_end(lines, index)) > index:
            end = git_end
            yield Span(lines[index:end], "git status", volatile=True)
        else:
            yield _one(line)
        index = end


def is_billing(line: str) -> bool:
    """Whether a line is only for the provider's accounts."""
    return _BILLING.match(line.strip()) is not None


def _one(line: str) -> Span:
    """Returns the span of a line by itself."""
    if len(line) > _MAX_CHARACTERS or line.isspace():
        return Span([line])
    bare = re.sub(r"[*`_]{1,2}(?=\W|$)|(?<!\w)[*`_]{1,2}", "", line.strip().lstrip("#>*-• \t"))
    bare = bare.replace("\u2019", "'").strip()
    if is_billing(bare):
        return Span([line], volatile=True)
    tag = _TAG.match(bare)
    if tag is not None:
        label, value = re.sub(r"[_-]", " ", tag[1]).lower(), tag[2].strip()
        if any(known.fullmatch(label) for known, _ in _KINDS):
            return Span([line], label, _is_kind(label, value))
        bare = value
    moment = _MOMENT_SENTENCE.fullmatch(bare)
    if moment is not None and _is_moment("", moment[1]):
        return Span([line], "it is", volatile=True)
    if _USAGE_SENTENCE.fullmatch(bare):
        return Span([line], "tokens", volatile=True)
    labelled = _LABELLED.match(bare)
    if labelled is None:
        return Span([line])
    label = labelled[1].lower().strip()
    return Span([line], label, _is_kind(label, labelled[2]))


def _is_kind(label: str, value: str) -> bool:
    return any(
        known.fullmatch(label) is not None and is_value(label, value) for known, is_value in _KINDS
    )


def _git_end(lines: Sequence[str], start: int) -> int:
    """Returns where the state of git ends that starts at a line; `start` if none does."""
    heading = _GIT_HEADING.fullmatch(lines[start])
    if heading is None:
        return start
    rest = heading[1].rstrip()
    found = bool(rest) and _GIT_STATE.match(rest) is not None
    if rest and not found:
        return start
    end = index = start + 1
    while index < len(lines):
        line = lines[index].rstrip()
        is_state = _GIT_STATE.match(line) is not None
        if line and not is_state and not _GIT_DETAIL.match(line):
            break
        found = found or is_state
        index += 1
        # Empty lines belong to it only between its lines.
        end = index if line else end
    return end if found else start
