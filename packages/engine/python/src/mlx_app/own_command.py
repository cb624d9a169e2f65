"""The command line of this package, as hints name it."""

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

_NAME = "mlx-app"


def own_command(words: str) -> str:
    """Returns a command such as `mlx-app models list`, which works where this program was started.

    `mlx-app` is on the PATH only if its environment is active or it was installed as a tool.
    """
    return f"{own_program()} {words}"


def own_program() -> str:
    """Returns the start of such a command, such as `uv run mlx-app`."""
    # The launcher of an app with its own Python sets it, which alone knows where the packages are.
    launcher = os.environ.get("MLX_APP_LAUNCHER")
    if launcher:
        return shlex.quote(launcher)
    executable, prefix = Path(sys.executable), Path(sys.prefix)
    script = Path(sysconfig.get_path("scripts")) / _NAME
    if "archive-v0" in prefix.parts:
        # An environment of uvx, whose programs are on the PATH of this process only.
        started = Path(sys.argv[0]).name
        return f"uvx {_NAME}" if started == _NAME else _module(executable)
    if not script.is_file():
        return _module(executable)
    if "UV_RUN_RECURSION_DEPTH" in os.environ:
        # `uv run` also changes the PATH of this process only.
        inside = Path.cwd().is_relative_to(prefix.parent)
        return f"uv run {_NAME}" if inside else _module(executable)
    found = shutil.which(_NAME)
    on_path = found is not None and Path(found).resolve() == script.resolve()
    return _NAME if on_path else _module(executable)


def _module(executable: Path) -> str:
    here = Path.cwd()
    # Not resolved: the interpreter of a virtual environment is a link.
    inside = here == Path(sys.prefix).parent and executable.is_relative_to(here)
    shown = executable.relative_to(here) if inside else executable
    return f"{shlex.quote(str(shown))} -m mlx_app"
