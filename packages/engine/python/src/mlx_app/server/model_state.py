"""The engine of the server, and the state of its model."""

import asyncio
from collections.abc import Callable
from typing import Literal

from ..engine.async_engine import AsyncMLXEngine
from ..engine.options import LoadProgress
from ..errors import EngineError
from ..protocol import LoadedModel
from .errors import ApiError

State = Literal["starting", "loading", "ready", "failed", "stopping"]
OnState = Callable[[State, EngineError | None], None]

_UNAVAILABLE: dict[State, tuple[str, str, int]] = {
    "starting": ("model_loading", "The model is being loaded.", 2),
    "loading": ("model_loading", "The model is being loaded.", 2),
    "failed": ("model_failed", "The model could not be loaded.", 30),
    "stopping": ("shutting_down", "The server is shutting down.", 5),
}


class ModelState:
    """Loads the configured model, and gives out the engine once it is in memory."""

    def __init__(self, engine: AsyncMLXEngine, revision: str | None, on_state: OnState) -> None:
        self._engine = engine
        self._revision = revision
        self._on_state = on_state
        self._loading: asyncio.Task[None] | None = None
        self.state: State = "starting"
        #: The progress of the load.
        self.progress: LoadProgress | None = None
        #: The configured model, as it was loaded.
        self.loaded: LoadedModel | None = None
        #: Why the model could not be loaded.
        self.error: EngineError | None = None

    @property
    def engine(self) -> AsyncMLXEngine:
        """The engine, if it can take requests. Raises ApiError 503 unless the state is `ready`."""
        if self.state == "ready":
            return self._engine
        code, message, retry_after = _UNAVAILABLE[self.state]
        raise ApiError(503, code, message, retry_after=retry_after)

    @property
    def is_stalled(self) -> bool:
        """Whether there has been work for some seconds, but no step of a model."""
        return self.state == "ready" and self._engine.is_stalled

    @property
    def last_step_at(self) -> float | None:
        """Unix time of the last step of a model in milliseconds; None before it."""
        return self._engine.last_step_at

    def start(self) -> "asyncio.Task[None]":
        """Starts to load the model, unless that was done before, and returns the task."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        return self._loading

    def drain(self) -> None:
        """Rejects new requests with 503. Running requests continue."""
        self._set("stopping")

    def stop(self) -> None:
        """Rejects new requests, and ends a load that is in progress."""
        self.drain()
        if self._loading is not None:
            self._loading.cancel()

    async def _load(self) -> None:
        self._set("loading")
        try:
            self.loaded = await self._engine.load_model(
                revision=self._revision, on_progress=self._on_progress
            )
        except EngineError as error:
            self._set("failed", error)
        else:
            self._set("ready")
        finally:
            self.progress = None

    def _on_progress(self, progress: LoadProgress) -> None:
        self.progress = progress

    def _set(self, state: State, error: EngineError | None = None) -> None:
        if self.state == "stopping":
            return
        self.state = state
        if error is not None:
            self.error = error
        self._on_state(state, error)
