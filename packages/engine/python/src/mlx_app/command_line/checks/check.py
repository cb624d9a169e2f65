"""What a check is, and how checks run."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...errors import EngineError
from ..models.session import open_engine

if TYPE_CHECKING:
    from pathlib import Path

    from ...engine.mlx_engine import MLXEngine
    from ...protocol import ModelDescription
    from ..errors import SettingsError
    from ..settings.read import LoadedSettings

# How long a check waits for the hub to describe a model, because the doctor also works offline.
_HUB_SECONDS = 5


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    #: None if the check doesn't apply.
    good: bool | None
    detail: str
    #: How to fix the problem, if possible as a command.
    fix: str | None = None


@dataclass(frozen=True)
class Check:
    """A check with its name and the names of the checks that must pass before it."""

    name: str
    run: "Callable[[CheckContext], Finding]"
    needs: Sequence[str] = ()


@dataclass(frozen=True)
class CheckResult:
    """The result of a check."""

    name: str
    finding: Finding

    def fields(self) -> dict[str, Any]:
        """Returns the result as JSON has it, like that of the npm package."""
        found = self.finding
        fields = {"name": self.name, "good": found.good, "detail": found.detail}
        has_fix = found.good is False and found.fix is not None
        return {**fields, "fix": found.fix} if has_fix else fields


class CheckContext:
    """What the checks share. Each part is looked up only once, when a check first needs it."""

    def __init__(
        self, loaded: "LoadedSettings", settings_error: "SettingsError | None" = None
    ) -> None:
        self.loaded = loaded
        self.settings = loaded.values
        #: What is wrong in the sources that were left out.
        self.settings_error = settings_error

    @cached_property
    def engine(self) -> "MLXEngine":
        """An engine with the settings. Raises EngineError if MLX doesn't compute."""
        return open_engine(self.settings)

    @cached_property
    def model_folder(self) -> "Path | None":
        """The folder of the model in the settings; None if it must be downloaded.

        Raises EngineError if there is no such model, or if it is damaged.
        """
        from ...models.locate import locate

        return locate(self.settings.model, None, self.settings.models_dir)

    @cached_property
    def missing_model(self) -> "ModelDescription | None":
        """The hub's description of a model that is not on disk; None if the hub is not reached."""
        if self.model_folder is not None:
            return None
        try:
            return asyncio.run(self._describe_model())
        except (EngineError, TimeoutError):
            # The check reports the missing model even without its description.
            return None

    async def _describe_model(self) -> "ModelDescription":
        from ...engine.async_engine import AsyncMLXEngine

        asking = AsyncMLXEngine.of(self.engine).describe_model(self.settings.model)
        return await asyncio.wait_for(asking, _HUB_SECONDS)

    def close(self) -> None:
        """Ends the engine, if a check has started it."""
        if "engine" in self.__dict__:
            self.engine.close()


def run_checks(
    checks: Sequence[Check], context: CheckContext, on_result: Callable[[CheckResult], None]
) -> list[CheckResult]:
    """Runs the checks in order. An error in one becomes its result, and the others still run."""
    results: list[CheckResult] = []
    for check in checks:
        failed = next(
            (
                result.name
                for result in results
                if result.name in check.needs and result.finding.good is not True
            ),
            None,
        )
        finding = (
            _run(check, context) if failed is None else Finding(None, f"skipped: it needs {failed}")
        )
        results.append(CheckResult(check.name, finding))
        on_result(results[-1])
    return results


def _run(check: Check, context: CheckContext) -> Finding:
    try:
        return check.run(context)
    except EngineError as error:
        return Finding(False, error.message, error.hint)
    except Exception as error:
        return Finding(False, f"{type(error).__name__}: {error}")
