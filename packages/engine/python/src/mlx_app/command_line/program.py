"""Runs the command line: signals, closed pipes and exit codes."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from .app import app
from .terminal.output import problem

# 128 plus the number of the signal, as a shell reports it.
TERMINATED = 128 + signal.SIGTERM


class TerminatedError(BaseException):
    """The process got SIGTERM. Not an Exception, so that nothing but `main` handles it."""


def main() -> int:
    """Runs the command line of the process and returns its exit code.

    The code is 0 for success, 1 for a failure, 2 for wrong usage, 130 after Ctrl-C and 143 after
    SIGTERM.
    """
    signal.signal(signal.SIGTERM, _terminate)
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that can't show a character must not end an answer.
        sys.stdout.reconfigure(errors="replace")
    try:
        return _run()
    except TerminatedError:
        return TERMINATED
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _run() -> int:
    try:
        app(prog_name="mlx-app")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    else:
        code = 0
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough, as in `mlx-app models list | head -1`. Without this, Python
        # would report the closed pipe once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if code == 0:
            problem(f"Some of the output could not be written: {error.strerror}.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or 1
    return code


def _terminate(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as signals call
    raise TerminatedError
