"""The diagnostics: what each flag reports."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .failures import FAILED, MISSING_PACKAGE, OK, WRONG_ABI, LauncherError
from .site import SITE, abi_problem, custom_packages, own_abi, require_fitting_python

if TYPE_CHECKING:
    from collections.abc import Callable

    Report = dict[str, Any]


def to_json(report: Report) -> str:
    """Returns a report as text, with a line break at its end."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def missing(name: str) -> LauncherError:
    """Returns the error of a package that the app needs and does not have."""
    return LauncherError(
        MISSING_PACKAGE,
        f"the package {name} is not in {SITE}. Install the app again, or make the folder "
        "again: npx mlx-app vendor",
    )


def python_info() -> Report:
    """Reports the interpreter. It works on every interpreter."""
    problem = abi_problem()
    return {
        "executable": sys.executable,
        "version": platform.python_version(),
        "abi": own_abi(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "prefix": sys.prefix,
        "site": str(SITE),
        "path": sys.path,
        "problems": [] if problem is None else [problem],
        "exitCode": OK if problem is None else WRONG_ABI,
    }


def package_info(name: str) -> Report:
    """Reports an installed package by its name, or by the name of a module in it."""
    require_fitting_python()
    found = _distribution(name)
    place = Path(str(found.locate_file(""))).resolve()
    lines = (found.read_text("WHEEL") or "").splitlines()
    return {
        "name": found.metadata["Name"],
        "version": found.version,
        "path": str(place),
        "vendored": place == SITE,
        "tags": [line[len("Tag: ") :] for line in lines if line.startswith("Tag: ")],
        "requires": found.requires or [],
    }


def _distribution(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        # The name of a module may differ from that of its package.
        names = metadata.packages_distributions().get(name, [])
    if not names:
        raise missing(name)
    return metadata.distribution(names[0])


def mlx_info() -> Report:
    """Reports MLX, with its device and the result of a computation."""
    return {**package_info("mlx"), **_compute()}


def check_stack() -> Report:
    """Checks the versions of all packages, computes, and generates text with the hello model."""
    versions = {name: package_info(name)["version"] for name in ("mlx-app", "mlx-lm", "mlx")}
    computed = _compute()
    return {
        "python": platform.python_version(),
        "packages": versions,
        **computed,
        "problems": _unmet_requirements(),
        "generated": _generate(),
    }


def _compute() -> Report:
    """Computes with MLX. A wheel for another system imports as well, as an empty package."""
    try:
        import mlx.core as mx

        total = mx.sum(mx.arange(1000)).item()
        device = str(mx.default_device().type).rsplit(".", 1)[-1]
    except ModuleNotFoundError as error:
        raise missing(error.name or "mlx") from error
    except Exception as error:
        raise LauncherError(FAILED, f"MLX does not compute: {error!r}") from error
    if total != 499500:
        raise LauncherError(FAILED, f"MLX computes wrongly: the sum of 0 to 999 is {total}")
    return {"device": device, "sum": total}


def _generate() -> str:
    """Returns what the hello model says."""
    try:
        from ..engine.mlx_engine import MLXEngine

        with MLXEngine(model="hello") as engine:
            return engine.complete(
                messages=[{"role": "user", "content": "Say hello."}], max_tokens=50
            ).text
    except ModuleNotFoundError as error:
        raise missing(error.name or "mlx-lm") from error
    except Exception as error:
        raise LauncherError(FAILED, f"mlx-lm does not generate: {error!r}") from error


def _unmet_requirements() -> list[str]:
    """Returns a line for each package that has another version than is required.

    Raises LauncherError for a package that is missing.
    """
    from packaging.requirements import Requirement

    custom = custom_packages()
    problems = []
    seen = set()
    # With what `serve` needs.
    waiting = [Requirement("mlx-app[server]")]
    while waiting:
        requirement = waiting.pop()
        try:
            found = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            raise missing(requirement.name) from None
        allowed = requirement.specifier.contains(found.version, prereleases=True)
        if not allowed and requirement.name not in custom:
            problems.append(f"{requirement.name} is {found.version}; {requirement} is required")
        key = (requirement.name.lower(), tuple(sorted(requirement.extras)))
        if key in seen:
            continue
        seen.add(key)
        extras = ["", *requirement.extras]
        waiting += [
            needed
            for needed in map(Requirement, found.requires or [])
            if needed.marker is None
            or any(needed.marker.evaluate({"extra": extra}) for extra in extras)
        ]
    return problems


BY_FLAG: dict[str, Callable[[], Report]] = {
    "--python-info": python_info,
    "--mlx-info": mlx_info,
    "--check-mlx-stack": check_stack,
}
