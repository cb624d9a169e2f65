"""The target of a download."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from .listing import RemoteFile

Loaded = Callable[[int], None]


class DownloadTarget(Protocol):
    """The shared cache, or a folder of plain files."""

    root: Path
    # Whether it is the cache.
    shared: bool

    def open(self, stop: threading.Event) -> AbstractContextManager[None]:
        """Wraps a download. Raises EngineError if the target can't take it."""
        ...

    def complete_path(self, file: RemoteFile) -> Path | None:
        """Returns the file, if it is complete."""
        ...

    def partial_path(self, file: RemoteFile) -> Path | None:
        """Returns the path of an unfinished download; None for a file without a hash."""
        ...

    def fetch(self, file: RemoteFile, loaded: Loaded, stop: threading.Event) -> None:
        """Downloads what is missing of a file."""
        ...

    def remove(self, file: RemoteFile) -> None:
        """Removes a file with a wrong hash."""
        ...

    def finish(self, revision: str | None) -> Path:
        """Completes a download; returns the folder of the model."""
        ...
