"""A model on its way into memory."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import EngineError
from ...hub.download import download
from ...hub.progress import Report
from ...models.adapters import locate_adapter
from ...models.embeddings import EmbeddingModel, is_embedding_model
from ...models.locate import locate
from ...models.text_model import ReadModel, read
from ...optional_packages import has_vision, needs_vision
from ...protocol import Load
from ...vision.vision_model import VisionModel, is_vision_model
from ..runner.call import ModelKey
from .waiter import Want


@dataclass(frozen=True)
class ReadFiles:
    """A model whose files were read, as what it is good for: text, images too, or vectors."""

    model: ReadModel
    vision: VisionModel | None = None
    embedding: EmbeddingModel | None = None
    # A model with a part that sees, read without it: the packages for images are not there.
    blind: bool = False


@dataclass
class Loading:
    """One model that is being located, downloaded or read, and who waits for it."""

    key: ModelKey
    revision: str | None = None
    may_download: bool = False
    pinned: bool = False
    loads: list[int] = field(default_factory=list)
    wants: list[Want] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    weights: Iterator[int] | None = None
    files: ReadFiles | None = None
    loaded_bytes: int = 0
    adapter_folder: Path | None = None

    @classmethod
    def of(cls, key: ModelKey, request: Load) -> "Loading":
        """For an explicit load; it may download if the request says so."""
        return cls(key, request.revision, request.download, request.pinned, [request.id])

    @property
    def wanted(self) -> bool:
        """Whether anyone still waits."""
        return bool(self.loads or self.wants)

    @property
    def coming_bytes(self) -> int:
        """Bytes of weights that are not in memory yet, as far as they are known."""
        return 0 if self.files is None else self.files.model.total_bytes - self.loaded_bytes

    def take_over(self, other: "Loading") -> None:
        """Takes those who wait for another load of the same model, which ends."""
        self.loads += other.loads
        self.wants += other.wants
        self.pinned = self.pinned or other.pinned
        other.stop.set()

    def leave(self, call_id: int) -> None:
        """Forgets whoever waits under that id."""
        self.loads = [load_id for load_id in self.loads if load_id != call_id]
        self.wants = [want for want in self.wants if want.id != call_id]

    def find(self, models_directory: Path, report: Report, memory_limit: int) -> Path | None:
        """The folder of the model, after a download if need be; None when nobody waits any more.

        `memory_limit`: bytes of weights over which nothing is downloaded. Runs beside MLX's thread.
        Raises EngineError.
        """
        name, adapter = self.key
        if adapter is not None:
            self.adapter_folder = locate_adapter(adapter, models_directory)
        path = locate(name, self.revision, models_directory)
        if path is None and not self.may_download:
            raise EngineError("MODEL_NOT_FOUND", f"{name} is not on this machine yet.")
        if path is None:
            path = self._download(report, memory_limit)
        if path is not None:
            _import_what_it_takes(path)
        return path

    def _download(self, report: Report, memory_limit: int) -> Path | None:
        from ...hub.session import CancelledError

        try:
            return download(
                self.key.model, self.revision, report, self.stop, memory_limit=memory_limit
            ).path
        except CancelledError:
            return None

    def begin(self, path: Path, *, widen: bool = False) -> None:
        """Reads everything but the weights; `widen` makes float32 of them. Raises EngineError."""
        self.files = _read(path, self.adapter_folder)
        if widen:
            self.files.model.widen()
        self.weights = self.files.model.weights()


def _read(path: Path, adapter: Path | None) -> ReadFiles:
    config = _config(path)
    sees = is_vision_model(config)
    if adapter is None and is_embedding_model(path, config):
        embedding = EmbeddingModel.load(path, config)
        return ReadFiles(embedding.model, embedding=embedding)
    if adapter is None and sees and has_vision():
        vision = VisionModel.read(path, config)
        return ReadFiles(vision.model, vision=vision)
    try:
        return ReadFiles(read(path, adapter), blind=sees)
    except EngineError as error:
        if error.code == "UNSUPPORTED" and sees and not has_vision():
            raise needs_vision(
                f"mlx-lm has no code for the model in {path}, which sees. It"
            ) from error
        raise


def _import_what_it_takes(path: Path) -> None:
    """Brings the packages in that reading the model will need: that takes seconds, in which the
    running streams go on.
    """
    config = _config(path)
    if has_vision() and (is_vision_model(config) or is_embedding_model(path, config)):
        from ... import mlx_vlm_adapter  # noqa: F401


def _config(path: Path) -> dict[str, object]:
    """The model's config; empty where it can't be read, which reading the model will tell of."""
    try:
        config = json.loads((path / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}
