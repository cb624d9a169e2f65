"""Deletes models and the remains of downloads. No link is ever followed."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import EngineError
from ..models.locate import REPOSITORY
from ..protocol import CleanedFile

# The tests of a project, its doctor and its first start need it.
HELLO = "hello"


@dataclass(frozen=True)
class Removed:
    """The folder that was deleted, and the bytes that it took."""

    path: Path
    bytes: int


def removable(model: str, models_directory: Path) -> Path:
    """Returns the folder of a model that may be deleted: in the models folder, or in the cache.

    Raises EngineError INVALID_REQUEST for a path, for the hello model and for a model that is being
    downloaded, MODEL_NOT_FOUND for a model that isn't there.
    """
    from .cache import locks_folder, repository_folder
    from .transfer import is_locked

    if model.startswith((".", "/", "~")) or ".." in Path(model).parts:
        raise EngineError(
            "INVALID_REQUEST",
            f"{model} is a path; only models of the project or of the cache can be removed.",
            "Delete that folder yourself.",
        )
    inside = models_directory / model
    if model == HELLO:
        raise EngineError(
            "INVALID_REQUEST", "The hello model is part of mlx-app and can't be removed."
        )
    if _is_model_of_project(inside, models_directory):
        return inside
    folder = repository_folder(model) if REPOSITORY.fullmatch(model) else None
    if folder is None or not folder.is_dir():
        raise EngineError("MODEL_NOT_FOUND", f"{model} is not on this machine.")
    locks = locks_folder(folder)
    if locks.is_dir() and any(is_locked(lock) for lock in locks.glob("*.lock")):
        raise EngineError(
            "INVALID_REQUEST",
            f"{model} is being downloaded.",
            "Wait for the download, or stop it.",
        )
    return folder


def remove(folder: Path) -> Removed:
    """Deletes a folder that `removable` returned. Raises EngineError ACCESS_DENIED."""
    from .cache import cache_folder, locks_folder

    cache = cache_folder()
    before = _bytes_in(folder) + _bytes_in(cache / "blobs")
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.parent == cache:
            _remove_from_cache(folder)
            shutil.rmtree(locks_folder(folder), ignore_errors=True)
        else:
            shutil.rmtree(folder)
    except OSError as error:
        raise EngineError("ACCESS_DENIED", f"{folder} could not be removed: {error}") from error
    return Removed(folder, before - _bytes_in(folder) - _bytes_in(cache / "blobs"))


def clean(models_directory: Path, *, dry_run: bool = False) -> list[CleanedFile]:
    """Deletes the remains of interrupted downloads, and blobs that no snapshot links to.

    Returns the files; with `dry_run`, nothing is deleted.
    """
    from .cache import cache_folder

    found = [
        *(file for folder in cache_folder().glob("models--*") for file in _useless(folder)),
        *_unfinished(models_directory),
    ]
    return [_delete(file, reason, dry_run=dry_run) for file, reason in found]


def _remove_from_cache(folder: Path) -> None:
    """Deletes a model by the hub's library, which knows shared files, or else the whole folder."""
    from huggingface_hub import scan_cache_dir

    cache = scan_cache_dir()
    commits = [
        revision.commit_hash
        for repository in cache.repos
        if repository.repo_path == folder
        for revision in repository.revisions
    ]
    if commits:
        cache.delete_revisions(*commits).execute()
    if folder.exists():
        shutil.rmtree(folder)


def _is_model_of_project(folder: Path, models_directory: Path) -> bool:
    if folder.parent.resolve() != models_directory.resolve() or not folder.is_dir():
        return False
    return (folder / "config.json").exists() or (folder / ".mlx-download").is_dir()


def _useless(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields the blobs of a cached repository that have no link and are not being downloaded."""
    from .cache import PARTIAL, locks_folder
    from .transfer import is_locked

    if folder.is_symlink() or not (folder / "blobs").is_dir():
        return
    used = {
        Path(os.readlink(link)).name  # noqa: PTH115 - Path.readlink gives no name of a bare link
        for link in (folder / "snapshots").rglob("*")
        if link.is_symlink()
    }
    for blob in sorted((folder / "blobs").iterdir()):
        etag = blob.name.split(".", 1)[0]
        if blob.is_symlink() or is_locked(locks_folder(folder) / f"{etag}.lock"):
            continue
        if blob.name.endswith(PARTIAL):
            yield blob, "partial"
        elif blob.name not in used:
            yield blob, "unreferenced"


def _unfinished(models_directory: Path) -> Iterator[tuple[Path, str]]:
    """Yields the remains of downloads into the project's models folder."""
    from .folder import CONTROL, PARTIAL
    from .transfer import is_locked

    for control in models_directory.glob(f"*/{CONTROL}"):
        if not control.is_symlink() and not is_locked(control / "lock"):
            for file in sorted(control.rglob(f"*{PARTIAL}")):
                yield file, "partial"


def _delete(file: Path, reason: str, *, dry_run: bool) -> CleanedFile:
    size = file.lstat().st_size
    try:
        if not dry_run:
            file.unlink()
    except OSError as error:
        raise EngineError("ACCESS_DENIED", f"{file} could not be removed: {error}") from error
    return CleanedFile(
        path=str(file), bytes=size, reason="partial" if reason == "partial" else "unreferenced"
    )


def _bytes_in(folder: Path) -> int:
    """Returns the bytes of files, each counted once for all its names; links count nothing."""
    found: dict[tuple[int, int], int] = {}
    if folder.is_symlink():
        return 0
    for where, _, names in os.walk(folder):
        for name in names:
            status = (Path(where) / name).lstat()
            found[status.st_dev, status.st_ino] = status.st_size
    return sum(found.values())
