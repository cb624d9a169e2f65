"""Answers one question."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from ...engine.options import Message
from ..models.session import hint_if_hello, load, open_engine
from ..terminal.output import result_json
from .view import AnswerView

if TYPE_CHECKING:
    from ...engine.results import Answer
    from ..settings.read import LoadedSettings


def answer_once(
    loaded: "LoadedSettings",
    question: Message,
    system: str | None,
    options: Mapping[str, Any],
    *,
    json: bool,
) -> None:
    """Prints the answer to a question, as text or as JSON."""
    settings = loaded.values
    messages = [question]
    if system is not None:
        messages.insert(0, Message(role="system", content=system))
    given = {name: value for name, value in options.items() if value is not None}
    arguments: dict[str, Any] = {
        "model": settings.model,
        "messages": messages,
        "max_tokens": settings.default_tokens,
        **given,
    }
    hint_if_hello(loaded)
    with open_engine(settings) as engine:
        load(engine, settings, settings.model)
        if json:
            result_json(_fields(engine.complete(**arguments)))
            return
        view = AnswerView()
        try:
            with engine.stream(**arguments, on_prompt_progress=view.read) as stream:
                for chunk in stream:
                    view.show(chunk)
        finally:
            view.end()


def _fields(answer: "Answer") -> dict[str, object]:
    return {
        "model": answer.model,
        "text": answer.text,
        "reasoning": answer.reasoning,
        "finish_reason": answer.finish_reason,
        "usage": msgspec.structs.asdict(answer.usage),
        "timings": asdict(answer.timings),
    }
