"""The models that requests can name."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..engine.requests import path_or_name
from ..models.locate import folder_name, is_path
from ..protocol import LoadedModel
from .errors import ApiError
from .model_state import ModelState
from .settings import ServerSettings

# How long the list of models on disk is cached.
_CACHE_SECONDS = 10.0
# How old it may be for a model that is not in it, which bounds the cost of unknown names.
_MISS_SECONDS = 0.2


@dataclass(frozen=True)
class ServedModel:
    """A model that requests can name."""

    id: str
    #: The loaded model, if it is in memory.
    loaded: LoadedModel | None


@dataclass(frozen=True)
class Resolved:
    """The model of a request."""

    #: Its name in answers.
    id: str
    #: Its name for the engine, or None for the configured model.
    model: str | None = None


class ServedModels:
    """The configured model, aliases, and the models on disk.

    No path is accepted but that of the configured model, so that clients can't make the server read
    any folder.
    """

    def __init__(self, model: ModelState, settings: ServerSettings) -> None:
        self._model = model
        self._settings = settings
        # The paths of the models on disk, by name.
        self._on_disk: dict[str, str] = {}
        self._listed_at = float("-inf")
        self._named = os.fspath(settings.model)
        #: The name of the model that answers requests without a model.
        self.default_id = folder_name(self._named) if is_path(self._named) else self._named

    async def resolve(self, name: str | None) -> Resolved:
        """Returns the model of a request.

        Raises ApiError 404 for an unknown model, with the names of the available ones.
        """
        if name is None or name in (self.default_id, self._named):
            return Resolved(self.default_id)
        names = await self._names()
        if name not in names:
            # It may have been downloaded since.
            names = await self._names(_MISS_SECONDS)
        if name not in names:
            raise model_not_found(name, names)
        return Resolved(name, name)

    async def list(self) -> Sequence[ServedModel]:
        """Returns all models, the configured one first."""
        status = await self._model.engine.status()
        names = await self._names()
        loaded = {entry.model: entry for entry in status.models}
        by_folder = {Path(entry.model).name: entry for entry in status.models}

        def find(target: str) -> LoadedModel | None:
            return (
                loaded.get(target)
                or loaded.get(self._on_disk.get(target, ""))
                or (by_folder.get(target) if target == self.default_id else None)
            )

        return [ServedModel(name, find(self._target(name))) for name in names]

    def _target(self, name: str) -> str:
        """Returns the engine's name of the model that a name stands for.

        It is empty for an alias that splits its calls between models, or stands for itself.
        """
        seen: set[str] = set()
        while name in self._settings.aliases:
            target = self._settings.aliases[name]
            if not isinstance(target, str):
                if len(target) > 1:
                    return ""
                target = target[0]["model"]
            if name in seen:
                return ""
            seen.add(name)
            name = target
        return path_or_name("ServerSettings", "aliases", name)

    async def _names(self, max_age: float = _CACHE_SECONDS) -> Sequence[str]:
        names = [*self._settings.aliases, *await self._models_on_disk(max_age)]
        allowed = self._settings.served_models
        served = [name for name in names if not allowed or name in allowed]
        return list(dict.fromkeys([self.default_id, *served]))

    async def _models_on_disk(self, max_age: float) -> Iterable[str]:
        now = time.monotonic()
        if now - self._listed_at > max_age:
            found = await self._model.engine.models()
            self._on_disk = {entry.model: entry.path for entry in found if not is_path(entry.model)}
            self._listed_at = now
        return self._on_disk


def model_not_found(name: str, available: Sequence[str]) -> ApiError:
    """Returns the error of a model that is not served, with the names of those that are."""
    message = f'There is no model "{name}". Available models: {", ".join(available)}.'
    return ApiError(404, "model_not_found", message, param="model")
