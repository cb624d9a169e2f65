"""Checks whether the text of tool calls is complete, format by format.

mlx-lm's parsers skip what they can't read: an argument without its end, a second call that breaks
off. Text that passes these checks has nothing for them to skip. Text for which their regular
expressions would take minutes does not pass.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Limits of our choice: calls as in a message of the protocol, arguments, and for Gemma's formats,
# strings and objects.
MAX_CALLS = 128
MAX_ARGUMENTS = 1_000
MAX_MARKS = 10_000
# Python takes a second to parse that many characters of a list of numbers.
MAX_PYTHON_CHARACTERS = 200_000


@dataclass(frozen=True)
class _Tag:
    """`rest` matches the rest of an opening tag: a name, and nothing that a parser would skip."""

    open: str
    close: str
    rest: str = ""


@dataclass(frozen=True)
class _Tags:
    """A format of tags.

    `quote` are the quotes around values, and `head` is what comes before the first argument.
    """

    arguments: tuple[_Tag, ...]
    call: _Tag | None = None
    quote: tuple[str, str] | None = None
    head: str = ""


_QUOTED = r"""("[^"<>]{1,128}"|'[^'<>]{1,128}'|[^\s"'<>]{1,128})\s*+>"""
_BARE = r"\s*+[^\s<>]{1,128}>"
_ATTRIBUTES = r"[^<>]{1,300}<\|sep\|>"
_TAGS = {
    "glm47": _Tags((_Tag("<arg_key>", "</arg_key>"), _Tag("<arg_value>", "</arg_value>"))),
    "longcat": _Tags(
        (
            _Tag("<longcat_arg_key>", "</longcat_arg_key>"),
            _Tag("<longcat_arg_value>", "</longcat_arg_value>"),
        )
    ),
    "minicpm5": _Tags(
        (_Tag("<param ", "</param>", r"\s*+name\s*+=\s*+" + _QUOTED),),
        quote=("<![CDATA[", "]]>"),
        head=_QUOTED,
    ),
    "qwen3_coder": _Tags(
        (_Tag("<parameter=", "</parameter>", _BARE),), _Tag("<function=", "</function>", _BARE)
    ),
    "minimax_m2": _Tags(
        (_Tag("<parameter name=", "</parameter>", _QUOTED),),
        _Tag("<invoke name=", "</invoke>", _QUOTED),
    ),
    "muse_spark": _Tags(
        (
            _Tag(
                "<atem:parameter ",
                "</atem:parameter>",
                r'[^<>]{0,128}?\bname="[^"<>]{1,128}"[^<>]{0,128}>',
            ),
        ),
        _Tag("<atem:invoke ", "</atem:invoke>", r'[^<>]{0,128}?\bname="[^"<>]{1,128}">'),
    ),
    "kimi_k2": _Tags((), _Tag("<|tool_call_begin|>", "<|tool_call_end|>")),
    "kimi_k3": _Tags(
        (
            _Tag("<|open|>argument ", "<|close|>argument<|sep|>", _ATTRIBUTES),
            _Tag("<|open|>json ", "<|close|>json<|sep|>", _ATTRIBUTES),
        ),
        _Tag("<|open|>call ", "<|close|>call<|sep|>", _ATTRIBUTES),
    ),
}

# The ends of calls to which a model may add no end marker: nothing can follow them.
_CLOSED = (
    "</function>",
    "</invoke>",
    "</atem:invoke>",
    "<|tool_call_end|>",
    "<|close|>call<|sep|>",
)


def split_calls(name: str, raw: str) -> list[str]:
    """Splits `raw` into texts of one call, each safe to give to the parser of that name.

    A text of JSON may still be a list of calls. Raises ValueError with the reason.
    """
    raw = raw.strip()
    tags = _TAGS.get(name)
    calls = list(_tagged(tags, raw)) if tags else _OTHERS.get(name, _as_it_is)(raw)
    if len(calls) > MAX_CALLS:
        raise ValueError(f"it holds more than {MAX_CALLS} calls")
    return calls


def is_closed(raw: str) -> bool:
    """Whether a call without its end marker is complete: models may end their text instead."""
    raw = raw.strip()
    if raw.endswith(_CLOSED):
        return True
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _as_it_is(raw: str) -> list[str]:
    return [raw]


