"""A model on its way into memory."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import EngineError
from ...hub.download import download
from ...hub.progress import Report
from ...models.adapters import locate_adapter
from ...models.locate import locate
from ...protocol import Load
from ..loaded_model import LoadedModel, import_packages_for, open_model
from ..runner.call import ModelKey
from .waiter import ModelWaiter


@dataclass
class ModelLoad:
    """One model that is being located, downloaded or loaded, and the requests that wait for it."""

    key: ModelKey
    revision: str | None = None
    may_download: bool = False
    pinned: bool = False
    # The ids of Load requests.
    load_ids: list[int] = field(default_factory=list)
    waiters: list[ModelWaiter] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    loaded: LoadedModel | None = None
    # Brings one piece of the weights after the other into memory.
    weights: Iterator[int] | None = None
    loaded_bytes: int = 0
    adapter_folder: Path | None = None

    @classmethod
    def of(cls, key: ModelKey, request: Load) -> "ModelLoad":
        """Returns the load for a Load request, which may download if the request allows it."""
        return cls(key, request.revision, request.download, request.pinned, [request.id])

    @property
    def is_needed(self) -> bool:
        """Whether a request still waits for it."""
        return bool(self.load_ids or self.waiters)

    @property
    def coming_bytes(self) -> int:
        """The bytes of weights that are not in memory yet, as far as they are known."""
        return 0 if self.loaded is None else self.loaded.model.total_bytes - self.loaded_bytes

    def take_over(self, other: "ModelLoad") -> None:
        """Takes the requests of another load of the same model, which ends."""
        self.load_ids += other.load_ids
        self.waiters += other.waiters
        self.pinned = self.pinned or other.pinned
        other.stop.set()

    def forget(self, call_id: int) -> None:
        """Removes the request with an id, if it waits."""
        self.load_ids = [load_id for load_id in self.load_ids if load_id != call_id]
        self.waiters = [waiter for waiter in self.waiters if waiter.id != call_id]

    def find(self, models_directory: Path, report: Report, memory_limit: int) -> Path | None:
        """Returns the folder of the model, downloaded if need be; None if nothing waits any more.

        Models with more than `memory_limit` bytes of weights are not downloaded. Runs on any thread
        but MLX's. Raises EngineError.
        """
        name, adapter = self.key
        if adapter is not None:
            self.adapter_folder = locate_adapter(adapter, models_directory)
        path = locate(name, self.revision, models_directory)
        if path is None and not self.may_download:
            raise EngineError("MODEL_NOT_FOUND", f"{name} is not on this machine yet.")
        if path is None:
            path = self._download(report, memory_limit)
        if path is not None:
            import_packages_for(path)
        return path

    def _download(self, report: Report, memory_limit: int) -> Path | None:
        from ...hub.session import CancelledError

        try:
            return download(
                self.key.model, self.revision, report, self.stop, memory_limit=memory_limit
            ).path
        except CancelledError:
            return None

    def open(self, path: Path, *, as_float32: bool = False) -> None:
        """Opens the model, whose weights are loaded by `weights` then. Raises EngineError."""
        self.loaded = open_model(path, self.adapter_folder)
        if as_float32:
            self.loaded.model.convert_to_float32()
        self.weights = self.loaded.model.weights()
