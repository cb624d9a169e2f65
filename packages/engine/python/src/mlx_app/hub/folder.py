"""A folder with the files of a model, and a record of their hashes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..errors import EngineError
from .listing import Listing, RemoteFile, hasher
from .target import Loaded
from .transfer import fetch_file, file_size, hold_lock, read_blocks

# Has the record, unfinished downloads, and the lock.
CONTROL = ".mlx-download"
PARTIAL = ".incomplete"


class Record(msgspec.Struct):
    """What a download wrote to a folder: the hash of each file, or null."""

    repository: str
    commit: str
    files: dict[str, str | None] = {}


def read_record(folder: Path) -> Record | None:
    """Returns the record of a folder; None if no download wrote to it."""
    try:
        return msgspec.json.decode((folder / CONTROL / "record.json").read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):  # none, or not one of ours
        return None


def has_digest(file: Path, digest: str, stop: threading.Event) -> bool:
    """Whether a file has a hash."""
    found = hasher(digest, file_size(file))
    with file.open("rb") as stream:
        for block in read_blocks(stream, stop):
            found.update(block)
    return found.hexdigest() == digest


class FolderTarget:
    """The folder that a user named for a model."""

    shared = False

    def __init__(self, listing: Listing, root: Path) -> None:
        self._listing = listing
        self.root = root
        self._record = Record(listing.repository, listing.commit)
        self._change = threading.Lock()

    @contextmanager
    def open(self, stop: threading.Event) -> Iterator[None]:
        """Holds the lock of the folder, after a check that no file of the user is in the way.

        Raises EngineError INVALID_REQUEST.
        """
        if self.root.exists() and not self.root.is_dir():
            raise EngineError("INVALID_REQUEST", f"{self.root} is not a folder.")
        with hold_lock(self.root / CONTROL / "lock", stop, lambda: None):
            earlier = read_record(self.root)
            if earlier is not None and earlier.repository != self._listing.repository:
                raise self._refusal(f"the model {earlier.repository}")
            known = {} if earlier is None else earlier.files
            in_the_way = self._in_the_way(known, stop)
            if in_the_way:
                raise self._refusal(", ".join(in_the_way))
            for file in self._listing.files:
                if file.path in known and known[file.path] != file.digest:
                    (self.root / file.path).unlink(missing_ok=True)
            self._record.files = dict(known)
            yield

    def complete_path(self, file: RemoteFile) -> Path | None:
        """Returns the file itself."""
        target = self.root / file.path
        return target if file_size(target) == file.bytes and target.is_file() else None

    def partial_path(self, file: RemoteFile) -> Path:
        """Returns a path apart from the files of the model."""
        return self.root / CONTROL / f"{file.path}{PARTIAL}"

    def fetch(self, file: RemoteFile, loaded: Loaded, stop: threading.Event) -> None:
        """Downloads a file that isn't there, and records its hash."""
        target, partial = self.root / file.path, self.partial_path(file)
        if self.complete_path(file) is None:
            fetch_file(self._listing, file, partial, loaded, stop)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)
        loaded(file.bytes)
        with self._change:
            self._record.files[file.path] = file.digest
            self._write_record()

    def remove(self, file: RemoteFile) -> None:
        """Removes the file."""
        (self.root / file.path).unlink(missing_ok=True)

    def finish(self, revision: str | None) -> Path:  # noqa: ARG002 - as in all targets
        """Removes the files that only an earlier commit had."""
        current = {file.path for file in self._listing.files}
        for path in set(self._record.files) - current:
            (self.root / path).unlink(missing_ok=True)
            del self._record.files[path]
        self._write_record()
        return self.root

    def _in_the_way(self, known: dict[str, str | None], stop: threading.Event) -> list[str]:
        """Returns the user's files that would be overwritten or read as a part of the model."""
        current = {file.path: file for file in self._listing.files}
        found = [
            weights.name
            for weights in self.root.glob("model*.safetensors")
            if weights.name not in current and weights.name not in known
        ]
        root = self.root.resolve()
        for path, file in current.items():
            target = self.root / path
            outside = not target.parent.resolve().is_relative_to(root)
            there = target.is_symlink() or target.exists()
            if outside or (there and path not in known and not self._is_same(target, file, stop)):
                found.append(path)
        return sorted(found)

    def _is_same(self, target: Path, file: RemoteFile, stop: threading.Event) -> bool:
        return (
            not target.is_symlink()
            and target.is_file()
            and file_size(target) == file.bytes
            and file.digest is not None
            and has_digest(target, file.digest, stop)
        )

    def _write_record(self) -> None:
        folder = self.root / CONTROL
        fresh = folder / "record.json.new"
        fresh.write_bytes(msgspec.json.encode(self._record))
        fresh.replace(folder / "record.json")

    def _refusal(self, what: str) -> EngineError:
        return EngineError(
            "INVALID_REQUEST",
            f"{self.root} contains {what}; a download of {self._listing.repository} would "
            "overwrite it or mix with it.",
            "Choose another folder, or move it away.",
        )
