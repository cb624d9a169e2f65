"""The error that this package raises for what its user can fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The types of the protocol take a fifth of the time of `mlx-app --help`.
    from .protocol import ErrorCode


class EngineError(Exception):
    """A failure, with a code for programs, a sentence for people, and what to do next."""

    #: What failed, for programs.
    code: ErrorCode
    #: What failed, for people. `str(error)` is the same.
    message: str
    #: How to fix it.
    hint: str | None

    def __init__(self, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def from_exception(error: Exception, doing: str) -> EngineError:
    """Returns an EngineError for any exception. MLX reports missing memory only in the message."""
    if isinstance(error, EngineError):
        return error
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or "malloc" in text or "out of memory" in text.lower():
        return EngineError("OUT_OF_MEMORY", f"Out of memory while {doing}: {text}")
    return EngineError("INTERNAL", f"Failed while {doing}: {text}")
