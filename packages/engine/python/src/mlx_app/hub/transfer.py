"""Downloads one file from where an earlier try ended, and checks its hash."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
from filelock import Timeout
from huggingface_hub import hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import WeakFileLock, build_hf_headers, hf_raise_for_status

from ..errors import EngineError
from .listing import Listing, RemoteFile, hasher
from .session import CancelledError, Retries, http_client

BLOCK_BYTES = 1024 * 1024
# How long to wait for the lock of another process before its progress is reported.
LOOK_SECONDS = 0.5


def fetch_file(
    listing: Listing,
    file: RemoteFile,
    partial: Path,
    loaded: Callable[[int], None],
    stop: threading.Event,
) -> None:
    """Downloads what `partial` lacks of a file; calls `loaded` with the bytes that are there.

    After a failure, the downloaded part stays. A file with a wrong hash is removed, and downloaded
    once more if an earlier try began it. Raises EngineError MODEL_CORRUPT.
    """
    partial.parent.mkdir(parents=True, exist_ok=True)
    begun = partial.exists() and partial.stat().st_size > 0
    if _complete(listing, file, partial, loaded, stop):
        return
    partial.unlink()
    if begun and _complete(listing, file, partial, loaded, stop):
        return
    partial.unlink(missing_ok=True)
    raise EngineError(
        "MODEL_CORRUPT",
        f"{file.path} of {listing.repository} does not have the hash that the hub gives "
        f"({file.digest}), and was removed.",
        "Run the same command again. If that does not help, a proxy or a mirror (HF_ENDPOINT) "
        "changes the file.",
    )


def _complete(
    listing: Listing,
    file: RemoteFile,
    partial: Path,
    loaded: Callable[[int], None],
    stop: threading.Event,
) -> bool:
    """Downloads the rest of a file; returns whether it has the right hash."""
    partial.touch()
    with partial.open("r+b") as stream:
        if partial.stat().st_size > file.bytes:
            stream.truncate(0)
        digest = hasher(file.digest or "", file.bytes)
        for block in read_blocks(stream, stop):
            digest.update(block)
        retries = Retries(stop)
        furthest = stream.tell()
        while (position := stream.tell()) < file.bytes:
            loaded(position)
            try:
                for start, piece in _pieces(listing, file, position):
                    if stop.is_set():
                        raise CancelledError
                    if start != stream.tell():
                        # The server ignores the range and sends from the beginning.
                        stream.seek(0)
                        stream.truncate()
                        digest = hasher(file.digest or "", file.bytes)
                    stream.write(piece)
                    digest.update(piece)
                    if stream.tell() > furthest:
                        furthest = stream.tell()
                        retries.reset()
                    loaded(min(stream.tell(), file.bytes))
                    if stream.tell() > file.bytes:
                        return False
            except (httpx2.TransportError, HfHubHTTPError) as error:
                retries.wait(error)
            else:
                if stream.tell() <= position:
                    retries.wait(httpx2.RemoteProtocolError("The answer was empty."))
        size = stream.tell()
        stream.flush()
    loaded(size)
    return size == file.bytes and file.digest in (None, digest.hexdigest())


def _pieces(listing: Listing, file: RemoteFile, position: int) -> Iterator[tuple[int, bytes]]:
    """Yields the rest of a file from a position, as pieces with their positions.

    The hub redirects to the storage of large files; httpx removes the token from a request to
    another origin.
    """
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if position > 0:
        headers["Range"] = f"bytes={position}-"
    url = hf_hub_url(listing.repository, file.path, revision=listing.commit)
    with http_client().stream("GET", url, headers=headers, follow_redirects=True) as response:
        if response.is_error:
            response.read()
        hf_raise_for_status(response)
        if response.status_code != httpx2.codes.PARTIAL_CONTENT:
            position = 0
        for piece in response.iter_bytes():
            yield position, piece
            position += len(piece)


def read_blocks(stream: io.BufferedIOBase, stop: threading.Event) -> Iterator[bytes]:
    """Yields the content of a file. Raises CancelledError."""
    while block := stream.read(BLOCK_BYTES):
        if stop.is_set():
            raise CancelledError
        yield block


@contextmanager
def hold_lock(lock: Path, stop: threading.Event, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds a lock of the hub's library; calls `waiting` while another process has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        while True:
            if stop.is_set():
                raise CancelledError
            try:
                stack.enter_context(WeakFileLock(lock, timeout=LOOK_SECONDS))
                break
            except Timeout:
                waiting()
        yield


def is_locked(lock: Path) -> bool:
    """Whether a lock is held now."""
    if not lock.exists():
        return False
    try:
        with WeakFileLock(lock, timeout=0.1):
            return False
    except Timeout:
        return True


def file_size(path: Path) -> int:
    """Returns the bytes of a file; 0 if there is none."""
    try:
        return os.stat(path).st_size  # noqa: PTH116 - one call, whatever happens in between
    except OSError:
        return 0
