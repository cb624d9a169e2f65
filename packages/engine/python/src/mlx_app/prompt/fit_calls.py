"""Fits tool calls and their results to what the chat template of a model takes."""

import hashlib
import json
from collections.abc import Sequence
from itertools import zip_longest

from .template_rules import CallForm, TemplateRules, Turn

SHORT_ID = 9


def fit_calls(turns: Sequence[Turn], rules: TemplateRules) -> list[Turn]:
    """Returns the turns with the calls and results that a template doesn't take as text."""
    fitted: list[Turn] = []
    # Whether results belong to calls that the template gets; None where no call precedes them.
    kept: bool | None = None
    for turn, following in zip_longest(turns, turns[1:]):
        if turn["role"] == "tool":
            taken = rules.lone_results and rules.calls != "text" if kept is None else kept
            fitted.append(_with_short_ids(turn, rules) if taken else _result_as_text(turn))
            continue
        if turn["role"] != "system" or rules.system != "anywhere":
            kept = None
        if not turn.get("tool_calls"):
            fitted.append(turn)
            continue
        kept = _form(turn, rules) != "text"
        if not rules.unanswered_calls and following is not None and following["role"] != "tool":
            kept = False
        fitted.append(_with_short_ids(turn, rules) if kept else _calls_as_text(turn))
    return fitted


def split_calls(turns: Sequence[Turn], rules: TemplateRules) -> list[Turn]:
    """Returns the turns, with those that a template takes only in parts as several turns."""
    fitted: list[Turn] = []
    for turn in turns:
        calls = turn.get("tool_calls", [])
        if not calls:
            fitted.append(turn)
            continue
        if turn["content"] and rules.text_and_calls == "split":
            fitted.append({"role": "assistant", "content": turn["content"]})
            turn = {**turn, "content": ""}
        if len(calls) > 1 and rules.parallel_calls == "split":
            fitted.append({**turn, "tool_calls": calls[:1]})
            fitted += [
                {"role": "assistant", "content": "", "tool_calls": [call]} for call in calls[1:]
            ]
        else:
            fitted.append(turn)
    return fitted


def _form(turn: Turn, rules: TemplateRules) -> CallForm:
    forms = [rules.calls]
    if turn["content"]:
        forms.append(rules.text_and_calls)
    if len(turn["tool_calls"]) > 1:
        forms.append(rules.parallel_calls)
    return "text" if "text" in forms else "whole"


def _calls_as_text(turn: Turn) -> Turn:
    """Returns a turn with its calls in the form that most models know."""
    texts = [turn["content"]] if turn["content"] else []
    for call in turn["tool_calls"]:
        function = call["function"]
        shown = {"name": function["name"], "arguments": function["arguments"]}
        texts.append(f"<tool_call>\n{json.dumps(shown, ensure_ascii=False)}\n</tool_call>")
    rest = {name: value for name, value in turn.items() if name != "tool_calls"}
    return {**rest, "content": "\n".join(texts)}


def _result_as_text(turn: Turn) -> Turn:
    return {"role": "user", "content": f"<tool_response>\n{turn['content']}\n</tool_response>"}


def _with_short_ids(turn: Turn, rules: TemplateRules) -> Turn:
    if not rules.short_ids:
        return turn
    fitted = dict(turn)
    if "tool_call_id" in turn:
        fitted["tool_call_id"] = _short_id(turn["tool_call_id"])
    if turn.get("tool_calls"):
        fitted["tool_calls"] = [
            {**call, "id": _short_id(call["id"])} for call in turn["tool_calls"]
        ]
    return fitted


def _short_id(given: str) -> str:
    """Returns an id of 9 letters and digits: the same one for the call and its result."""
    if len(given) == SHORT_ID and given.isascii() and given.isalnum():
        return given
    return hashlib.sha256(given.encode()).hexdigest()[:SHORT_ID]
