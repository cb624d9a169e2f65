"""What the engine and its asynchronous twin share: the worker, the requests and their answers."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

import msgspec
from pydantic import BaseModel

from ..errors import EngineError
from ..protocol import (
    Clean,
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
from .convert import convert, invalid, must_be
from .mailbox import Item
from .messages import is_list
from .model_options import ModelOptions, SamplingOptions
from .options import Aliases, LoadProgress, ModelLike
from .requests import Requests, absolute_path, path_or_name
from .results import EmbedAnswer, EngineStatus, Versions
from .schemas import is_model
from .settings import Device, check_settings
from .worker_thread import WorkerThread

Answered = TypeVar("Answered", bound=Event)
Asked = TypeVar("Asked", bound=msgspec.Struct)
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
        keep_alive: str | float | None,
        stall_timeout_ms: float,
        sampling: SamplingOptions | None,
        template_options: Mapping[str, Any] | None,
        context_tokens: int | None,
        model_settings: Mapping[str, ModelOptions] | None,
    ) -> Self:
        """Starts a worker with the options of `MLXEngine`. Raises EngineError INVALID_REQUEST."""
        settings = check_settings(
            device=device,
            models_directory=models_directory,
            aliases=aliases,
            memory_limit_bytes=memory_limit_bytes,
            prompt_cache_bytes=prompt_cache_bytes,
            queue_limit=queue_limit,
            keep_alive=keep_alive,
            stall_timeout_ms=stall_timeout_ms,
            sampling=sampling,
            template_options=template_options,
            context_tokens=context_tokens,
            model_settings=model_settings,
        )
        # The model is checked before the thread starts.
        requests = Requests(settings, model)
        models = requests.worker_settings(settings.models)
        settings = msgspec.structs.replace(settings, models=models)
        return cls(WorkerThread(settings, requests.model_folders), requests)

    def generate(
        self,
        doing: str,
        prompt: str | None,
        options: Mapping[str, Any],
        schema: type[BaseModel] | None = None,
    ) -> Generate:
        """Returns the request of a generation, with an answer of a schema if there is one."""
        if doing == "generate_object" and not is_model(schema):
            raise invalid(doing, must_be("schema", "a pydantic model", schema))
        if schema is not None and "response_format" in options:
            raise invalid(doing, "There is no option response_format.")
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
        return self._request(
            Load,
            "load_model",
            model,
            revision=revision,
            adapter=None if adapter is None else path_or_name("load_model", "adapter", adapter),
            download=download,
            pinned=pinned,
        )

    def loaded(self, named: ModelLike | None, event: Loaded) -> LoadedModel:
        """Makes the model that of later calls that name none."""
        self.requests.note_loaded(named, event.model.adapter)
        return event.model

    def count(self, prompt: str | None, options: Mapping[str, Any]) -> Tokenise:
        """Returns the request of `count_tokens`."""
        return self.requests.count(prompt, options)

    def tokenise(self, text: str, model: ModelLike | None) -> Tokenise:
        """Returns the request of `tokenise`."""
        if not isinstance(text, str):
            raise invalid("tokenise", must_be("text", "a text", text))
        return self._request(Tokenise, "tokenise", model, prompt=text, special=False)

    def detokenise(self, tokens: Sequence[int], model: ModelLike | None) -> Detokenise:
        """Returns the request of `detokenise`."""
        return self._request(Detokenise, "detokenise", model, tokens=_listed(tokens))

    def embed(self, inputs: Sequence[str], model: ModelLike | None) -> Embed:
        """Returns the request of `embed`."""
        return self._request(Embed, "embed", model, inputs=_listed(inputs))

    def embedded(self, request: Embed, event: Embeddings) -> EmbedAnswer:
        """Returns the answer of `embed`."""
        return EmbedAnswer(
            vectors=event.vectors, prompt_tokens=event.prompt_tokens, model=request.model
        )

    def unload(self, model: ModelLike | None) -> Unload:
        """Returns the request of `unload_model`."""
        if model is None:
            return Unload(id=0)
        return self._request(Unload, "unload_model", model)

    def download(
        self, model: ModelLike | None, revision: str | None, output: "str | os.PathLike[str] | None"
    ) -> Download:
        """Returns the request of `download_model`."""
        doing = "download_model"
        if output is not None:
            output = absolute_path(doing, "output", output)
        return self._request(Download, doing, model, revision=revision, output=output)

    def verify(self, model: ModelLike | None, revision: str | None) -> Verify:
        """Returns the request of `verify_model`."""
        return self._request(Verify, "verify_model", model, revision=revision)

    def describe(self, model: ModelLike | None, revision: str | None) -> Describe:
        """Returns the request of `describe_model`."""
        return self._request(Describe, "describe_model", model, revision=revision)

    def remove(self, model: ModelLike) -> Remove:
        """Returns the request of `remove_model`."""
        return self._request(Remove, "remove_model", model)

    def clean(self, dry_run: bool) -> Clean:
        """Returns the request of `clean_models`."""
        return convert("clean_models", {"id": 0, "dry_run": dry_run}, Clean)

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
            last_step_at=report.last_step_at,
        )

    def _request(
        self, kind: type[Asked], doing: str, model: ModelLike | None, **fields: object
    ) -> Asked:
        named = {"id": 0, "model": self.requests.model(doing, model)}
        return convert(doing, {**named, **fields}, kind)


def _listed(values: Sequence[object]) -> object:
    """Returns a sequence as a list, and leaves alone what is none."""
    return list(values) if is_list(values) else values


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
