"""Finds the files of a model: in the project, at a path, or in the Hugging Face cache."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from ..errors import EngineError
from ..protocol import ModelOnDisk

# The files that mlx-lm reads; other weights of a repository (PyTorch, GGUF) are not downloaded.
FILES = (
    "*.json",
    "*.jsonl",
    "*.jinja",
    "*.tiktoken",
    "*.txt",
    "*_Dense/model.safetensors",
    "model*.safetensors",
    "tiktoken.model",
    "tokenizer.model",
)
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")

# The model that is part of this package, with the name `hello`.
HELLO = Path(__file__).parents[1] / "hello"


def is_path(model: str) -> bool:
    """Whether a model is named by a path, and not by a name."""
    return model.startswith((".", "/", "~"))


def folder_name(path: str) -> str:
    """Returns the name of the folder at a path, which may be `.`."""
    return Path(os.path.abspath(Path(path).expanduser())).name  # noqa: PTH100 - links stay


def locate(model: str, revision: str | None, models_directory: Path) -> Path | None:
    """Returns the folder of a model that is complete on disk; None if it must be downloaded.

    Raises EngineError MODEL_NOT_FOUND if there is no such model, MODEL_CORRUPT for a folder without
    a complete model.
    """
    folder = local_folder(model, models_directory)
    return in_cache(model, revision) if folder is None else _checked(folder)


def local_folder(model: str, models_directory: Path) -> Path | None:
    """Returns the folder for a path or a name in the project; None for a repository of the hub.

    Raises EngineError MODEL_NOT_FOUND for anything else.
    """
    if is_path(model):
        folder = Path(model).expanduser()
        if not folder.is_dir():
            raise EngineError("MODEL_NOT_FOUND", f'There is no folder "{model}".')
        return folder
    inside = models_directory / model
    # A link may lead anywhere: only the user can put one into the models folder.
    if inside.is_dir() and ".." not in Path(model).parts:
        return inside
    if model == HELLO.name:
        return HELLO
    if REPOSITORY.fullmatch(model):
        return None
    raise EngineError(
        "MODEL_NOT_FOUND", f'There is no model "{model}". {_available(models_directory)}'
    )


def in_cache(repository: str, revision: str | None) -> Path | None:
    """Returns the snapshot of a repository in the Hugging Face cache, if it is complete."""
    # Imported late: it takes a tenth of a second, and a model of the project doesn't need it.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        path = Path(
            snapshot_download(
                repository, revision=revision, allow_patterns=list(FILES), local_files_only=True
            )
        )
    except (LocalEntryNotFoundError, ValueError):
        return None
    return path if missing_files(path) == [] else None


def missing_files(folder: Path) -> list[str]:
    """Returns the names of the files that a folder lacks to be a model."""
    missing = [] if (folder / "config.json").is_file() else ["config.json"]
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        missing += [shard for shard in shards if not (folder / shard).is_file()]
    elif not any(folder.glob("model*.safetensors")):
        missing.append("model.safetensors")
    return missing


def folder_names(folders: Iterable[Path], models_directory: Path) -> dict[str, Path]:
    """Returns the names of folders that the settings name by path: those of the folders.

    A name that stands for another model is left out.
    """
    names: dict[str, Path] = {}
    for folder in folders:
        is_free = folder.name != HELLO.name and not (models_directory / folder.name).is_dir()
        if is_free:
            names.setdefault(folder.name, folder)
    return names


def on_disk(models_directory: Path, folders: Sequence[Path] = ()) -> Iterator[ModelOnDisk]:
    """Yields all models that can be loaded without a download.

    `folders` are those that the settings name by path.
    """
    for config in sorted(models_directory.glob("*/config.json")):
        if missing_files(config.parent) == []:
            yield _in_folder(config.parent, "project")
    names = {path: name for name, path in folder_names(folders, models_directory).items()}
    for folder in dict.fromkeys(folders):
        if folder.parent != models_directory and folder.is_dir() and missing_files(folder) == []:
            yield _in_folder(folder, "path", names.get(folder, str(folder)))
    if not (models_directory / HELLO.name).is_dir():
        yield _in_folder(HELLO, "package")
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        cache = scan_cache_dir()
    except CacheNotFound:
        return
    for repository in sorted(cache.repos, key=lambda entry: entry.repo_id):
        newest = max(repository.revisions, key=lambda entry: entry.last_modified, default=None)
        if repository.repo_type == "model" and newest and missing_files(newest.snapshot_path) == []:
            yield ModelOnDisk(
                model=repository.repo_id,
                path=str(newest.snapshot_path),
                bytes=newest.size_on_disk,
                place="cache",
            )


def _in_folder(
    folder: Path, place: Literal["project", "package", "path"], name: str | None = None
) -> ModelOnDisk:
    return ModelOnDisk(
        model=name or folder.name, path=str(folder), bytes=bytes_in(folder), place=place
    )


def bytes_in(folder: Path) -> int:
    """Returns the bytes of all files in a folder, including the targets of links."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _checked(folder: Path) -> Path:
    missing = missing_files(folder)
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise EngineError(
            "MODEL_CORRUPT", f"{folder} is not a model: {' and '.join(missing)} {are} missing."
        )
    return folder


def _available(models_directory: Path) -> str:
    own = sorted(config.parent.name for config in models_directory.glob("*/config.json"))
    names = [HELLO.name, *(name for name in own if name != HELLO.name)]
    return (
        f"There are: {', '.join(names)}. "
        "Or give a path (./folder) or a Hugging Face ID (owner/name)."
    )
