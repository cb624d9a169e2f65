"""Checks of Python, MLX and the packages."""

import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec

from ...errors import EngineError
from ...launcher.site import custom_packages, is_vendored
from ..versions import UNKNOWN, installed_version
from .check import Check, CheckContext, Finding
from .install import CPP_LIBRARY, PYTHON, install_command, install_hint, system_command

_OLDEST_PYTHON = (3, 11)


def _settings(context: CheckContext) -> Finding:
    error = context.settings_error
    if error is not None:
        return Finding(False, " ".join(error.problems), error.hint)
    loaded, settings = context.loaded, context.settings
    file = str(loaded.path) if loaded.path.is_file() else f"no file {loaded.path}"
    return Finding(True, f"{file}, model {settings.model}, device {settings.device}")


def _python(_: CheckContext) -> Finding:
    version = platform.python_version()
    detail = f"{version} ({sys.executable})"
    if sys.version_info >= _OLDEST_PYTHON:
        return Finding(True, detail)
    return Finding(False, f"{detail}: 3.11 or newer is required", system_command(PYTHON))


def _mlx(context: CheckContext) -> Finding:
    from ...mlx_device import check_mlx

    try:
        check_mlx()
    except EngineError as error:
        # The only library of the system that MLX's wheels for Linux use.
        library = "libstdc++" in error.message
        fix = system_command(CPP_LIBRARY) if library else install_hint()
        return Finding(False, error.message, fix)
    status = context.engine.status()
    return Finding(True, f"{status.versions.mlx} on the {status.device.upper()}")


def _mlx_lm(_: CheckContext) -> Finding:
    found, required = installed_version("mlx-lm"), _required("mlx-lm")
    if found is None:
        return Finding(False, UNKNOWN, install_hint())
    if required is None:
        return Finding(True, found)
    if found == required:
        return Finding(True, f"{found}, as required")
    if found.partition("+")[0] == required or "mlx-lm" in custom_packages():
        return Finding(True, f"{found}, a build of your own; mlx-app was tested with {required}")
    return Finding(False, f"{found}, but mlx-app needs {required}", install_hint())


def _required(package: str) -> str | None:
    """Returns the exact version that mlx-app requires; None if it runs from its sources."""
    try:
        requirements = requires("mlx-app") or []
    except PackageNotFoundError:
        return None
    prefix = f"{package}=="
    found = next((text for text in requirements if text.startswith(prefix)), None)
    return None if found is None else found.removeprefix(prefix).partition(";")[0].strip()


def _extra(name: str, extra: str, modules: Sequence[str], package: str) -> Check:
    """Returns the check of an extra. It is optional, so a missing one is not a problem."""

    def run(_: CheckContext) -> Finding:
        if all(find_spec(module) is not None for module in modules):
            return Finding(True, f"{package} {installed_version(package)}")
        if is_vendored():
            return Finding(None, "not part of this app")
        return Finding(None, f"not installed; to add it, run: {install_command(extra)}")

    return Check(name, run)


def server_installed() -> bool:
    """Whether the packages of `mlx-app serve` are installed."""
    return all(find_spec(module) is not None for module in _SERVER)


_SERVER = ("fastapi", "uvicorn", "prometheus_client")

settings = Check("settings", _settings)
python = Check("Python", _python)
mlx = Check("MLX", _mlx, ("Python",))
mlx_lm = Check("mlx-lm", _mlx_lm, ("MLX",))
vision = _extra("images, embeddings", "vision", ("mlx_vlm", "PIL"), "mlx-vlm")
server = _extra("server", "server", _SERVER, "fastapi")
notebook = _extra("notebook", "notebook", ("ipywidgets",), "ipywidgets")
