"""A model on its way into memory."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..download import CancelledError, download
from ..errors import EngineError
from ..locate import locate
from ..protocol import Load
from ..weights import ReadModel, read
from .calls import Call


@dataclass
class Loading:
    """One model that is being located, downloaded or read, and who waits for it."""

    name: str
    revision: str | None
    may_download: bool
    loads: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    weights: Iterator[int] | None = None
    model: ReadModel | None = None

    @classmethod
    def of(cls, request: Load) -> "Loading":
        """For an explicit load; it may download if the request says so."""
        return cls(request.model, request.revision, request.download, loads=[request.id])

    @property
    def wanted(self) -> bool:
        """Whether anyone still waits."""
        return bool(self.loads or self.calls)

    def find(self, models_directory: Path, on_bytes: Callable[[int, int], None]) -> Path | None:
        """The folder of the model, after a download if need be; None when nobody waits any more.

        Runs beside MLX's thread. Raises EngineError.
        """
        path = locate(self.name, self.revision, models_directory)
        if path is not None:
            return path
        if not self.may_download:
            raise EngineError("MODEL_NOT_FOUND", f"{self.name} is not on this machine yet.")
        try:
            return download(self.name, self.revision, on_bytes, self.stop)
        except CancelledError:
            return None

    def begin(self, path: Path) -> None:
        """Reads everything but the weights. Raises EngineError."""
        self.model = read(path)
        self.weights = self.model.weights()
