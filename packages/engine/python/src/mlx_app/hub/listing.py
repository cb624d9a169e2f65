"""The commit of a model on the hub, its files, and their hashes."""

import hashlib
import re
import threading
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile

from ..errors import EngineError
from ..models.locate import FILES
from .failures import translated_errors
from .session import with_retries

DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository.

    `digest` is the SHA-256 of a file in LFS, otherwise git's SHA-1 of a blob, in hex; None if the
    hub gives none.
    """

    path: str
    bytes: int
    digest: str | None


@dataclass(frozen=True)
class Listing:
    """A repository at a commit, with the files that mlx-lm reads."""

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]
    licence: str | None
    gated: bool

    @property
    def total_bytes(self) -> int:
        """The bytes of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def weight_bytes(self) -> int:
        """The bytes of the weights."""
        return sum(
            file.bytes
            for file in self.files
            if PurePosixPath(file.path).match("model*.safetensors")
        )


def fetch_listing(repository: str, revision: str | None, stop: threading.Event) -> Listing:
    """Asks the hub. Raises the EngineErrors of `failures.explain`, and CancelledError."""
    api = HfApi()
    with translated_errors(repository, revision):
        info = with_retries(lambda: api.model_info(repository, revision=revision), stop)
        commit = str(info.sha)
        tree = with_retries(
            lambda: list(api.list_repo_tree(repository, recursive=True, revision=commit)), stop
        )
    files = [_remote_file(entry) for entry in tree if isinstance(entry, RepoFile)]
    card: Any = info.card_data
    return Listing(
        repository=repository,
        commit=commit,
        files=tuple(file for file in files if _is_wanted(file.path)),
        licence=_licence(getattr(card, "license", None), info.tags or []),
        gated=bool(info.gated),
    )


def require_weights(listing: Listing) -> None:
    """Raises EngineError UNSUPPORTED for a repository without weights for MLX."""
    if listing.weight_bytes == 0:
        raise EngineError(
            "UNSUPPORTED",
            f"{listing.repository} has no weights that MLX reads (model*.safetensors).",
            "Look for the model among those made for MLX: https://huggingface.co/mlx-community",
        )


def hasher(digest: str, size: int) -> "hashlib._Hash":
    """Returns the hash function of a digest, for a file of that size."""
    if len(digest) == 64:
        return hashlib.sha256()
    # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


def _remote_file(entry: RepoFile) -> RemoteFile:
    size, digest = (
        (entry.size, entry.blob_id) if entry.lfs is None else (entry.lfs.size, entry.lfs.sha256)
    )
    return RemoteFile(entry.path, size, digest if DIGEST.fullmatch(str(digest)) else None)


def _is_wanted(path: str) -> bool:
    """Excludes code, and paths that lead out of the folder, whatever a hub may list."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/") or "\\" in path:
        return False
    return any(fnmatch(path, pattern) for pattern in FILES)


def _licence(stated: object, tags: list[str]) -> str | None:
    if isinstance(stated, str):
        return stated
    return next((tag[8:] for tag in tags if tag.startswith("license:")), None)
