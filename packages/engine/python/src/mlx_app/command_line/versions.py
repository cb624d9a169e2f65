"""The versions of what an answer depends on."""

import platform
from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "not installed"


def installed_version(package: str) -> str | None:
    """Returns the version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def versions() -> dict[str, str]:
    """Returns the versions of mlx-app, MLX, mlx-lm and Python by their names."""
    return {
        "mlx-app": installed_version("mlx-app") or "run from its sources",
        "mlx": installed_version("mlx") or UNKNOWN,
        "mlx-lm": installed_version("mlx-lm") or UNKNOWN,
        "Python": platform.python_version(),
    }
