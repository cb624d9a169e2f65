"""Getting a model from the Hugging Face hub, resumed where an earlier try ended."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import EngineError
from .locate import FILES

OnBytes = Callable[[int, int], None]


class CancelledError(Exception):
    """The caller no longer wants the model."""


def download(
    repository: str, revision: str | None, on_bytes: OnBytes, stop: threading.Event
) -> Path:
    """Downloads what is missing of a repository and gives its folder in the shared cache.

    `on_bytes(loaded, total)` is called from several threads. What was loaded stays on disk when
    `stop` is set, so that the next try goes on from there. Raises EngineError MODEL_NOT_FOUND,
    MODEL_GATED or DOWNLOAD_FAILED, and CancelledError.
    """
    # Plain HTTP goes on in the middle of a file and tells its progress; hf-xet promises neither.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    from huggingface_hub import errors, snapshot_download

    page = f"https://huggingface.co/{repository}"
    try:
        return Path(
            snapshot_download(
                repository,
                revision=revision,
                allow_patterns=list(FILES),
                tqdm_class=_bar(on_bytes, stop),
            )
        )
    except errors.GatedRepoError as error:
        raise EngineError(
            "MODEL_GATED",
            f"{repository} is gated: its owner gives access to each account.",
            f"Ask for access on {page}, then set HF_TOKEN to a token of that account.",
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise EngineError(
            "MODEL_NOT_FOUND",
            f"The hub has no model {repository}, or it is private.",
            f"Look for its name on {page}; for a private model set HF_TOKEN.",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise EngineError("MODEL_NOT_FOUND", f"{repository} has no revision {revision}.") from error
    except OSError as error:
        raise EngineError(
            "DOWNLOAD_FAILED",
            f"The download of {repository} failed: {error}",
            "Check the network and run the same command again: it goes on where it stopped. "
            "The model hello needs no download.",
        ) from error


def _bar(on_bytes: OnBytes, stop: threading.Event) -> type[Any]:
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        """A progress bar that draws nothing and passes its numbers on."""

        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - tqdm's own
            self._counts_file_bytes = (
                options.pop("name", None) == "huggingface_hub.snapshot_download"
            )
            super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            if stop.is_set():
                raise CancelledError
            # A disabled bar does not count for itself.
            self.n += n or 0
            if self._counts_file_bytes:
                on_bytes(int(self.n), int(self.total or 0))

    return Bar
