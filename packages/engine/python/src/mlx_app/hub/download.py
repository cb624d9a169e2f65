"""Downloads a model from the Hugging Face hub, from where an earlier try ended."""

import threading
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..daemon_threads import DaemonThreads
from ..errors import EngineError
from ..memory import SMALLER_MODEL, format_bytes

if TYPE_CHECKING:
    from .listing import Listing, RemoteFile
    from .progress import Report
    from .target import DownloadTarget

# Files that are downloaded at once, as by the hub's library.
PARALLEL_FILES = 8


@dataclass(frozen=True)
class Downloaded:
    """The files of a downloaded model."""

    path: Path
    commit: str


def download(
    repository: str,
    revision: str | None,
    report: "Report",
    stop: threading.Event,
    *,
    output: Path | None = None,
    memory_limit: int | None = None,
    check: bool = False,
) -> Downloaded:
    """Downloads what is missing of a repository, to the shared cache or to a folder.

    `report` is called from several threads. When `stop` is set or something fails, the downloaded
    part stays on disk, so that the next try goes on from there. `memory_limit`: the most bytes of
    weights to download. `check`: files that are already there are checked, and downloaded again if
    they differ from the hub's. Raises EngineError MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT,
    ACCESS_DENIED, OUT_OF_MEMORY, UNSUPPORTED, DISK_FULL, INVALID_REQUEST or DOWNLOAD_FAILED, and
    CancelledError.
    """
    # Imported late: the hub's library takes a tenth of a second.
    from .cache import CacheTarget
    from .failures import translated_errors
    from .folder import FolderTarget
    from .listing import fetch_listing, require_weights

    listing = fetch_listing(repository, revision, stop)
    require_weights(listing)
    if memory_limit is not None and listing.weight_bytes > memory_limit:
        raise _too_large(listing, memory_limit)
    target: DownloadTarget = (
        CacheTarget(listing) if output is None else FolderTarget(listing, output)
    )
    with translated_errors(repository, revision), target.open(stop):
        if check:
            _check_present(listing, target, report, stop)
        _fetch_all(listing, target, report, stop)
        path = target.finish(revision)
    return Downloaded(path, listing.commit)


def missing_bytes(listing: "Listing", target: "DownloadTarget") -> int:
    """Returns the bytes that a download would load."""
    return sum(file.bytes - _bytes_here(file, target) for file in listing.files)


def _fetch_all(
    listing: "Listing", target: "DownloadTarget", report: "Report", stop: threading.Event
) -> None:
    from .progress import Progress
    from .space import check_space

    progress = Progress("download", listing.total_bytes, report)
    missing = missing_bytes(listing, target)
    check_space(listing.repository, missing, target.root, shared=target.shared)
    for file in listing.files:
        progress.update(file.path, _bytes_here(file, target))
    progress.report()
    threads = DaemonThreads(PARALLEL_FILES, "download")

    def fetch(file: "RemoteFile") -> None:
        target.fetch(file, lambda loaded: progress.update(file.path, loaded), stop)

    tasks = [threads.submit(partial(fetch, file)) for file in listing.files]
    try:
        for task in as_completed(tasks):
            task.result()
    except BaseException:
        # Or the others would run to their end.
        stop.set()
        raise
    finally:
        threads.close()
        threads.join()
    progress.report()


def _check_present(
    listing: "Listing", target: "DownloadTarget", report: "Report", stop: threading.Event
) -> None:
    """Removes the files whose hash differs from the hub's."""
    from .folder import has_digest
    from .progress import Progress

    present = [
        (file, file.digest, path)
        for file in listing.files
        if file.digest is not None and (path := target.complete_path(file)) is not None
    ]
    if not present:
        return
    progress = Progress("verify", sum(file.bytes for file, _, _ in present), report)
    for file, digest, path in present:
        if not has_digest(path, digest, stop):
            target.remove(file)
        progress.update(file.path, file.bytes)
    progress.report()


def _bytes_here(file: "RemoteFile", target: "DownloadTarget") -> int:
    from .transfer import file_size

    if target.complete_path(file) is not None:
        return file.bytes
    part = target.partial_path(file)
    return 0 if part is None else min(file_size(part), file.bytes)


def _too_large(listing: "Listing", memory_limit: int) -> EngineError:
    return EngineError(
        "OUT_OF_MEMORY",
        f"{listing.repository} was not downloaded: its weights take "
        f"{format_bytes(listing.weight_bytes)}, and the limit is {format_bytes(memory_limit)}.",
        f"{SMALLER_MODEL}, or raise memoryLimitBytes.",
    )
