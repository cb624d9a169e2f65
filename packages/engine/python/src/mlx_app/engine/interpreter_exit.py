"""What happens to calls at the end of the interpreter."""

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn


class InterpreterExit:
    """Whether the interpreter is ending, so that no more engines and calls can start."""

    begun = False


def hold_daemon_threads() -> None:
    """Holds a daemon thread forever if the interpreter is ending.

    Daemon threads are about to end without notice. If their calls failed first, they would print
    tracebacks.
    """
    if InterpreterExit.begun and threading.current_thread().daemon:
        _wait_forever()


def _wait_forever() -> NoReturn:
    while True:
        threading.Event().wait()


def exit_without_waiting() -> NoReturn:
    """Ends the process with the exit code of Ctrl-C. What is printed is not lost."""
    for stream in (sys.stdout, sys.stderr):
        # A closed stream has nothing to write.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(128 + signal.SIGINT)
