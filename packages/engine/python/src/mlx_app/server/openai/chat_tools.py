"""The tools of a chat completion."""

import re
from collections.abc import Sequence
from typing import Literal

from ...engine.options import GenerateOptions, NamedTool, Tool
from ..errors import invalid
from . import limits
from .chat_request import (
    AllowedToolsChoice,
    ChatCustomTool,
    ChatFunctionTool,
    ChatRequest,
    NamedCustomTool,
)
from .chat_request import NamedTool as NamedFunction
from .custom_tools import custom_tool

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")

ToolChoice = Literal["auto", "none", "required"] | NamedTool


def to_tool_options(body: ChatRequest) -> GenerateOptions:
    """Returns the options of the tools.

    Raises ApiError 400 for too many tools, an invalid or duplicate name, and a required tool that
    does not exist.
    """
    tools = _tools(body.tools or [])
    choice = body.tool_choice
    asked: ToolChoice
    if choice is None or isinstance(choice, str):
        asked = choice or "auto"
    elif isinstance(choice, AllowedToolsChoice):
        names = [_name_of(tool) for tool in choice.allowed_tools.tools]
        for name in names:
            _check_choice({"name": name}, tools)
        tools = [tool for tool in tools if tool["name"] in names]
        asked = choice.allowed_tools.mode
    else:
        asked = {"name": _name_of(choice)}
    _check_choice(asked, tools)
    options = GenerateOptions(tool_choice=asked)
    if tools:
        options["tools"] = tools
    return options


def _tools(requested: Sequence[ChatFunctionTool | ChatCustomTool]) -> list[Tool]:
    if len(requested) > limits.TOOLS:
        message = f"tools: at most {limits.TOOLS} are allowed, but there are {len(requested)}."
        raise invalid(message, "tools")
    tools: dict[str, Tool] = {}
    for place, entry in enumerate(requested):
        tool = _tool(entry)
        name, param = tool["name"], f"tools.{place}.{entry.type}.name"
        if _NAME.fullmatch(name) is None:
            raise invalid(
                f"{param}: a name must have 1 to 64 letters, digits, underscores, dots or hyphens.",
                param,
            )
        if name in tools:
            raise invalid(f'{param}: there are two tools named "{name}".', param)
        tools[name] = tool
    return list(tools.values())


def _tool(entry: ChatFunctionTool | ChatCustomTool) -> Tool:
    if isinstance(entry, ChatCustomTool):
        tool = custom_tool(entry.custom)
        description = entry.custom.description
    else:
        tool = Tool(name=entry.function.name)
        description = entry.function.description
        if entry.function.parameters is not None:
            tool["parameters"] = entry.function.parameters
    if description is not None:
        tool["description"] = description
    return tool


def custom_names(body: ChatRequest) -> frozenset[str]:
    """Returns the names of the custom tools of a request."""
    tools = body.tools or []
    return frozenset(tool.custom.name for tool in tools if isinstance(tool, ChatCustomTool))


def _name_of(tool: NamedFunction | NamedCustomTool) -> str:
    return tool.custom.name if isinstance(tool, NamedCustomTool) else tool.function.name


def _check_choice(choice: ToolChoice, tools: Sequence[Tool]) -> None:
    if choice in ("auto", "none"):
        return
    names = [tool["name"] for tool in tools]
    if not names:
        message = "tool_choice: a tool call is required, but the request has no tools."
        raise invalid(message, "tool_choice")
    if not isinstance(choice, str) and choice["name"] not in names:
        raise invalid(
            f'tool_choice: there is no tool "{choice["name"]}". Available tools: '
            f"{', '.join(names)}.",
            "tool_choice",
        )
