"""What the engine and its asynchronous twin share: the worker, the requests and their answers."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel

from ..errors import EngineError
from ..protocol import (
    Describe,
    Detokenise,
    Download,
    Embed,
    Embeddings,
    Event,
    Generate,
    Load,
    Loaded,
    LoadedModel,
    Progress,
    Remove,
    StatusReport,
    Tokenise,
    Unload,
    Verify,
)
from .mailbox import Item
from .options import Aliases, LoadProgress, ModelLike
from .requests import Requests, convert, path_or_name
from .results import EmbedAnswer, EngineStatus, Versions
from .worker_thread import Device, WorkerSettings, WorkerThread

Answered = TypeVar("Answered", bound=Event)
OnLoadProgress = Callable[[LoadProgress], None]


class EngineCore:
    """The worker of an engine, and the requests that its methods send."""

    def __init__(self, worker: WorkerThread, requests: Requests) -> None:
        self.worker = worker
        self.requests = requests

    @classmethod
    def start(
        cls,
        model: ModelLike | None,
        *,
        device: Device | None,
        models_directory: "str | os.PathLike[str]",
        aliases: Aliases | None,
        memory_limit_bytes: int | None,
        prompt_cache_bytes: int | None,
        queue_limit: int,
        idle_unload_ms: float | None,
    ) -> Self:
        """Starts a worker with the options of `MLXEngine`. Raises EngineError INVALID_REQUEST."""
        settings = WorkerSettings(
            device=_device(device),
            models_directory=Path(models_directory).absolute(),
            memory_limit_bytes=memory_limit_bytes,
            prompt_cache_bytes=prompt_cache_bytes,
            queue_limit=queue_limit,
            idle_unload_seconds=None if idle_unload_ms is None else idle_unload_ms / 1000,
        )
        return cls(WorkerThread(settings), Requests(aliases or {}, model))

    def generate(
        self,
        doing: str,
        prompt: str | None,
        options: Mapping[str, Any],
        schema: type[BaseModel] | None = None,
    ) -> Generate:
        """Returns the request of a generation, with an answer of a schema if there is one."""
        format_option = {} if schema is None else {"response_format": schema}
        return self.requests.generate(doing, prompt, {**options, **format_option})

    def load(
        self,
        model: ModelLike | None,
        revision: str | None,
        adapter: ModelLike | None,
        download: bool,
        pinned: bool,
    ) -> Load:
        """Returns the request of `load_model`."""
        fields = {
            **self._model(model),
            "revision": revision,
            "adapter": None if adapter is None else path_or_name(adapter),
            "download": download,
            "pinned": pinned,
        }
        return convert("load_model", fields, Load)

    def loaded(self, named: ModelLike | None, event: Loaded) -> LoadedModel:
        """Notes the model as the default of later calls."""
        self.requests.loaded(named)
        return event.model

    def count(self, prompt: str | None, options: Mapping[str, Any]) -> Tokenise:
        """Returns the request of `count_tokens`."""
        return self.requests.count(prompt, options)

    def tokenise(self, text: str, model: ModelLike | None) -> Tokenise:
        """Returns the request of `tokenise`."""
        return convert(
            "tokenise", {**self._model(model), "prompt": text, "special": False}, Tokenise
        )

    def detokenise(self, tokens: Sequence[int], model: ModelLike | None) -> Detokenise:
        """Returns the request of `detokenise`."""
        return convert("detokenise", {**self._model(model), "tokens": list(tokens)}, Detokenise)

    def embed(self, inputs: Sequence[str], model: ModelLike | None) -> Embed:
        """Returns the request of `embed`."""
        return convert("embed", {**self._model(model), "inputs": list(inputs)}, Embed)

    def embedded(self, request: Embed, event: Embeddings) -> EmbedAnswer:
        """Returns the answer of `embed`."""
        return EmbedAnswer(
            vectors=event.vectors, prompt_tokens=event.prompt_tokens, model=request.model
        )

    def unload(self, model: ModelLike | None) -> Unload:
        """Returns the request of `unload_model`."""
        named = {"id": 0} if model is None else self._model(model)
        return convert("unload_model", named, Unload)

    def download(
        self, model: ModelLike | None, revision: str | None, output: "str | os.PathLike[str] | None"
    ) -> Download:
        """Returns the request of `download_model`."""
        folder = None if output is None else path_or_name(Path(output))
        fields = {**self._model(model), "revision": revision, "output": folder}
        return convert("download_model", fields, Download)

    def verify(self, model: ModelLike | None, revision: str | None) -> Verify:
        """Returns the request of `verify_model`."""
        return convert("verify_model", {**self._model(model), "revision": revision}, Verify)

    def describe(self, model: ModelLike | None, revision: str | None) -> Describe:
        """Returns the request of `describe_model`."""
        return convert("describe_model", {**self._model(model), "revision": revision}, Describe)

    def remove(self, model: ModelLike) -> Remove:
        """Returns the request of `remove_model`."""
        return convert("remove_model", self._model(model), Remove)

    def status(self, report: StatusReport) -> EngineStatus:
        """Returns a status report, with what the worker said when it was ready."""
        ready = self.worker.ready.result()
        return EngineStatus(
            device=ready.device,
            versions=Versions(python=ready.python, mlx=ready.mlx, mlx_lm=ready.mlx_lm),
            models=report.models,
            active=report.active,
            queued=report.queued,
            memory_bytes=report.memory_bytes,
            cache_bytes=report.cache_bytes,
            peak_memory_bytes=report.peak_memory_bytes,
            memory_limit_bytes=report.memory_limit_bytes,
            prompt_cache_bytes=report.prompt_cache_bytes,
            steps=report.steps,
        )

    def _model(self, model: ModelLike | None) -> dict[str, Any]:
        return {"id": 0, "model": self.requests.model(model)}


def answer_of(
    item: Item, on_progress: OnLoadProgress | None, kind: type[Answered]
) -> Answered | None:
    """Returns the answer in an item, or None for one before it. Raises its error."""
    if isinstance(item, EngineError):
        raise item
    if isinstance(item, Progress):
        if on_progress is not None:
            on_progress(LoadProgress(item.stage, item.loaded_bytes, item.total_bytes))
        return None
    assert isinstance(item, kind)
    return item


def _device(device: Device | None) -> Device:
    named = device or os.environ.get("MLX_DEVICE") or "auto"
    for known in get_args(Device):
        if named == known:
            return known  # type: ignore[no-any-return]
    source = "device" if device is not None else "MLX_DEVICE"
    raise EngineError("INVALID_REQUEST", f"{source} is {named!r}, but must be auto, gpu or cpu.")
