"""Fits the messages of a chat to what the chat template of a model takes.

No text is left out, and the order stays. A message is fitted by itself and its neighbours, so the
fitted messages of a chat are the first ones of the chat that continues it.
"""

from collections.abc import Sequence

from .fit_calls import fit_calls, split_calls
from .template_rules import TemplateRules, Turn


def fit_messages(messages: Sequence[Turn], rules: TemplateRules) -> list[Turn]:
    """Returns messages that a template with these rules takes. Never changes the given ones."""
    turns = list(messages) if rules.neighbours else _merge(messages)
    turns = _fit_system(fit_calls(turns, rules), rules)
    if not rules.neighbours:
        turns = _merge(turns)
    if rules.user_first:
        turns = _with_user_first(turns)
    if not rules.user_after_result:
        turns = _with_answers(turns)
    return split_calls(turns, rules)


def _fit_system(turns: Sequence[Turn], rules: TemplateRules) -> list[Turn]:
    """Joins the first system messages; later ones become part of the next user message."""
    if rules.system == "anywhere":
        return list(turns)
    leading = next((i for i, turn in enumerate(turns) if turn["role"] != "system"), len(turns))
    fitted: list[Turn] = []
    rest = list(turns)
    if rules.system == "first" and leading:
        fitted, rest = [_join_all(turns[:leading])], list(turns[leading:])
    waiting: list[Turn] = []
    for turn in rest:
        if turn["role"] == "system":
            waiting.append(turn)
        elif waiting and turn["role"] == "user":
            fitted.append({**turn, "content": _join_all([*waiting, turn])["content"]})
            waiting = []
        else:
            fitted += _as_user(waiting)
            fitted.append(turn)
            waiting = []
    return fitted + _as_user(waiting)


def _as_user(waiting: Sequence[Turn]) -> list[Turn]:
    return [{**_join_all(waiting), "role": "user"}] if waiting else []


def _merge(turns: Sequence[Turn]) -> list[Turn]:
    """Merges neighbours of one role. Text after a call stays apart, to keep the order."""
    merged: list[Turn] = []
    for turn in turns:
        last = merged[-1] if merged else None
        if last is not None and last["role"] == turn["role"] and _can_merge(last, turn):
            merged[-1] = _join(last, turn)
        else:
            merged.append(turn)
    return merged


def _can_merge(last: Turn, turn: Turn) -> bool:
    if last["role"] == "assistant":
        return not last.get("tool_calls") or not turn["content"]
    return bool(last["role"] == "user")


def _join_all(turns: Sequence[Turn]) -> Turn:
    joined, *others = turns
    for other in others:
        joined = _join(joined, other)
    return joined


def _join(one: Turn, other: Turn) -> Turn:
    joined = {**one, "content": _join_content(one["content"], other["content"])}
    reasoning = [turn["reasoning_content"] for turn in (one, other) if "reasoning_content" in turn]
    if reasoning:
        joined["reasoning_content"] = "\n\n".join(reasoning)
    calls = [*one.get("tool_calls", []), *other.get("tool_calls", [])]
    if calls:
        joined["tool_calls"] = calls
    return joined


def _join_content(one: object, other: object) -> object:
    """Joins texts as paragraphs, and lists of parts, which a message with images has."""
    if isinstance(one, str) and isinstance(other, str):
        return "\n\n".join(text for text in (one, other) if text)
    return [*_parts(one), *_parts(other)]


def _parts(content: object) -> list[object]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _with_user_first(turns: Sequence[Turn]) -> list[Turn]:
    leading = next((i for i, turn in enumerate(turns) if turn["role"] != "system"), len(turns))
    if leading < len(turns) and turns[leading]["role"] == "user":
        return list(turns)
    return [*turns[:leading], {"role": "user", "content": ""}, *turns[leading:]]


def _with_answers(turns: Sequence[Turn]) -> list[Turn]:
    """Puts an empty answer between the result of a tool and a user message."""
    fitted: list[Turn] = []
    for turn in turns:
        if turn["role"] == "user" and fitted and fitted[-1]["role"] == "tool":
            fitted.append({"role": "assistant", "content": ""})
        fitted.append(turn)
    return fitted
