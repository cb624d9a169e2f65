"""The models in memory and on their way into it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import mlx.core as mx

from ...errors import EngineError, from_exception
from ...hub.progress import Stage
from ...memory import weight_bytes
from ...models.float32 import widened_bytes
from ...protocol import Load, Loaded, Progress, Unload, Unloaded
from ..background import Background
from ..io.outbox import Outbox
from ..runner.call import ModelKey
from ..runner.model_runner import Serving
from ..runner.prefill_chunk import Pace
from .eviction import Shelf
from .loading import Loading, ReadFiles
from .waiter import Want


class Models:
    """Loads, keeps and frees models. Used on MLX's thread only."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        background: Background,
        directory: Path,
        shelf: Shelf[Serving],
        prompt_cache_bytes: int,
        on_unload: Callable[[Serving, str], None],
    ) -> None:
        self._outbox = outbox
        self._background = background
        self._directory = directory
        self._shelf = shelf
        self._prompt_cache_bytes = prompt_cache_bytes
        self._on_unload = on_unload
        self._pace = Pace()
        self._loading: dict[ModelKey, Loading] = {}

    @property
    def busy(self) -> bool:
        """Whether weights are being read."""
        return any(loading.weights for loading in self._loading.values())

    def in_memory(self) -> list[Serving]:
        """All models that are loaded."""
        return [serving for _, serving in self._shelf.items()]

    @property
    def coming_bytes(self) -> int:
        """Bytes of weights that are on their way into memory."""
        return sum(loading.coming_bytes for loading in self._loading.values())

    def free_prompt_caches(self, wanted: int) -> None:
        """Makes prompt caches smaller by so many bytes, those of models unused longest first."""
        for serving in self.in_memory():
            cache = serving.prompts_read.cache
            before = cache.bytes
            cache.trim_to(max(0, before - wanted))
            wanted -= before - cache.bytes
            if wanted <= 0:
                return

    def free_idle(self, wanted: int, kept: Serving) -> None:
        """Unloads idle models of so many bytes, those unused longest first."""
        going: list[ModelKey] = []
        for serving in self.in_memory():
            if wanted <= 0:
                break
            if not serving.active and not serving.pinned and serving is not kept:
                going.append(serving.key)
                wanted -= serving.bytes
        self._free_by_itself(going)

    def find(self, key: ModelKey) -> Serving | None:
        """The model of that key if it is in memory."""
        return self._shelf.get(key)

    def loads(self) -> set[int]:
        """The ids of the loads under way."""
        return {load_id for loading in self._loading.values() for load_id in loading.loads}

    def want(self, want: Want) -> None:
        """Answers once all of the models are in memory; those that are on disk are loaded."""
        found = [self._shelf.get(key) for key in want.keys]
        servings = [serving for serving in found if serving is not None]
        if len(servings) == len(found):
            want.ready(servings)
            return
        missing = next(key for key in want.keys if key not in self._shelf)
        loading = self._loading.get(missing)
        if loading is None:
            loading = Loading(missing)
            self._start(loading)
        loading.wants.append(want)

    def load(self, request: Load) -> None:
        """Starts or joins a load."""
        key = ModelKey(request.model, request.adapter)
        serving = self._shelf.get(key)
        if serving is not None:
            serving.pinned = serving.pinned or request.pinned
            self._outbox.send(Loaded(id=request.id, model=serving.describe()))
            return
        loading = self._loading.get(key)
        if loading is not None and (loading.may_download or not request.download):
            loading.pinned = loading.pinned or request.pinned
            loading.loads.append(request.id)
            return
        replacement = Loading.of(key, request)
        if loading is not None:
            # A call started it without download; this one brings the permission.
            replacement.take_over(loading)
        self._start(replacement)

    def cancel(self, call_id: int) -> None:
        """Forgets a load or a want; what nobody waits for any more ends."""
        for loading in list(self._loading.values()):
            loading.leave(call_id)
            if not loading.wanted:
                loading.stop.set()
                del self._loading[loading.key]

    def unload(self, request: Unload) -> None:
        """Frees the models of that name, or all."""
        gone = [s for s in self.in_memory() if request.model in (None, s.key.model)]
        for serving in gone:
            self._free(serving, f"{serving.key.model} was unloaded.")
        names = list(dict.fromkeys(serving.key.model for serving in gone))
        self._outbox.send(Unloaded(id=request.id, models=names))

    def let_go(self, folder: Path, name: str) -> None:
        """Unloads what was read from a folder, which is to be deleted.

        Raises EngineError INVALID_REQUEST while calls use it, or while it comes.
        """
        inside = [s for s in self.in_memory() if s.model.path.is_relative_to(folder)]
        coming = any(loading.key.model == name for loading in self._loading.values())
        if coming or any(serving.active for serving in inside):
            raise EngineError(
                "INVALID_REQUEST",
                f"{name} is in use.",
                "Wait for the calls that use it, or end them with unloadModel.",
            )
        self._free_by_itself([serving.key for serving in inside])

    def unload_idle(self, now: float) -> None:
        """Frees the models that nobody used for long."""
        self._free_by_itself([ModelKey(*key) for key in self._shelf.idle(now)])

    def advance(self) -> None:
        """Brings one piece of each model that is being loaded into memory."""
        for loading in list(self._loading.values()):
            if loading.weights is None or loading.files is None:
                continue
            try:
                loaded = next(loading.weights, None)
            except Exception as error:
                self._fail(loading, from_exception(error, f"loading {loading.key.model}"))
                continue
            if loaded is not None:
                loading.loaded_bytes = loaded
                self._progress(loading, "load", loaded, loading.files.model.total_bytes)
            else:
                self._finish(loading, loading.files)

    def _start(self, loading: Loading) -> None:
        self._loading[loading.key] = loading

        def report(stage: Stage, loaded: int, total: int) -> None:
            self._background.later(lambda: self._progress(loading, stage, loaded, total))

        def work() -> None:
            try:
                path = loading.find(self._directory, report, self._shelf.limit_bytes)
            except Exception as error:
                failure = from_exception(error, f"looking for {loading.key.model}")
                self._background.later(lambda: self._fail(loading, failure))
                return
            if path is not None:
                self._background.later(lambda: self._begin(loading, path))

        self._background.submit(work)

    def _begin(self, loading: Loading, path: Path) -> None:
        if self._loading.get(loading.key) is not loading:
            return
        try:
            wide = widened_bytes(path, self._shelf.limit_bytes)
            needed = weight_bytes(path) if wide is None else wide
            if loading.adapter_folder is not None:
                needed += weight_bytes(loading.adapter_folder)
            self._make_room(loading.key.model, needed)
            loading.begin(path, widen=wide is not None)
        except EngineError as error:
            self._fail(loading, error)

    def _make_room(self, name: str, needed: int) -> None:
        """Unloads what is idle, and prompt caches, for so many bytes. Raises EngineError."""
        spare = sum(serving.prompts_read.cache.bytes for serving in self.in_memory())
        beside = max(0, mx.get_active_memory() - self._shelf.bytes) + self.coming_bytes
        going = self._shelf.make_room(needed, max(0, beside - spare), what=name)
        self._free_by_itself([ModelKey(*key) for key in going])
        excess = self._shelf.bytes + beside + needed - self._shelf.limit_bytes
        if excess > 0:
            self.free_prompt_caches(excess)

    def _finish(self, loading: Loading, files: ReadFiles) -> None:
        del self._loading[loading.key]
        serving = Serving(
            loading.key,
            files,
            prompt_cache_bytes=self._prompt_cache_bytes,
            pinned=loading.pinned,
            pace=self._pace,
            send=self._outbox.send,
        )
        self._shelf.add(loading.key, serving)
        for load_id in loading.loads:
            self._outbox.send(Loaded(id=load_id, model=serving.describe()))
        for want in loading.wants:
            self.want(want)

    def _fail(self, loading: Loading, error: EngineError) -> None:
        if self._loading.get(loading.key) is not loading:
            return
        del self._loading[loading.key]
        for load_id in loading.loads:
            self._outbox.fail(load_id, error)
        for want in loading.wants:
            want.failed(error)

    def _progress(self, loading: Loading, stage: Stage, loaded: int, total: int) -> None:
        for load_id in loading.loads:
            self._outbox.send(
                Progress(id=load_id, stage=stage, loaded_bytes=loaded, total_bytes=total)
            )

    def _free_by_itself(self, keys: Iterable[ModelKey]) -> None:
        gone = [serving for serving in map(self._shelf.get, keys) if serving is not None]
        for serving in gone:
            self._free(serving, f"{serving.key.model} was unloaded to make room.")
        if gone:
            names = list(dict.fromkeys(serving.key.model for serving in gone))
            self._outbox.send(Unloaded(id=None, models=names))

    def _free(self, serving: Serving, reason: str) -> None:
        self._shelf.remove(serving.key)
        self._on_unload(serving, reason)
        serving.close()
        mx.clear_cache()
