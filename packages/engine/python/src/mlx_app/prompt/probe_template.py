"""Finds out what the chat template of a model takes, by rendering small chats."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from ..mlx_lm_adapter.models import Tokenizer
from .fit_messages import fit_messages
from .template_rules import ANYTHING, CallForm, TemplateRules, Turn

# Renders messages; raises anything for those that the template refuses.
Render = Callable[[list[Turn]], str]

# The tool that small chats with tools have.
PROBE_TOOL = {
    "type": "function",
    "function": {
        "name": "probe",
        "description": "",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
    },
}

_known: WeakKeyDictionary[Tokenizer, dict[bool, TemplateRules]] = WeakKeyDictionary()


def rules_of(tokenizer: Tokenizer, tools: list[dict[str, Any]]) -> TemplateRules:
    """Returns the rules of a model's template, found at the first call. Never raises.

    Many templates are stricter with tools, so those rules are found by themselves.
    """
    known = _known.setdefault(tokenizer, {})
    with_tools = bool(tools)
    if with_tools not in known:
        shown = [PROBE_TOOL] if with_tools else None
        known[with_tools] = find_rules(
            lambda turns: tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, tools=shown
            )
        )
    return known[with_tools]


def find_rules(render: Render) -> TemplateRules:
    """Finds the rules of a template. Never raises."""
    rules = ANYTHING
    if not _shows(render, [_user(0)], rules):
        return rules  # It needs options that only the caller knows.
    for probes, choices in _steps():
        for choice in choices:
            tried = replace(rules, **choice)
            if all(_shows(render, probe, tried) for probe in probes):
                rules = tried
                break
        else:
            # The last choice is the strictest one.
            rules = replace(rules, **choices[-1])
    return rules


def _shows(render: Render, probe: list[Turn], rules: TemplateRules) -> bool:
    """Whether a template shows all texts of a chat in their order, since many just drop some."""
    try:
        text = render(fit_messages(probe, rules))
    except Exception:  # templates are code of the model, which can raise anything
        return False
    end = 0
    for mark in _marks_of(probe):
        start = text.find(mark, end)
        if start < 0:
            return False
        end = start + len(mark)
    return True


def _marks_of(probe: list[Turn]) -> Iterator[str]:
    for turn in probe:
        if turn["content"]:
            yield turn["content"]
        for call in turn.get("tool_calls", []):
            yield call["function"]["arguments"]["word"]


def _mark(number: int) -> str:
    # Capitals with no meaning to a template; none is the start of another one.
    return "Mark" + "ABCDEFGH"[number]


def _user(number: int) -> Turn:
    return {"role": "user", "content": _mark(number)}


def _system(number: int) -> Turn:
    return {"role": "system", "content": _mark(number)}


def _assistant(number: int) -> Turn:
    return {"role": "assistant", "content": _mark(number)}


def _calls(*numbers: int, text: str = "") -> Turn:
    return {
        "role": "assistant",
        "content": text,
        "tool_calls": [
            {
                "id": _id(number),
                "type": "function",
                "function": {"name": "probe", "arguments": {"word": _mark(number)}},
            }
            for number in numbers
        ],
    }


def _result(number: int, call: int) -> Turn:
    return {
        "role": "tool",
        "content": _mark(number),
        "tool_call_id": _id(call),
        "name": "probe",
    }


def _id(number: int) -> str:
    # As long as those that the engine makes.
    return f"call_{number:024x}"


def _steps() -> Iterator[tuple[list[list[Turn]], list[dict[str, Any]]]]:
    """Yields chats, and the rules to try for them, from the most lenient to the strictest."""
    user, assistant, system = _user, _assistant, _system
    yield (
        [
            [user(0), user(1)],
            [user(0), assistant(1), user(2), user(3)],
            [user(0), assistant(1), assistant(2), user(3)],
        ],
        [{"neighbours": True}, {"neighbours": False}],
    )
    yield (
        [
            [system(0), user(1), assistant(2), system(3), user(4)],
            [user(0), system(1)],
            [system(0), system(1), user(2)],
            [user(0), assistant(1), user(2), system(3), assistant(4), user(5)],
        ],
        [{"system": "anywhere"}, {"system": "first"}, {"system": "nowhere"}],
    )
    yield (
        [[system(0)], [assistant(0), user(1)], [system(0), assistant(1), user(2)]],
        [{"user_first": False}, {"user_first": True}],
    )
    yield (
        [[user(0), _calls(1), _result(2, 1), assistant(3), user(4)]],
        [{}, {"short_ids": True}, {"calls": "text"}],
    )
    forms: list[CallForm] = ["whole", "split", "text"]
    both = {**_calls(2, text=_mark(1)), "reasoning_content": "I need it."}
    yield (
        [[user(0), both, _result(3, 2)], [user(0), both, _result(3, 2), assistant(4), user(5)]],
        [{"text_and_calls": form} for form in forms],
    )
    yield (
        [[user(0), _calls(1, 2), _result(3, 1), _result(4, 2), assistant(5), user(6)]],
        [{"parallel_calls": form} for form in forms],
    )
    yield (
        [[user(0), _calls(1), user(2)], [user(0), _calls(1), assistant(2), user(3)]],
        [{"unanswered_calls": True}, {"unanswered_calls": False}],
    )
    yield (
        [[user(0), _result(1, 1)], [user(0), assistant(1), _result(2, 1), assistant(3), user(4)]],
        [{"lone_results": True}, {"lone_results": False}],
    )
    yield (
        [
            [user(0), _calls(1), _result(2, 1), user(3)],
            [user(0), _calls(1), _result(2, 1), user(3), assistant(4), user(5)],
        ],
        [{"user_after_result": True}, {"user_after_result": False}, {"calls": "text"}],
    )
