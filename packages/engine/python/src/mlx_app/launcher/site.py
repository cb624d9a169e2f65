"""The folder with the packages, and whether this interpreter fits them."""

from __future__ import annotations

import json
import platform
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from .failures import WRONG_ABI, LauncherError

SITE = Path(__file__).resolve().parents[2]
# What `mlx-app vendor` writes beside the packages.
_RECORD = SITE.parent / "vendor.json"


def own_abi() -> str:
    """Returns the ABI of this interpreter, such as cpython-312-darwin."""
    return str(sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag)


def abi_problem() -> str | None:
    """Returns why this interpreter can't load the MLX of the site, or None if it can."""
    found = sorted(SITE.glob("mlx/core.*.so"))
    if not found or any(path.name[len("core") :] in EXTENSION_SUFFIXES for path in found):
        return None
    built_for = found[0].name[len("core.") : -len(".so")]
    return (
        f"the packages are built for {built_for}, but {sys.executable} is {own_abi()} "
        f"(Python {platform.python_version()}). Use the interpreter that the app was built with."
    )


def require_fitting_python() -> None:
    """Raises LauncherError if this interpreter can't load the MLX of the site."""
    problem = abi_problem()
    if problem is not None:
        raise LauncherError(WRONG_ABI, problem)


def is_vendored() -> bool:
    """Whether the packages are part of an app, so that nothing can be installed there."""
    return _RECORD.is_file()


def custom_packages() -> list[str]:
    """Returns the packages that the app replaced on purpose, by the record of `mlx-app vendor`."""
    try:
        record = json.loads(_RECORD.read_text(encoding="utf-8"))
        return [str(name) for name in record["customPackages"]]
    except (OSError, ValueError, KeyError, TypeError):
        # The site was made in another way.
        return []
