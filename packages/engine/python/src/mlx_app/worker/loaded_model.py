"""A model that was opened, as what it can be used for: text, images too, or embeddings."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import EngineError
from ..mlx_lm_adapter.cache_size import CacheSize, cache_size
from ..models.embeddings import EmbeddingModel, is_embedding_model
from ..models.text_model import TextModel, read_text_model
from ..optional_packages import has_vision, missing_vision_error
from ..vision.vision_model import VisionModel, is_vision_model


@dataclass(frozen=True)
class LoadedModel:
    """A model with its tokenizer; the weights may still be on their way into memory."""

    model: TextModel
    vision: VisionModel | None = None
    embedding: EmbeddingModel | None = None
    # Whether the model could take images, but was loaded without that part.
    lacks_vision: bool = False

    @property
    def batchable(self) -> bool:
        """Whether several sequences can be decoded together."""
        return self.vision is None and self.embedding is None and self.model.batchable

    @cached_property
    def cache_size(self) -> CacheSize:
        """The size of a token in the model's caches."""
        if self.vision is None:
            return cache_size(self.model.network, self.model.config)
        # Imports mlx-vlm, which is there when such a model was loaded.
        from ..vision.rope_state import vision_cache_size

        return vision_cache_size(self.vision)


def open_model(path: Path, adapter: Path | None) -> LoadedModel:
    """Reads all files of a model but the numbers of its weights. Raises EngineError."""
    config = _config(path)
    takes_images = is_vision_model(config)
    if adapter is None and is_embedding_model(path, config):
        embedding = EmbeddingModel.load(path, config)
        return LoadedModel(embedding.model, embedding=embedding)
    if adapter is None and takes_images and has_vision():
        vision = VisionModel.read(path, config)
        return LoadedModel(vision.model, vision=vision)
    try:
        return LoadedModel(read_text_model(path, adapter), lacks_vision=takes_images)
    except EngineError as error:
        if error.code == "UNSUPPORTED" and takes_images and not has_vision():
            raise missing_vision_error(
                f"mlx-lm has no code for the model in {path}, which takes images. It"
            ) from error
        raise


def import_packages_for(path: Path) -> None:
    """Imports the packages that opening a model needs. That takes seconds on any thread, during
    which the running streams go on.
    """
    config = _config(path)
    if has_vision() and (is_vision_model(config) or is_embedding_model(path, config)):
        from .. import mlx_vlm_adapter  # noqa: F401


def _config(path: Path) -> dict[str, object]:
    """Returns the config of a model; empty where it can't be read, which opening it reports."""
    try:
        config = json.loads((path / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}
