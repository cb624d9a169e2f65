"""An HTTP server with OpenAI's API. It needs the extra `server`."""

from typing import TYPE_CHECKING

from .settings import ServerSettings

if TYPE_CHECKING:
    from .app import create_app
    from .errors import ApiError
    from .run import run_server
    from .services import Services, services_of

__all__ = [
    "ApiError",
    "ServerSettings",
    "Services",
    "create_app",
    "run_server",
    "services_of",
]

_MODULES = {
    "ApiError": "errors",
    "Services": "services",
    "create_app": "app",
    "run_server": "run",
    "services_of": "services",
}


def __getattr__(name: str) -> object:
    # The settings are also for programs that only show them, such as --help.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from ..errors import EngineError

    try:
        module = import_module(f".{_MODULES[name]}", __name__)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("mlx_app"):
            raise
        raise EngineError(
            "SETUP_NEEDED",
            f"The server needs {error.name}, which is not installed.",
            'Run: pip install "mlx-app[server]"',
        ) from error
    return getattr(module, name)
