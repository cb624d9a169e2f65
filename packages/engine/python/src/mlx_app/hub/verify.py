"""Compares the files of a model with those of the hub."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import EngineError
from ..models.locate import local_folder, missing_files
from ..models.tensor_files import check_length
from ..protocol import VerifiedFile

if TYPE_CHECKING:
    from .progress import Report

State = Literal["ok", "missing", "differs", "unknown"]


@dataclass(frozen=True)
class Verified:
    """The folder that was checked, and the state of each file."""

    path: Path
    files: list[VerifiedFile]


def verify(
    model: str,
    revision: str | None,
    models_directory: Path,
    report: "Report",
    stop: threading.Event,
) -> Verified:
    """Compares each file with its hash.

    In the shared cache, the hash is the name of the file's target; in a folder, it is in the record
    of the download. So this needs no network. The hub is asked for missing hashes; a file is
    `unknown` if that fails, unless it has weights and is not as long as its header says. Raises
    EngineError MODEL_NOT_FOUND, CancelledError.
    """
    folder = local_folder(model, models_directory)
    if folder is None:
        folder, expected = _in_cache(model, revision, stop)
    else:
        expected = _in_folder(folder)
    return Verified(folder, _compare(folder, expected, report, stop))


def _in_folder(folder: Path) -> dict[str, str | None]:
    from .folder import CONTROL, read_record

    record = read_record(folder)
    here = {path: None for path in _files_in(folder) if not path.startswith(f"{CONTROL}/")}
    return {**here, **({} if record is None else record.files)}


def _in_cache(
    model: str, revision: str | None, stop: threading.Event
) -> tuple[Path, dict[str, str | None]]:
    from .cache import digest_of, snapshot_folder
    from .listing import fetch_listing

    folder = snapshot_folder(model, revision)
    if folder is None:
        raise EngineError("MODEL_NOT_FOUND", f"{model} is not on this machine.")
    expected = {path: digest_of(folder / path) for path in _files_in(folder)}
    if None in expected.values() or missing_files(folder):
        try:
            listing = fetch_listing(model, folder.name, stop)
        except EngineError:
            # The hashes on disk must do.
            return folder, expected
        expected = {**expected, **{file.path: file.digest for file in listing.files}}
    return folder, expected


def _files_in(folder: Path) -> list[str]:
    """Returns the paths of files and links, relative to the folder."""
    return [
        (Path(where) / name).relative_to(folder).as_posix()
        for where, _, names in os.walk(folder)
        for name in names
    ]


def _is_cut(file: Path) -> bool:
    """Returns whether a file of weights can't be whole."""
    if file.suffix != ".safetensors":
        return False
    try:
        check_length(file)
    except ValueError:
        return True
    return False


def _compare(
    folder: Path, expected: dict[str, str | None], report: "Report", stop: threading.Event
) -> list[VerifiedFile]:
    from .folder import has_digest
    from .progress import Progress
    from .transfer import file_size

    sizes = {path: file_size(folder / path) for path in sorted(expected)}
    progress = Progress("verify", sum(sizes.values()), report)
    progress.report()
    files = []
    for path, size in sizes.items():
        file, digest = folder / path, expected[path]
        state: State
        if not file.is_file():
            state = "missing"
        elif digest is None:
            state = "differs" if _is_cut(file) else "unknown"
        else:
            state = "ok" if has_digest(file, digest, stop) else "differs"
        files.append(VerifiedFile(path=path, bytes=size, state=state))
        progress.update(path, size)
    progress.report()
    absent = [name for name in missing_files(folder) if name not in expected]
    return [*files, *(VerifiedFile(path=name, bytes=0, state="missing") for name in absent)]
