"""The group of commands of a program, which prints errors that a user can fix."""

import errno
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import EngineError
from .errors import SettingsError
from .program import INTERRUPTED
from .terminal.output import note, problem

# A full disk, and a terminal that was closed. Files of models have errors of their own.
_OUTPUT_FAILURES = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class CommandGroup(TyperGroup):
    """Prints the errors that a user can fix without a traceback. Any other error is a bug.

    Give it to your program as `typer.Typer(cls=CommandGroup)`, and run that with `run_program`.
    """

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as typer has it
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except EngineError as error:
            problem(error.message, error.hint)
            raise typer.Exit(INTERRUPTED if error.code == "ABORTED" else 1) from error
        except SettingsError as error:
            note("\n".join([*error.problems, *([error.hint] if error.hint else [])]))
            raise typer.Exit(2) from error
        except BrokenPipeError as error:
            # `run_program` cleans up.
            raise typer.Exit(0) from error
        except OSError as error:
            if error.errno not in _OUTPUT_FAILURES:
                raise
            problem(f"Some of the output could not be written: {error.strerror}.")
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            if sys.stderr.isatty():
                note("")
            raise typer.Exit(INTERRUPTED) from error
