"""Where a download goes."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from .listing import RemoteFile

Loaded = Callable[[int], None]


class Place(Protocol):
    """The shared cache, or a folder of plain files. `shared` tells which."""

    root: Path
    shared: bool

    def open(self, stop: threading.Event) -> AbstractContextManager[None]:
        """Around a download. Raises EngineError where the place can't take it."""
        ...

    def whole(self, file: RemoteFile) -> Path | None:
        """The file, if all of it is there."""
        ...

    def partial(self, file: RemoteFile) -> Path | None:
        """Where what is there of it lies; None for a file that the hub tells no hash of."""
        ...

    def bring(self, file: RemoteFile, loaded: Loaded, stop: threading.Event) -> None:
        """Gets what is missing of a file."""
        ...

    def forget(self, file: RemoteFile) -> None:
        """Removes a file that is not what it should be."""
        ...

    def finish(self, revision: str | None) -> Path:
        """All files are there: the folder of the model."""
        ...
