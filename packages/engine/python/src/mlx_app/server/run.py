"""Runs the server as a program."""

import asyncio
import contextlib
import errno
import logging
import math
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from ..engine.async_engine import AsyncMLXEngine
from ..errors import EngineError
from .app import create_app
from .http.connections import MAX_HEADER_BYTES, limited_protocol
from .log import set_up_log
from .services import Services
from .settings import ServerSettings

#: Makes the app to serve, such as `create_app` with routes of your own.
CreateApp = Callable[[AsyncMLXEngine, ServerSettings], FastAPI]

# How many connections can wait to be accepted, so that a burst of clients causes no time-outs.
_BACKLOG = 1024
# Until then, another signal is the first one again: uv passes on what the server also gets itself.
_SAME_SIGNAL_SECONDS = 0.5
# How long the last events of cancelled streams have to reach their clients.
_CUT_SECONDS = 5


def run_server(settings: ServerSettings | None = None, create: CreateApp | None = None) -> int:
    """Runs the server until it is stopped, and returns the exit code of the program.

    It listens immediately, writes `Listening on http://...` to standard output, and loads the model
    in the background. SIGINT and SIGTERM let running requests finish within `grace_ms`, and the
    code is 0. A second signal cancels them, and the code is the one that shells use for it. If the
    model can't be loaded, the log says why, and the code is 1.

    Args:
        settings: The settings of the server.
        create: Makes the app to serve. Default: `create_app`.

    Raises:
        EngineError: INVALID_REQUEST if the server can't listen on the address, or needs a key for
            it; otherwise as `MLXEngine`. With the log level `silent`, also as `load_model`.
    """
    settings = settings or ServerSettings()
    settings.require_key()
    set_up_log(settings.log_level)
    with contextlib.closing(_listen(settings)) as listening:
        return asyncio.run(_serve(settings, create or create_app, listening))


async def _serve(settings: ServerSettings, create: CreateApp, listening: socket.socket) -> int:
    engine = AsyncMLXEngine(
        settings.model,
        device=settings.device,
        models_directory=settings.models_directory,
        aliases=settings.aliases,
        memory_limit_bytes=settings.memory_limit_bytes,
        prompt_cache_bytes=settings.prompt_cache_bytes,
        queue_limit=settings.queue_limit,
        keep_alive=settings.keep_alive,
        stall_timeout_ms=settings.stall_timeout_ms,
        sampling=settings.sampling,
        template_options=settings.template_defaults,
        context_tokens=settings.context_tokens,
        model_settings=settings.model_settings,
    )
    try:
        app = create(engine, settings)
        services: Services = app.state.services
        server = _Server(app, settings)
        with _ending_on_signals(server, services, engine) as code:
            loading = services.model.start()
            loading.add_done_callback(lambda _: server.end_after_failure(services))
            await server.serve([listening])
        error = services.model.error
        if error is None:
            return code()
        if services.log.isEnabledFor(logging.ERROR):
            return 1
        raise error
    finally:
        await engine.close()


class _Server(uvicorn.Server):
    """Uvicorn without its own handling of signals, which ends with another exit code."""

    def __init__(self, app: FastAPI, settings: ServerSettings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=limited_protocol(settings),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=_BACKLOG,
                h11_max_incomplete_event_size=MAX_HEADER_BYTES,
                timeout_keep_alive=max(1, settings.idle_timeout_ms // 1000),
                timeout_graceful_shutdown=settings.grace_ms // 1000 + 2 * _CUT_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            sys.stdout.write(f"Listening on {_url(sockets[0])}\n")
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end_after_failure(self, services: Services) -> None:
        """Ends the server if its model could not be loaded."""
        if services.model.state == "failed":
            self.should_exit = True


@contextlib.contextmanager
def _ending_on_signals(
    server: _Server, services: Services, engine: AsyncMLXEngine
) -> Iterator[Callable[[], int]]:
    """Lets running requests finish on the first signal, and cancels them on the second."""
    loop = asyncio.get_running_loop()
    code = 0
    asked_at = -math.inf
    cutting: list[asyncio.Task[None]] = []

    async def cut(seconds: float) -> None:
        await asyncio.sleep(seconds)
        # Each stream sends its last event, which tells why it ends.
        await engine.close()
        await asyncio.sleep(_CUT_SECONDS)
        server.force_exit = True

    def on_signal(number: signal.Signals) -> None:
        nonlocal code, asked_at
        if server.should_exit:
            if loop.time() - asked_at < _SAME_SIGNAL_SECONDS:
                return
            code = 128 + number
        else:
            asked_at = loop.time()
        services.model.drain()
        seconds = 0 if server.should_exit else settings_seconds
        server.should_exit = True
        cutting.append(loop.create_task(cut(seconds)))

    settings_seconds = services.settings.grace_ms / 1000
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield lambda: code
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        for task in cutting:
            task.cancel()


def _listen(settings: ServerSettings) -> socket.socket:
    """Returns a socket that is bound to the address. Raises EngineError INVALID_REQUEST."""
    host, port = settings.host, settings.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"Port {port} on {host} is already in use."
            hint = "Choose another one with --port, or use any free port: --port 0"
        elif error.errno == errno.EACCES:
            message = f"Port {port} is reserved for the system."
            hint = "Choose one from 1024 to 65535 with --port."
        else:
            message = f"Can't listen on {host}: {error.strerror or error}."
            hint = (
                "Use --host 127.0.0.1 for this machine only, or --host 0.0.0.0 for all addresses."
            )
        raise EngineError("INVALID_REQUEST", message, hint) from error


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
