"""Checks the machine and starts the server."""

import sys
from typing import TYPE_CHECKING, cast

import typer

from ..errors import EngineError
from ..launcher.site import is_vendored
from ..own_command import own_command
from .checks.check import CheckContext, CheckResult, run_checks
from .checks.install import install_command
from .checks.report import SERVE, format_result
from .checks.software import server_installed
from .models.policy import check_pull_allowed
from .models.session import hint_if_hello, needs_download
from .settings.schema import SERVER
from .terminal.output import note
from .terminal.prompts import confirm, is_interactive

if TYPE_CHECKING:
    from ..engine.model_options import SamplingOptions
    from ..server import ServerSettings
    from .settings.read import LoadedSettings

# What can go well in spite of a failed check.
_OPTIONAL = ("disk", "memory")


def start_server(loaded: "LoadedSettings", workers: int) -> None:
    """Serves until a signal ends it.

    Raises EngineError SETUP_NEEDED without the packages of the server, and what the engine raises.
    """
    if not server_installed():
        raise EngineError(
            "SETUP_NEEDED",
            "The packages of the server are not installed.",
            "Install the app again."
            if is_vendored()
            else f"To add them, run: {install_command('server')}",
        )
    from ..server import run_server
    from ..server.settings import ONE_PROCESS

    if workers != 1:
        raise typer.BadParameter(ONE_PROCESS, param_hint="--workers")
    settings = _server_settings(loaded)
    settings.require_key()
    _prepare(loaded)
    hint_if_hello(loaded)
    raise typer.Exit(run_server(settings))


def _prepare(loaded: "LoadedSettings") -> None:
    """Checks the machine, and asks in a terminal whether to download a model that is missing.

    Without a terminal, the server listens at once and downloads the model in the background.
    """
    from .models.missing import get_missing_model

    model = loaded.values.model
    missing = model not in loaded.values.aliases and needs_download(model, loaded.values.models_dir)
    if missing:
        check_pull_allowed(model)
    context = CheckContext(loaded)
    try:
        results = run_checks(SERVE, context, lambda found: note(format_result(found, sys.stderr)))
        _stop_if_failed(results)
        if missing and is_interactive():
            get_missing_model(context.engine, model)
    finally:
        context.close()


def _stop_if_failed(results: list[CheckResult]) -> None:
    failed = [result.name for result in results if result.finding.good is False]
    if any(name not in _OPTIONAL for name in failed):
        note(f"The server can't start. To check everything, run: {own_command('doctor')}")
        raise typer.Exit(1)
    if failed and is_interactive() and not confirm("Continue anyway?"):
        raise typer.Exit(1)


def _server_settings(loaded: "LoadedSettings") -> "ServerSettings":
    from ..server import ServerSettings

    settings = loaded.values
    key = settings.api_key
    values = {name: getattr(settings, name) for name in SERVER if name != "api_key"}
    return ServerSettings(
        **values,
        api_key=None if key is None else key.get_secret_value(),
        model=settings.model,
        device=settings.device,
        models_directory=settings.models_dir,
        aliases=settings.aliases,
        memory_limit_bytes=settings.memory_limit_bytes,
        prompt_cache_bytes=settings.prompt_cache_bytes,
        keep_alive=settings.keep_alive,
        stall_timeout_ms=settings.stall_timeout_ms,
        sampling=cast("SamplingOptions", settings.sampling),
        template_defaults=settings.template_defaults,
        context_tokens=settings.context_tokens,
        model_settings=settings.model_settings,
        default_tokens=settings.default_tokens,
    )
