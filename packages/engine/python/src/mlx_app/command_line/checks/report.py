"""The checks of each command, and how their results are shown."""

from collections.abc import Sequence
from typing import TextIO

from ..terminal.output import mark, styled
from .check import Check, CheckResult
from .machine import disk, hello, memory, model
from .software import mlx, mlx_lm, notebook, python, server, settings, vision

#: The checks of the doctor, in order.
DOCTOR: Sequence[Check] = (
    settings,
    python,
    mlx,
    mlx_lm,
    vision,
    server,
    notebook,
    disk,
    model,
    memory,
    hello,
)
#: The checks before the server starts. A missing model is downloaded after them.
SERVE: Sequence[Check] = (python, mlx, mlx_lm, vision, server, disk, memory)

_WIDTH = max(len(check.name) for check in DOCTOR)


def format_result(result: CheckResult, stream: TextIO) -> str:
    """Returns the line of a result, and a line with the fix of a problem."""
    found = result.finding
    line = f"{mark(found.good, stream)} {result.name:{_WIDTH}}  {found.detail}"
    if found.good is not False or found.fix is None:
        return line
    return f"{line}\n  {'':{_WIDTH}}  {styled(found.fix, 'bold', stream)}"
