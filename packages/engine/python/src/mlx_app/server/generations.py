"""Runs all generations of the server, so that limits apply across endpoints."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

from ..engine.answers import whole
from ..engine.options import GenerateOptions
from ..engine.results import Answer, Chunk
from .errors import ApiError, client_left, to_api_error
from .generation_record import GenerationRecord
from .http.call import Call
from .model_state import ModelState
from .settings import ServerSettings

OnEnd = Callable[[GenerationRecord], None]


class Generations:
    """Generates text within the limits of the server. Use it in your own routes."""

    def __init__(self, model: ModelState, settings: ServerSettings, on_end: OnEnd) -> None:
        self._model = model
        self._settings = settings
        self._on_end = on_end
        self._running: Counter[str] = Counter()

    @property
    def active(self) -> int:
        """The number of running and queued generations."""
        return self._running.total()

    async def complete(self, call: Call, options: GenerateOptions, prompt: str | None) -> Answer:
        """Returns the complete answer of `stream`."""
        return whole([chunk async for chunk in self.stream(call, options, prompt)])

    async def stream(
        self, call: Call, options: GenerateOptions, prompt: str | None
    ) -> AsyncGenerator[Chunk, None]:
        """Streams an answer. Closing the generator ends it within one decode step.

        Raises ApiError 429 over the caller's limit, 503 while no model is loaded, and 504 if the
        first token takes too long; EngineError as `AsyncMLXEngine.stream`.
        """
        engine = self._model.engine
        started = time.perf_counter()
        ttft_ms: float | None = None
        last: Chunk | None = None
        failure: ApiError | None = None
        self._begin(call.caller)
        try:
            limited: GenerateOptions = {
                **options,
                "caller": call.caller,
                "volatile_lines": self._settings.volatile_lines,
                "deadline_ms": self._settings.request_timeout_ms,
            }
            stream = engine.stream(prompt, **limited)
            async with stream:
                async with _time_limit(self._settings.first_token_timeout_ms / 1000):
                    chunk = await anext(stream)
                ttft_ms = (time.perf_counter() - started) * 1000
                while True:
                    if chunk.usage is not None:
                        last = chunk
                    yield chunk
                    if last is not None:
                        break
                    chunk = await anext(stream)
        except Exception as error:
            failure = to_api_error(error)
            raise
        except BaseException:
            # The client left, or the server ends.
            failure = client_left() if last is None else None
            raise
        finally:
            self._running[call.caller] -= 1
            model = options.get("model")
            record = GenerationRecord(
                model=None if model is None else str(model),
                error=failure,
                last=last,
                ttft_ms=ttft_ms,
            )
            call.records.append(record)
            self._on_end(record)

    def _begin(self, caller: str) -> None:
        most = self._settings.streams_per_key
        if self._running[caller] >= most:
            message = f"At most {most} requests per key can run at the same time."
            raise ApiError(429, "too_many_requests", message, retry_after=1)
        self._running[caller] += 1


@asynccontextmanager
async def _time_limit(seconds: float) -> AsyncIterator[None]:
    """Raises ApiError 504 if the first token takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        message = f"No token was generated within {seconds:g} seconds."
        raise ApiError(504, "timeout", message, retry_after=5) from None
