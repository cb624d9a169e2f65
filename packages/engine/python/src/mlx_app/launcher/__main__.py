"""Runs the launcher: `python -m mlx_app.launcher`."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from . import reports
from .failures import FAILED, MISSING_PACKAGE, OK, USAGE, LauncherError
from .site import require_fitting_python

if TYPE_CHECKING:
    from collections.abc import Callable

    from .reports import Report

HELP = """Runs the Python of this app.

Usage:
  {name} --python-info       the interpreter: version, ABI, paths
  {name} --mlx-info          MLX: version, device, and the result of a computation
  {name} --pkg-info NAME     an installed package: version, path, tags of its wheel
  {name} --check-mlx-stack   checks the versions of all packages; computes and generates text
  {name} serve [--host ADDRESS] [--port N] [--max-tokens N]
                             a server with OpenAI's API; it ends with its standard input,
                             if that is a pipe
  {name} COMMAND             any other command of mlx-app, such as chat
  {name} -m MODULE           a Python module, such as mlx_app.worker

The first four print JSON. Exit codes: 0 success, 1 failure, 2 wrong usage, 3 no interpreter,
4 an interpreter that does not fit the packages, 5 a missing package, 130 interrupted.
"""


def main(arguments: list[str]) -> int:
    """Runs the command line and returns the exit code."""
    name = Path(os.environ.get("MLX_APP_LAUNCHER", "")).name or "launcher"
    try:
        return _run(arguments, name)
    except LauncherError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return error.exit_code


def _run(arguments: list[str], name: str) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        stream = sys.stdout if arguments else sys.stderr
        stream.write(HELP.format(name=name))
        return OK if arguments else USAGE
    flag, *rest = arguments
    if not flag.startswith("-"):
        return _run_command(arguments, name)
    if flag == "--pkg-info":
        if len(rest) != 1:
            raise LauncherError(USAGE, f"{flag} requires the name of one package. See --help.")
        return _print_report(lambda: reports.package_info(rest[0]), name)
    report = reports.BY_FLAG.get(flag)
    if report is None:
        raise LauncherError(USAGE, f"unknown option: {flag}. See --help.")
    if rest:
        raise LauncherError(USAGE, f"{flag} accepts no arguments. See --help.")
    return _print_report(report, name)


def _print_report(make: Callable[[], Report], name: str) -> int:
    """Prints a report as JSON, and its problems as messages too. Returns the exit code."""
    try:
        report = make()
    except LauncherError as error:
        report = {"problems": [str(error)], "exitCode": error.exit_code}
    except ModuleNotFoundError as error:
        problem = str(reports.missing(error.name or "mlx-app"))
        report = {"problems": [problem], "exitCode": MISSING_PACKAGE}
    problems = report.get("problems", [])
    code = report.pop("exitCode", FAILED if problems else OK)
    sys.stdout.write(reports.to_json({"ok": not problems, **report}))
    for problem in problems:
        sys.stderr.write(f"{name}: {problem}\n")
    return int(code)


def _run_command(arguments: list[str], name: str) -> int:
    """Runs a command of `mlx-app`, and returns its exit code."""
    require_fitting_python()
    sys.argv = [name, *arguments]
    try:
        from ..command_line import main as run_command

        if arguments[0] == "serve":
            _end_with_input()
        return run_command()
    except ModuleNotFoundError as error:
        raise reports.missing(error.name or "mlx-app") from error


def _end_with_input() -> None:
    """Ends the server with the app that started it: its pipe closes even if the app is killed."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:  # there is no standard input
        return
    # Node's pipes are sockets.
    if not stat.S_ISFIFO(mode) and not stat.S_ISSOCK(mode):
        return

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="end-with-input", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
