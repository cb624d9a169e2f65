"""Chat completions."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from ...engine.results import Answer, Choice, Chunk
from ...protocol import ToolCall
from .custom_tools import custom_call
from .logprobs import to_logprobs
from .usage import to_timings, to_usage


def to_chat_answer(
    envelope: Mapping[str, Any],
    answer: Answer,
    with_logprobs: bool,
    custom_tools: Collection[str],
) -> dict[str, Any]:
    """Returns a complete answer. `custom_tools` are the names of the custom tools."""
    return {
        **envelope,
        "choices": [
            {
                "index": index,
                "message": _message(choice, custom_tools),
                "logprobs": to_logprobs(choice.logprobs) if with_logprobs else None,
                "finish_reason": choice.finish_reason,
            }
            for index, choice in enumerate(answer.choices)
        ],
        "usage": to_usage(answer.usage),
        "timings": to_timings(answer.timings),
    }


def _message(choice: Choice, custom_tools: Collection[str]) -> dict[str, Any]:
    content = visible_text(choice)
    calls = [to_tool_call(call, custom_tools) for call in choice.tool_calls]
    return {
        "role": "assistant",
        "content": None if content == "" and calls else content,
        "refusal": None,
        **to_reasoning(choice.reasoning),
        **({"tool_calls": calls} if calls else {}),
    }


def visible_text(part: Choice | Chunk) -> str:
    """Returns the text with malformed tool calls. Without those, the answer would look empty."""
    return part.text + "".join(error.raw for error in part.tool_errors)


def to_reasoning(reasoning: str) -> dict[str, str]:
    """Returns the reasoning of the model in two fields.

    Most clients read `reasoning_content`, as in DeepSeek's API, others `reasoning`, as in
    mlx_lm.server.
    """
    return {"reasoning_content": reasoning, "reasoning": reasoning} if reasoning else {}


def to_tool_call(call: ToolCall, custom_tools: Collection[str]) -> Mapping[str, Any]:
    """Returns a tool call, whose arguments are a text in OpenAI's API."""
    if call.name in custom_tools:
        return custom_call(call)
    arguments = json.dumps(call.arguments, ensure_ascii=False, separators=(",", ":"))
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}