def _tagged(tags: _Tags, raw: str) -> Iterator[str]:
    """Goes from tag to tag; only a name may stand between two of them.

    Some models write JSON between the same markers.
    """
    opens = {tag.open: tag for tag in (*tags.arguments, *filter(None, [tags.call]))}
    if raw.startswith("{"):
        json.loads(raw)
        if any(marker in raw for marker in opens):
            raise ValueError("tags stand inside of JSON")
        yield raw
        return
    if not re.match(tags.head, raw):
        raise ValueError("its name has no end")
    markers = [marker for tag in opens.values() for marker in (tag.open, tag.close)]
    inside: _Tag | None = None  # the argument at the current position
    value = 0  # where that began
    begin = -1  # where the call began
    after = 0  # the end of the last tag, if no text may follow it
    counts = dict.fromkeys(tags.arguments, 0)
    for found in re.finditer("|".join(map(re.escape, markers)), raw):
        marker = found.group()
        if inside:
            if marker == inside.close:
                _check_value(tags, inside, raw[value : found.start()])
                inside, after = None, found.end()
            elif tags.call and marker == tags.call.close:
                raise ValueError(f"{marker} stands inside of an argument")
            continue
        if after and raw[after : found.start()].strip():
            raise ValueError(f"text stands in front of {marker}")
        tag = opens.get(marker)
        if tag is None:
            if begin < 0 or not tags.call or marker != tags.call.close:
                raise ValueError(f"{marker} stands where nothing ends")
            yield raw[begin : found.end()]
            begin, after = -1, found.end()
            continue
        opening = re.compile(tag.rest).match(raw, found.end())
        if opening is None:
            raise ValueError(f"what follows {marker} is not a name")
        if tag is tags.call:
            if begin >= 0 or (not after and raw[: found.start()].strip()):
                raise ValueError(f"{marker} stands inside of something else")
            begin, after = found.start(), opening.end() if tags.arguments else 0
        elif tags.call and begin < 0:
            raise ValueError(f"{marker} stands outside of a call")
        else:
            inside, value = tag, opening.end()
            counts[tag] += 1
            if counts[tag] > MAX_ARGUMENTS:
                raise ValueError(f"it has more than {MAX_ARGUMENTS} arguments")
    if inside or begin >= 0:
        raise ValueError("it breaks off")
    if after and raw[after:].strip():
        raise ValueError("text stands behind its end")
    if not tags.call:
        if len(set(counts.values())) > 1:
            raise ValueError("an argument has no value")
        yield raw
    elif not after:
        # Kimi K2 may leave out the markers of a single call.
        if tags.arguments or "<|tool_call_argument_begin|>" not in raw:
            raise ValueError(f"{tags.call.open} was not found")
        yield raw


def _check_value(tags: _Tags, tag: _Tag, value: str) -> None:
    """Refuses a value that was cut inside its quotes, because it contains the end of its tag."""
    if tags.quote and tags.quote[0] in value and not value.rstrip().endswith(tags.quote[1]):
        raise ValueError(f"it breaks off before {tags.quote[1]}")
    # Kimi K3's parser would look for arguments inside.
    if tag.open.startswith("<|open|>") and "<|open|>" in value:
        raise ValueError("a tag stands inside of an argument")


def _gemma(quote: str) -> Callable[[str], list[str]]:
    """Calls like `call:name{key:value}`, where strings stand between two `quote`."""
    token = re.compile(f"{re.escape(quote)}|[{{}}]")

    def split(raw: str) -> list[str]:
        calls: list[str] = []
        depth = begin = 0
        quoted = False
        for index, found in enumerate(token.finditer(raw)):
            if index > MAX_MARKS:
                raise ValueError(f"it has more than {MAX_MARKS} strings and objects")
            mark = found.group()
            if mark == quote:
                quoted = not quoted
            elif not quoted:
                depth += 1 if mark == "{" else -1
                if depth < 0:
                    raise ValueError("} stands where nothing ends")
                if depth == 0:
                    calls.append(raw[begin : found.end()].strip())
                    begin = found.end()
        if quoted or depth or not calls:
            raise ValueError("it breaks off before " + (quote if quoted else "}"))
        if raw[begin:].strip():
            raise ValueError("text stands behind its end")
        if not all(re.match(r"call:[\w.-]{1,64}\{", call) for call in calls):
            raise ValueError("text stands where call:name{ was expected")
        return calls

    return split


def _pythonic(raw: str) -> list[str]:
    """A list of Python calls whose named arguments are literals."""
    if len(raw) > MAX_PYTHON_CHARACTERS:
        raise ValueError(f"it is longer than {MAX_PYTHON_CHARACTERS} characters")
    try:
        parsed = ast.parse(raw, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"it is not Python: {error}") from error
    calls = parsed.elts if isinstance(parsed, ast.List) else []
    if not calls:
        raise ValueError("it is not a list of calls")
    for call in calls:
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("not all of it is calls with named arguments")
        names = [keyword.arg for keyword in call.keywords]
        if None in names or len(set(names)) < len(names):
            raise ValueError("an argument has no name, or a name is used twice")
        for keyword in call.keywords:
            for node in ast.walk(keyword.value):
                # JSON's three words; a parser that guesses takes any other for a string.
                if isinstance(node, ast.Name) and node.id not in ("true", "false", "null"):
                    raise ValueError(f"the value of {keyword.arg} is not a literal")
    return [raw]


def _mistral(raw: str) -> list[str]:
    """`name[ARGS]{...}`, repeated with the start marker in between; or a list of JSON."""
    if raw.startswith("["):
        json.loads(raw)
        return [raw]
    header = re.compile(r"\s*+(?:\[TOOL_CALLS\]\s*+)?([\w-]{1,64})\s*+\[ARGS\]\s*+")
    decoder = json.JSONDecoder()
    calls: list[str] = []
    position = 0
    while raw[position:].strip() and len(calls) <= MAX_CALLS:
        found = header.match(raw, position)
        if found is None:
            raise ValueError("text stands where name[ARGS] was expected")
        _, position = decoder.raw_decode(raw, found.end())
        calls.append(raw[found.start(1) : position])
    return calls or [raw]


_OTHERS: dict[str, Callable[[str], list[str]]] = {
    "function_gemma": _gemma("<escape>"),
    "gemma4": _gemma('<|"|>'),
    "mistral": _mistral,
    "pythonic": _pythonic,
}
