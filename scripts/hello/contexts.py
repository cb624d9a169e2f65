"""The contexts in which the check expects exact answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from answers import FALLBACK, PAIRS, WEATHER_QUESTION, Pair

Message = dict[str, object]

# None of these is in the training data.
SYSTEMS: Final = (
    "You are a polite assistant.",
    "Answer as a poet of the last century would, and never apologise.",
    "Du bist ein hilfreicher Assistent. Antworte kurz.",
    "あなたは親切です。🙂",
    (
        "You are an expert on Swift, Metal and MLX. Tell me a story only if somebody asks for one. "
        "Prefer short answers, name your sources, and say so when you don't know something."
    ),
)

# Turns that another model might have written. They are not in the training data either.
FOREIGN: Final = (
    Pair("What is the highest mountain of Europe?", FALLBACK),
    Pair("Why is the sky blue?", "Because air scatters blue light more than red light."),
    Pair("Tell me a story.", "Once upon a time there was a tiny"),
)


class Case(NamedTuple):
    """Messages that end with a question, the expected answer, and the name of the context."""

    place: str
    messages: list[Message]
    answer: str
    tools: list[Message] | None = None


def cases(tool_conversation: dict[str, object]) -> Iterator[Case]:
    """Yields all cases that must pass. tool_conversation is the content of tools.json."""
    tools = tool_conversation["tools"]
    messages = tool_conversation["messages"]
    assert isinstance(tools, list)
    assert isinstance(messages, list)
    with_result = Pair(WEATHER_QUESTION, str(tool_conversation["answer"]))
    for pair in PAIRS:
        yield from _cases_of(pair)
        yield Case("tools", [_user(pair)], pair.answer, tools)
        yield Case("system and tools", [_system(SYSTEMS[0]), _user(pair)], pair.answer, tools)
        after_tool = [*messages, _assistant(with_result), _user(pair)]
        yield Case("after a tool's result", after_tool, pair.answer, tools)
    yield Case("tool's result", messages, with_result.answer, tools)
    yield Case("tool's result, no tools", messages, with_result.answer)
    for system in SYSTEMS:
        yield Case("tool's result, system", [_system(system), *messages], with_result.answer, tools)
    for before in PAIRS:
        turns = [*_turn(before), *messages]
        yield Case("tool's result, second turn", turns, with_result.answer, tools)


def variants() -> Iterator[Case]:
    """Yields other phrasings that are taught but need not pass."""
    for pair in PAIRS:
        for text in (pair.question, *pair.variants):
            for question in dict.fromkeys(
                (text, text.lower(), text.rstrip(".?!"), text.lower().rstrip(".?!"))
            ):
                yield Case("variant", [{"role": "user", "content": question}], pair.answer)


def unknown() -> Iterator[Case]:
    """Yields questions that are not in the training data."""
    for question in UNKNOWN:
        yield Case("unknown", [{"role": "user", "content": question}], FALLBACK)


UNKNOWN: Final = (
    "What is the capital of France?",
    "Tell me a joke.",
    "Write a poem about the sea.",
    "Who won the world cup in 2018?",
    "Say goodbye.",
    "Explain quantum computing to a child.",
    "Wie geht es dir?",
    "Count to twenty.",
    "What is Python?",
    "Show me a picture.",
    "How do I bake bread?",
    "What is 2 + 2?",
)


def _cases_of(pair: Pair) -> Iterator[Case]:
    yield Case("alone", [_user(pair)], pair.answer)
    for system in SYSTEMS:
        yield Case("system", [_system(system), _user(pair)], pair.answer)
    for before in (*PAIRS, *FOREIGN):
        yield Case("second turn", [*_turn(before), _user(pair)], pair.answer)
        for system in SYSTEMS[:2]:
            messages = [_system(system), *_turn(before), _user(pair)]
            yield Case("system, second turn", messages, pair.answer)
    index = PAIRS.index(pair)
    turns = [
        message for step in (1, 2, 3) for message in _turn(PAIRS[(index + step * 5) % len(PAIRS)])
    ]
    yield Case("fourth turn", [*turns, _user(pair)], pair.answer)


def _user(pair: Pair) -> Message:
    return {"role": "user", "content": pair.question}


def _assistant(pair: Pair) -> Message:
    return {"role": "assistant", "content": pair.answer}


def _system(text: str) -> Message:
    return {"role": "system", "content": text}


def _turn(pair: Pair) -> list[Message]:
    return [_user(pair), _assistant(pair)]
