"""Loads models into memory, and unloads them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import mlx.core as mx

from ...errors import EngineError, from_exception
from ...hub.progress import Stage
from ...memory import weight_bytes
from ...models.float32 import float32_bytes
from ...protocol import (
    Load,
    Loaded,
    LoadedModel,
    Progress,
    Unload,
    Unloaded,
    WorkerSettings,
)
from ..background import Background
from ..io.outbox import Outbox
from ..runner.call import ModelKey
from ..runner.model_runner import ModelRunner
from ..runner.prefill_chunk import MIN_TOKENS, PrefillChunkSizer
from ..watchdog import Pulse
from .eviction import LoadedModels, is_evictable
from .loading import ModelLoad
from .model_defaults import ModelDefaults, is_pinned
from .waiter import ModelWaiter


class ModelManager:
    """The models in memory and those being loaded. Used on MLX's thread only."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        background: Background,
        directory: Path,
        loaded: LoadedModels[ModelRunner],
        prompt_cache_bytes: int,
        settings: WorkerSettings,
        pulse: Pulse,
        on_unload: Callable[[ModelRunner, str], None],
    ) -> None:
        self._outbox = outbox
        self._background = background
        self._directory = directory
        self._loaded = loaded
        self._prompt_cache_bytes = prompt_cache_bytes
        self._settings = settings
        self._pulse = pulse
        self._on_unload = on_unload
        on_cpu = mx.default_device().type == mx.DeviceType.cpu
        # The first chunk of a large model on a CPU could take minutes, like a worker that hangs.
        self._chunk_sizer = PrefillChunkSizer(MIN_TOKENS if on_cpu else None)
        self._loading: dict[ModelKey, ModelLoad] = {}
        # What a call loads again after the model was unloaded.
        self._revisions: dict[ModelKey, str | None] = {}

    @property
    def busy(self) -> bool:
        """Whether weights are being loaded."""
        return any(load.weights for load in self._loading.values())

    def in_memory(self) -> list[ModelRunner]:
        """Returns the runners of all loaded models, the least recently used first."""
        return [runner for _, runner in self._loaded.items()]

    def describe(self) -> list[LoadedModel]:
        """Returns what the protocol reports of the models in memory."""
        return [_description(runner) for runner in self.in_memory()]

    @property
    def coming_bytes(self) -> int:
        """The bytes of weights that are on their way into memory."""
        return sum(load.coming_bytes for load in self._loading.values())

    @property
    def kept_prompt_bytes(self) -> int:
        """The bytes of the prompt caches of all models in memory."""
        return sum(runner.prefix_cache.bytes for runner in self.in_memory())

    def free_prompt_caches(self, needed: int) -> None:
        """Frees that many bytes of prompt caches, those of the models unused longest first."""
        for runner in self.in_memory():
            before = runner.prefix_cache.bytes
            runner.prefix_cache.trim_to(max(0, before - needed))
            needed -= before - runner.prefix_cache.bytes
            if needed <= 0:
                return

    def unload_idle_for(self, needed: int, *, keep: ModelRunner) -> None:
        """Unloads idle models for that many bytes, those unused longest first."""
        unloaded: list[ModelKey] = []
        for runner in self.in_memory():
            if needed <= 0:
                break
            if is_evictable(runner) and runner is not keep:
                unloaded.append(runner.key)
                needed -= runner.bytes
        self._make_way(unloaded)

    def find(self, key: ModelKey) -> ModelRunner | None:
        """Returns the runner of a model, if it is in memory."""
        return self._loaded.get(key)

    def load_ids(self) -> set[int]:
        """Returns the ids of the Load requests under way."""
        return {load_id for load in self._loading.values() for load_id in load.load_ids}

    def wait_for(self, waiter: ModelWaiter) -> None:
        """Calls a waiter when all of its models are in memory; loads those that are on disk."""
        found = [self._loaded.get(key) for key in waiter.keys]
        runners = [runner for runner in found if runner is not None]
        if len(runners) == len(found):
            waiter.ready(runners)
            return
        missing = next(key for key in waiter.keys if key not in self._loaded)
        load = self._loading.get(missing)
        if load is None:
            load = ModelLoad(missing, revision=self._revisions.get(missing))
            self._start(load)
        load.waiters.append(waiter)

    def load(self, request: Load) -> None:
        """Starts or joins a load."""
        key = ModelKey(request.model, request.adapter)
        runner = self._loaded.get(key)
        if runner is not None:
            runner.pinned = runner.pinned or request.pinned
            self._outbox.send(Loaded(id=request.id, model=_description(runner)))
            return
        load = self._loading.get(key)
        if load is not None and (load.may_download or not request.download):
            load.pinned = load.pinned or request.pinned
            load.load_ids.append(request.id)
            return
        replacement = ModelLoad.of(key, request)
        if load is not None:
            # A call started it, which may not download; this request may.
            replacement.take_over(load)
        self._start(replacement)

    def cancel(self, call_id: int) -> None:
        """Forgets a waiting request; a load that no request waits for any more ends."""
        for load in list(self._loading.values()):
            load.forget(call_id)
            if not load.is_needed:
                load.stop.set()
                del self._loading[load.key]

    def unload(self, request: Unload) -> None:
        """Unloads the models of that name, or all."""
        unloaded = [r for r in self.in_memory() if request.model in (None, r.key.model)]
        for runner in unloaded:
            self._unload(runner, f"{runner.key.model} was unloaded.")
        self._outbox.send(Unloaded(id=request.id, models=_names(unloaded)))

    def unload_folder(self, folder: Path, name: str) -> None:
        """Unloads the models of a folder, before it is deleted.

        Raises EngineError INVALID_REQUEST while calls use them or while they are being loaded.
        """
        inside = [r for r in self.in_memory() if r.model.path.is_relative_to(folder)]
        loading = any(load.key.model == name for load in self._loading.values())
        if loading or any(runner.active for runner in inside):
            raise EngineError(
                "INVALID_REQUEST",
                f"{name} is in use.",
                "Wait for the calls that use it, or end them with unloadModel.",
            )
        self._make_way([runner.key for runner in inside])

    def unload_idle(self) -> None:
        """Unloads the models that were unused for too long."""
        self._make_way(self._loaded.idle())

    def advance(self) -> None:
        """Loads one piece of the weights of each model that is being loaded."""
        for load in list(self._loading.values()):
            if load.weights is None or load.loaded is None:
                continue
            try:
                with self._pulse.load():
                    loaded_bytes = next(load.weights, None)
                runner = self._runner(load) if loaded_bytes is None else None
            except Exception as error:
                self._fail(load, from_exception(error, f"loading {load.key.model}"))
                continue
            if runner is not None:
                self._finish(load, runner)
            elif loaded_bytes is not None:
                load.loaded_bytes = loaded_bytes
                self._report(load, "load", loaded_bytes, load.loaded.model.total_bytes)

    def _start(self, load: ModelLoad) -> None:
        self._loading[load.key] = load

        def report(stage: Stage, loaded: int, total: int) -> None:
            self._background.later(lambda: self._report(load, stage, loaded, total))

        def work() -> None:
            try:
                path = load.find(self._directory, report, self._loaded.limit_bytes)
            except Exception as error:
                failure = from_exception(error, f"looking for {load.key.model}")
                self._background.later(lambda: self._fail(load, failure))
                return
            if path is not None:
                self._background.later(lambda: self._open(load, path))

        self._background.submit(work)

    def _open(self, load: ModelLoad, path: Path) -> None:
        if self._loading.get(load.key) is not load:
            return
        try:
            as_float32 = float32_bytes(path, self._loaded.limit_bytes)
            needed = weight_bytes(path) if as_float32 is None else as_float32
            if load.adapter_folder is not None:
                needed += weight_bytes(load.adapter_folder)
            self._make_room(load.key.model, needed)
            with self._pulse.load():
                load.open(path, as_float32=as_float32 is not None)
        except EngineError as error:
            self._fail(load, error)

    def _make_room(self, name: str, needed: int) -> None:
        """Frees idle models and prompt caches for that many bytes. Raises EngineError."""
        prompt_caches = self.kept_prompt_bytes
        others = max(0, mx.get_active_memory() - self._loaded.bytes) + self.coming_bytes
        self._make_way(self._loaded.least_needed(needed, max(0, others - prompt_caches), what=name))
        excess = self._loaded.bytes + others + needed - self._loaded.limit_bytes
        if excess > 0:
            self.free_prompt_caches(excess)

    def _runner(self, load: ModelLoad) -> ModelRunner:
        assert load.loaded is not None
        name = load.key.model
        return ModelRunner(
            load.key,
            load.loaded,
            ModelDefaults.of(load.loaded.model, name, self._settings),
            prompt_cache_bytes=self._prompt_cache_bytes,
            pinned=load.pinned or is_pinned(name, self._settings),
            chunk_sizer=self._chunk_sizer,
            send=self._outbox.send,
        )

    def _finish(self, load: ModelLoad, runner: ModelRunner) -> None:
        del self._loading[load.key]
        self._revisions[load.key] = load.revision
        self._loaded.add(load.key, runner)
        for load_id in load.load_ids:
            self._outbox.send(Loaded(id=load_id, model=_description(runner)))
        for waiter in load.waiters:
            self.wait_for(waiter)

    def _fail(self, load: ModelLoad, error: EngineError) -> None:
        if self._loading.get(load.key) is not load:
            return
        del self._loading[load.key]
        for load_id in load.load_ids:
            self._outbox.fail(load_id, error)
        for waiter in load.waiters:
            waiter.failed(error)

    def _report(self, load: ModelLoad, stage: Stage, loaded: int, total: int) -> None:
        for load_id in load.load_ids:
            self._outbox.send(
                Progress(id=load_id, stage=stage, loaded_bytes=loaded, total_bytes=total)
            )

    def _make_way(self, keys: Iterable[ModelKey]) -> None:
        """Unloads models that nobody asked to unload."""
        unloaded = [runner for runner in map(self._loaded.get, keys) if runner is not None]
        for runner in unloaded:
            self._unload(runner, f"{runner.key.model} was unloaded to make room.")
        if unloaded:
            self._outbox.send(Unloaded(id=None, models=_names(unloaded)))

    def _unload(self, runner: ModelRunner, reason: str) -> None:
        self._loaded.remove(runner.key)
        self._on_unload(runner, reason)
        runner.close()
        mx.clear_cache()


def _names(runners: Iterable[ModelRunner]) -> list[str]:
    return list(dict.fromkeys(runner.key.model for runner in runners))


def _description(runner: ModelRunner) -> LoadedModel:
    return LoadedModel(
        model=runner.key.model,
        adapter=runner.key.adapter,
        path=str(runner.model.path),
        memory_bytes=runner.model.total_bytes,
        context_tokens=runner.model.context_tokens,
        capabilities=runner.input_processor.capabilities,
        pinned=runner.pinned,
        defaults=runner.defaults.report,
        active=runner.active,
    )
