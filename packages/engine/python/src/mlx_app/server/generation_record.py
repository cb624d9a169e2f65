"""What is known about a generation that has ended."""

from dataclasses import dataclass

from ..engine.results import Chunk
from .errors import ApiError


@dataclass(frozen=True, kw_only=True)
class GenerationRecord:
    """The outcome of a generation, recorded once when it ends."""

    #: The requested model, or None for the configured one.
    model: str | None
    #: The error, or None if the answer is complete.
    error: ApiError | None
    #: The last chunk, which has usage and timings, if it arrived.
    last: Chunk | None
    #: The time from the call to the first token, if there was one.
    ttft_ms: float | None
