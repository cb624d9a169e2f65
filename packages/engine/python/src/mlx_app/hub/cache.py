"""The cache that all tools of the hub share.

`blobs/` has the contents, named by their ETag, which is their hash; `snapshots/<commit>/` has links
to them with the names of files; `refs/<branch>` has the commit of a branch. The hub's library makes
the links. See https://huggingface.co/docs/huggingface_hub/guides/manage-cache.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import constants, hf_hub_download, snapshot_download
from huggingface_hub.file_download import repo_folder_name

from ..models.locate import FILES
from .listing import DIGEST, Listing, RemoteFile
from .session import with_retries
from .target import Loaded
from .transfer import fetch_file, file_size, hold_lock

PARTIAL = ".incomplete"


def cache_folder() -> Path:
    """Returns the folder of all repositories (HF_HUB_CACHE, or `hub` in HF_HOME)."""
    return Path(constants.HF_HUB_CACHE).expanduser().resolve()


def repository_folder(repository: str) -> Path:
    """Returns the folder of a model in the cache, whether it exists or not."""
    return cache_folder() / repo_folder_name(repo_id=repository, repo_type="model")


def locks_folder(repository_folder: Path) -> Path:
    """Returns the folder of the locks for downloads to a repository, one for each blob."""
    return repository_folder.parent / ".locks" / repository_folder.name


def snapshot_folder(repository: str, revision: str | None) -> Path | None:
    """Returns the folder of a model at a revision, complete or not; None if there is none."""
    folder = repository_folder(repository)
    revision = revision or constants.DEFAULT_REVISION
    try:
        commit = (folder / "refs" / revision).read_text("utf-8").strip()
    except OSError:  # not a known branch, so it is a commit
        commit = revision
    snapshot = folder / "snapshots" / commit
    return snapshot if snapshot.is_dir() and snapshot.parent.name == "snapshots" else None


def digest_of(file: Path) -> str | None:
    """Returns the hash that a file should have, by the name of the blob that it links to."""
    if not file.is_symlink():
        return None
    name = Path(os.readlink(file)).name  # noqa: PTH115 - Path.readlink gives no name of a bare link
    return name if DIGEST.fullmatch(name) else None


class CacheTarget:
    """A repository in the cache, at a commit."""

    shared = True

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._folder = repository_folder(listing.repository)
        self.root = cache_folder()

    @contextmanager
    def open(self, stop: threading.Event) -> Iterator[None]:  # noqa: ARG002 - as in all targets
        """Does nothing, since each file has its own lock."""
        yield

    def complete_path(self, file: RemoteFile) -> Path | None:
        """Returns the link of the snapshot, or a blob that has no link yet."""
        link = self._folder / "snapshots" / self._listing.commit / file.path
        if file_size(link) == file.bytes and link.is_file():
            return link
        blob = self._blob(file)
        return blob if blob is not None and blob.is_file() else None

    def partial_path(self, file: RemoteFile) -> Path | None:
        """Returns a path beside the blob, as older versions of the hub's library use it."""
        blob = self._blob(file)
        return None if blob is None else blob.with_name(blob.name + PARTIAL)

    def fetch(self, file: RemoteFile, loaded: Loaded, stop: threading.Event) -> None:
        """Downloads the blob and links to it, while it holds the lock of the blob."""
        blob, partial = self._blob(file), self.partial_path(file)
        if blob is not None and partial is not None:
            lock = locks_folder(self._folder) / f"{blob.name}.lock"
            with hold_lock(lock, stop, lambda: loaded(file_size(partial))):
                if not blob.exists():
                    fetch_file(self._listing, file, partial, loaded, stop)
                    partial.replace(blob)
        repository, commit = self._listing.repository, self._listing.commit
        # The library asks the hub for the hash of the blob, several times if needed.
        hf_hub_download(repository, file.path, revision=commit)
        loaded(file.bytes)

    def remove(self, file: RemoteFile) -> None:
        """Removes the blob and its link."""
        link = self._folder / "snapshots" / self._listing.commit / file.path
        link.unlink(missing_ok=True)
        blob = self._blob(file)
        if blob is not None:
            blob.unlink(missing_ok=True)

    def finish(self, revision: str | None) -> Path:
        """Records the commit as the newest of its branch."""
        repository = self._listing.repository
        stop = threading.Event()
        return Path(
            with_retries(
                lambda: snapshot_download(
                    repository, revision=revision, allow_patterns=list(FILES)
                ),
                stop,
            )
        )

    def _blob(self, file: RemoteFile) -> Path | None:
        return None if file.digest is None else self._folder / "blobs" / file.digest
