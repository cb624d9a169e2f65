"""The one error that this package raises for something that its user can mend."""

from .protocol import ErrorCode


class EngineError(Exception):
    """What failed, as a code for programs and a sentence for people, and what to do next."""

    def __init__(self, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def from_exception(error: Exception, doing: str) -> EngineError:
    """Names an unexpected failure: MLX tells of missing memory only in words."""
    if isinstance(error, EngineError):
        return error
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or "malloc" in text or "out of memory" in text.lower():
        return EngineError("OUT_OF_MEMORY", f"Out of memory while {doing}: {text}")
    return EngineError("INTERNAL", f"Failed while {doing}: {text}")
