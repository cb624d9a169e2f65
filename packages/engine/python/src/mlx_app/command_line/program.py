"""Runs a command line: signals, closed pipes and exit codes."""

import atexit
import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import typer

#: 128 plus the number of the signal, as a shell reports it.
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class TerminatedError(BaseException):
    """The process got SIGTERM. Not an Exception, so that nothing but this module handles it."""


def run_program(name: str, load: "Callable[[], typer.Typer]") -> int:
    """Runs a command line of this process, and returns its exit code.

    The code is 0 for success or if the reader of the output has left, 1 for a failure, 2 for wrong
    usage, 130 after Ctrl-C and 143 after SIGTERM. Ctrl-C never shows a traceback.

    Args:
        name: The name of the program, for its help.
        load: Imports the program. What it imports may take a second, in which Ctrl-C ends the
            process at once.
    """
    before = signal.getsignal(signal.SIGINT)
    # It is ignored in a background process of a script.
    interruptible = before is signal.default_int_handler
    signal.signal(signal.SIGTERM, _terminate)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that can't show a character must not end an answer.
        sys.stdout.reconfigure(errors="replace")
    try:
        if interruptible:
            exit_at_once_on_interrupt()
        app = load()
        signal.signal(signal.SIGINT, before)
        return _run(app, name)
    except TerminatedError:
        return TERMINATED
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, before)
        if interruptible:
            # Runs before the handlers that are there already, which end engines.
            atexit.register(exit_at_once_on_interrupt)


def exit_at_once_on_interrupt() -> None:
    """Makes Ctrl-C end the process, for the time in which it has nothing to clean up."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))


def _run(app: "typer.Typer", name: str) -> int:
    try:
        app(prog_name=name)
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
            from .terminal.output import problem

            problem(f"Some of the output could not be written: {error.strerror}.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or 1
    return code


def _terminate(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as signals call
    raise TerminatedError
