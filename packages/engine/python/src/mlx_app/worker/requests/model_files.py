"""Requests about the files of models: downloads, checks, removals. None of them uses MLX."""

import threading
from collections.abc import Callable
from pathlib import Path

from ...errors import EngineError, from_exception
from ...hub.download import download, missing_bytes
from ...hub.progress import Report, Stage
from ...hub.remove import clean, removable, remove
from ...hub.verify import verify
from ...models.locate import bytes_in, in_cache, local_folder
from ...protocol import (
    Clean,
    Cleaned,
    Describe,
    Described,
    Download,
    Downloaded,
    DownloadedModel,
    Event,
    ModelDescription,
    Progress,
    Remove,
    Removed,
    Verified,
    Verify,
)
from ..background import Background
from ..io.outbox import Outbox
from ..model_pool.model_manager import ModelManager

Work = Callable[[threading.Event], Event]


class ModelFileRequests:
    """Runs each request on a thread of its own, since it may take hours.

    The methods are called on MLX's thread only.
    """

    def __init__(
        self,
        outbox: Outbox,
        background: Background,
        models: ModelManager,
        *,
        directory: Path,
        memory_limit: int,
    ) -> None:
        self._outbox = outbox
        self._background = background
        self._models = models
        self._directory = directory
        self._memory_limit = memory_limit
        self._calls: dict[int, threading.Event] = {}

    def __contains__(self, call_id: int) -> bool:
        return call_id in self._calls

    @property
    def busy(self) -> bool:
        """Whether a request is being worked on."""
        return bool(self._calls)

    def cancel(self, call_id: int) -> None:
        """Ends a request without an event."""
        stop = self._calls.pop(call_id, None)
        if stop is not None:
            stop.set()

    def download(self, request: Download) -> None:
        """Downloads the files of a model."""
        self._start(request.id, lambda stop: self._download(request, stop))

    def verify(self, request: Verify) -> None:
        """Compares the files of a model with their hashes."""

        def work(stop: threading.Event) -> Event:
            found = verify(
                request.model, request.revision, self._directory, self._report(request.id), stop
            )
            return Verified(
                id=request.id, model=request.model, path=str(found.path), files=found.files
            )

        self._start(request.id, work)

    def describe(self, request: Describe) -> None:
        """Answers with what the hub says of a model."""
        self._start(request.id, lambda stop: self._describe(request, stop))

    def clean(self, request: Clean) -> None:
        """Deletes files of no use, or only lists them."""

        def work(_: threading.Event) -> Event:
            files = clean(self._directory, dry_run=request.dry_run)
            return Cleaned(
                id=request.id, removed=files, freed_bytes=sum(file.bytes for file in files)
            )

        self._start(request.id, work)

    def remove(self, request: Remove) -> None:
        """Unloads a model and deletes it."""

        def work(_: threading.Event) -> Event:
            folder = removable(request.model, self._directory)
            self._background.wait_for(lambda: self._models.unload_folder(folder, request.model))
            removed = remove(folder)
            return Removed(
                id=request.id,
                model=request.model,
                path=str(removed.path),
                freed_bytes=removed.bytes,
            )

        self._start(request.id, work)

    def _start(self, call_id: int, work: Work) -> None:
        stop = self._calls[call_id] = threading.Event()

        def run() -> None:
            try:
                event = work(stop)
            except Exception as error:
                failure = from_exception(error, "working on the files of models")
                self._end(call_id, stop, lambda: self._outbox.fail(call_id, failure))
            else:
                self._end(call_id, stop, lambda: self._outbox.send(event))

        threading.Thread(target=run, name=f"files-{call_id}", daemon=True).start()

    def _end(self, call_id: int, stop: threading.Event, send: Callable[[], None]) -> None:
        def end() -> None:
            # A cancelled request is gone, and another one may have its id.
            if self._calls.get(call_id) is stop:
                del self._calls[call_id]
                send()

        self._background.later(end)

    def _report(self, call_id: int) -> Report:
        def report(stage: Stage, loaded: int, total: int) -> None:
            def send() -> None:
                if call_id in self._calls:
                    self._outbox.send(
                        Progress(id=call_id, stage=stage, loaded_bytes=loaded, total_bytes=total)
                    )

            self._background.later(send)

        return report

    def _download(self, request: Download, stop: threading.Event) -> Event:
        local = local_folder(request.model, self._directory)
        output = None if request.output is None else Path(request.output)
        if local is not None:
            if output is not None:
                raise EngineError(
                    "INVALID_REQUEST",
                    f"{request.model} is a folder on this machine, not a model to download.",
                )
            return self._downloaded(request, local, None)
        try:
            result = download(
                request.model,
                request.revision,
                self._report(request.id),
                stop,
                output=output,
                check=True,
            )
        except EngineError as error:
            # Without the hub, a complete copy on this machine is as good.
            cached = in_cache(request.model, request.revision) if output is None else None
            if cached is None or error.code != "DOWNLOAD_FAILED":
                raise
            return self._downloaded(request, cached, cached.name)
        return self._downloaded(request, result.path, result.commit)

    def _downloaded(self, request: Download, path: Path, commit: str | None) -> Event:
        model = DownloadedModel(
            model=request.model, path=str(path), bytes=bytes_in(path), revision=commit
        )
        return Downloaded(id=request.id, model=model)

    def _describe(self, request: Describe, stop: threading.Event) -> Event:
        if local_folder(request.model, self._directory) is not None:
            raise EngineError(
                "INVALID_REQUEST",
                f"{request.model} is a folder on this machine, so the hub can't describe it.",
            )
        from ...hub.cache import CacheTarget
        from ...hub.listing import fetch_listing, require_weights

        listing = fetch_listing(request.model, request.revision, stop)
        require_weights(listing)
        description = ModelDescription(
            model=request.model,
            revision=listing.commit,
            download_bytes=listing.total_bytes,
            missing_bytes=missing_bytes(listing, CacheTarget(listing)),
            weight_bytes=listing.weight_bytes,
            fits=listing.weight_bytes <= self._memory_limit,
            licence=listing.licence,
            gated=listing.gated,
        )
        return Described(id=request.id, model=description)
