"""The command `mlx-app doctor`."""

import sys

import typer

from ..flags import ConfigFlag, DeviceFlag, JsonFlag, ModelFlag, ModelsDirFlag
from ..terminal.output import result, result_json

EPILOG = """Examples:

\b
  mlx-app doctor
  mlx-app doctor --model mlx-community/Qwen3-0.6B-4bit
  mlx-app doctor --json

It exits with 1 if a check fails. What is optional is marked with -, and is not a failure."""


def doctor(
    model: ModelFlag = None,
    device: DeviceFlag = None,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
    json: JsonFlag = False,
) -> None:
    """Check the installation and show how to fix problems."""
    from ..checks.check import CheckContext, run_checks
    from ..checks.report import DOCTOR, format_result
    from ..settings.read import read_what_is_valid

    context = CheckContext(
        *read_what_is_valid(config, model=model, device=device, models_dir=models_dir)
    )
    try:
        results = run_checks(
            DOCTOR,
            context,
            lambda found: None if json else result(format_result(found, sys.stdout)),
        )
    finally:
        context.close()
    good = all(found.finding.good is not False for found in results)
    if json:
        result_json({"good": good, "checks": [found.fields() for found in results]})
    elif good:
        result("\nNo problems found.")
    else:
        result("\nFix the checks marked ✗ in order: the first one may cause the others.")
    if not good:
        raise typer.Exit(1)
