"""Calls about the files of models: downloads, checks, removals. They never touch MLX's thread."""

import threading
from collections.abc import Callable
from pathlib import Path

from ...errors import EngineError, from_exception
from ...hub.download import download, missing_bytes
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
from ..model_pool.model_manager import Models

Work = Callable[[threading.Event], Event]


class ModelFiles:
    """Each call has a thread of its own, since it may take hours. Used on MLX's thread only."""

    def __init__(
        self,
        outbox: Outbox,
        background: Background,
        models: Models,
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

    def cancel(self, call_id: int) -> None:
        """Ends a call; it sends nothing more."""
        stop = self._calls.pop(call_id, None)
        if stop is not None:
            stop.set()

    def download(self, request: Download) -> None:
        """Gets the files of a model."""
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
        """Asks the hub what a model is."""
        self._start(request.id, lambda stop: self._describe(request, stop))

    def clean(self, request: Clean) -> None:
        """Deletes what is of no use, or tells what that is."""

        def work(_: threading.Event) -> Event:
            files = clean(self._directory, dry_run=request.dry_run)
            return Cleaned(
                id=request.id, removed=files, freed_bytes=sum(file.bytes for file in files)
            )

        self._start(request.id, work)

    def remove(self, request: Remove) -> None:
        """Deletes a model, unloading it first."""

        def work(_: threading.Event) -> Event:
            folder = removable(request.model, self._directory)
            self._background.wait_for(lambda: self._models.let_go(folder, request.model))
            gone = remove(folder)
            return Removed(
                id=request.id, model=request.model, path=str(gone.path), freed_bytes=gone.bytes
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
            # One that was cancelled is not there any more, and its id may be in use again.
            if self._calls.get(call_id) is stop:
                del self._calls[call_id]
                send()

        self._background.later(end)

    def _report(self, call_id: int) -> Callable[..., None]:
        def report(stage: str, loaded: int, total: int) -> None:
            def send() -> None:
                if call_id in self._calls:
                    self._outbox.send(
                        Progress(
                            id=call_id,
                            stage="verify" if stage == "verify" else "download",
                            loaded_bytes=loaded,
                            total_bytes=total,
                        )
                    )

            self._background.later(send)

        return report

    def _download(self, request: Download, stop: threading.Event) -> Event:
        local = local_folder(request.model, self._directory)
        output = None if request.output is None else Path(request.output)
        if local is not None:
            if output is not None:
                raise EngineError(
                    "INVALID_REQUEST", f"{request.model} is a folder here, and nothing to download."
                )
            return self._downloaded(request, local, None)
        try:
            got = download(
                request.model,
                request.revision,
                self._report(request.id),
                stop,
                output=output,
                check=True,
            )
        except EngineError as error:
            # Without the hub, what is here has to do, if it is all here.
            here = in_cache(request.model, request.revision) if output is None else None
            if here is None or error.code != "DOWNLOAD_FAILED":
                raise
            return self._downloaded(request, here, here.name)
        return self._downloaded(request, got.path, got.commit)

    def _downloaded(self, request: Download, path: Path, commit: str | None) -> Event:
        model = DownloadedModel(
            model=request.model, path=str(path), bytes=bytes_in(path), revision=commit
        )
        return Downloaded(id=request.id, model=model)

    def _describe(self, request: Describe, stop: threading.Event) -> Event:
        if local_folder(request.model, self._directory) is not None:
            raise EngineError(
                "INVALID_REQUEST", f"{request.model} is a folder here, which no hub describes."
            )
        from ...hub.cache import CachePlace
        from ...hub.listing import ask, require_weights

        listing = ask(request.model, request.revision, stop)
        require_weights(listing)
        description = ModelDescription(
            model=request.model,
            revision=listing.commit,
            download_bytes=listing.total_bytes,
            missing_bytes=missing_bytes(listing, CachePlace(listing)),
            weight_bytes=listing.weight_bytes,
            fits=listing.weight_bytes <= self._memory_limit,
            licence=listing.licence,
            gated=listing.gated,
        )
        return Described(id=request.id, model=description)
