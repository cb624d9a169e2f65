"""Errors of the worker in the words of the Python API."""

import re

from ..errors import EngineError
from ..own_command import own_program
from ..protocol import ErrorCode, Failure, Generate, Load

# How to fix an error that comes without a hint of its own.
_HINTS: dict[ErrorCode, str] = {
    "CONTEXT_LENGTH_EXCEEDED": "Shorten the prompt, or choose a model with a longer context.",
    "DISK_FULL": (
        "Free some space ({mlx_app} models clean, {mlx_app} models remove ID), or set HF_HOME to a "
        "folder on another disk."
    ),
    "MLX_NOT_WORKING": "Run: {mlx_app} doctor",
    "MODEL_CORRUPT": (
        "To find the damaged files, run: {mlx_app} models verify ID. "
        "To download them again: {mlx_app} models download ID"
    ),
    "MODEL_NOT_FOUND": "To list the models on disk, run: {mlx_app} models list",
    "OUT_OF_MEMORY": (
        "Choose a smaller or more strongly quantised model, a shorter prompt, or fewer calls at "
        "once."
    ),
}

# Commands of the npm package in hints of code that both packages share, and those of this one.
_COMMANDS = {"npm run setup -- --with vision": "Run: pip install 'mlx-app[vision]'"}

# The names that options have in the protocol, which messages use, and in Python.
_NAMES = {
    encoded: name
    for struct in (Generate, Load)
    for encoded, name in zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)
    if encoded != name
} | {
    "memoryLimitBytes": "memory_limit_bytes",
    "promptCacheBytes": "prompt_cache_bytes",
    "queueLimit": "queue_limit",
    "keepAlive": "keep_alive",
    "stallTimeoutMs": "stall_timeout_ms",
}
_NAME = re.compile(rf"\b({'|'.join(_NAMES)})\b")


def explain(failure: Failure) -> EngineError:
    """Returns the error of a call, with Python's names of options and a hint for its code."""
    hint = _COMMANDS.get(failure.hint or "", failure.hint)
    message = python_names(failure.message)
    return with_hint(
        EngineError(failure.code, message, None if hint is None else python_names(hint))
    )


def with_hint(error: EngineError) -> EngineError:
    """Gives an error without a hint the usual one of its code, and returns it."""
    usual = _HINTS.get(error.code)
    if error.hint is None and usual is not None:
        error.hint = usual.replace("{mlx_app}", own_program())
    return error


def python_names(text: str) -> str:
    """Replaces the protocol's names of options by those of Python."""
    return _NAME.sub(lambda found: _NAMES[found[1]], text)
