"""What the parts of the server share."""

import logging
from dataclasses import dataclass, field

from starlette.requests import Request

from ..engine.async_engine import AsyncMLXEngine
from ..errors import EngineError
from .generations import Generations
from .model_state import ModelState, State
from .operations.metrics import Metrics
from .served_models import ServedModels
from .settings import ServerSettings


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the parts of the server share. Your own routes get it from `services_of(request)`."""

    settings: ServerSettings
    log: logging.Logger
    model: ModelState
    #: The models that requests can name.
    models: ServedModels
    #: Generates text within the server's limits.
    generations: Generations
    metrics: Metrics
    #: The fingerprints of models in answers. Versions don't change while the process runs.
    fingerprints: dict[str, str] = field(default_factory=dict)


def create_services(engine: AsyncMLXEngine, settings: ServerSettings) -> Services:
    """Returns the services of a server on an engine."""
    log = logging.getLogger("mlx_app.server")

    def on_state(state: State, error: EngineError | None) -> None:
        fields: dict[str, str] = {"state": state}
        if error is None:
            log.info("state", extra={"fields": fields})
            return
        fields |= {"code": error.code, **({} if error.hint is None else {"hint": error.hint})}
        log.error(error.message, extra={"fields": fields})

    model = ModelState(engine, settings.revision, on_state)
    models = ServedModels(model, settings)
    metrics = Metrics(models.default_id)
    generations = Generations(model, settings, metrics.on_generation)
    return Services(
        settings=settings,
        log=log,
        model=model,
        models=models,
        generations=generations,
        metrics=metrics,
    )


def services_of(request: Request) -> Services:
    """Returns the services of the app that handles a request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
