"""Limits that the settings define."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import invalid
from ..settings import ServerSettings


def check_message_limits(contents: Sequence[object], settings: ServerSettings) -> None:
    """Checks the number of messages, and of the parts in each. Raises ApiError 400."""
    if len(contents) > settings.max_messages:
        raise invalid(
            f"messages: at most {settings.max_messages} are allowed, but there are "
            f"{len(contents)}.",
            "messages",
        )
    for place, content in enumerate(contents):
        if isinstance(content, list) and len(content) > settings.max_parts:
            param = f"messages.{place}.content"
            raise invalid(
                f"{param}: at most {settings.max_parts} parts are allowed, but there are "
                f"{len(content)}.",
                param,
            )


def resolve_max_tokens(asked: int | None, settings: ServerSettings, param: str) -> int:
    """Returns the token limit of an answer: the requested one or the default.

    Raises ApiError 400 if the request exceeds the limit of the settings.
    """
    if asked is None:
        return min(settings.default_tokens, settings.max_tokens)
    if asked > settings.max_tokens:
        raise invalid(
            f"{param}: at most {settings.max_tokens} tokens are allowed, but {asked} were "
            "requested.",
            param,
        )
    return asked


def check_template_options(
    options: Mapping[str, Any], settings: ServerSettings, param: str
) -> Mapping[str, Any]:
    """Returns the chat template variables of a request.

    Templates are code, so only allowed variables are passed on. Raises ApiError 400 for others.
    """
    allowed = settings.template_options
    for name in options:
        if name not in allowed:
            choice = ", ".join(allowed) or "none"
            raise invalid(
                f"{param}.{name}: requests cannot set this variable. Allowed variables: {choice}.",
                f"{param}.{name}",
            )
    return options
