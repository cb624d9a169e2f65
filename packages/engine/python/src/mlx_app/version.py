"""The version of this package."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def package_version() -> str:
    """Returns the version of the package, also where it is used from its sources."""
    try:
        return version("mlx-app")
    except PackageNotFoundError:
        project = Path(__file__).parents[2] / "pyproject.toml"
        found = tomllib.loads(project.read_text("utf-8"))["project"]["version"]
        assert isinstance(found, str)
        return found
