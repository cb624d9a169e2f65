"""Commands that install what is missing, for this platform and this environment."""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ...launcher.site import is_vendored


@dataclass(frozen=True)
class SystemPackage:
    """The names of a package of the system."""

    debian: str
    fedora: str
    macos: str


PYTHON = SystemPackage("python3 python3-venv", "python3", "python")
CPP_LIBRARY = SystemPackage("libstdc++6", "libstdc++", "gcc")


def install_command(extra: str | None = None) -> str:
    """Returns the command that installs this package again, also with an extra."""
    package = "mlx-app" if extra is None else f"'mlx-app[{extra}]'"
    return install_command_for(package, Path(sys.prefix), find_spec("pip") is not None)


def install_hint() -> str:
    """Returns how to get the packages of mlx-app again. Users of an app install nothing into it."""
    return "Install the app again" if is_vendored() else install_command()


def install_command_for(package: str, prefix: Path, has_pip: bool) -> str:
    """Returns the command for an environment at `prefix`, by the tool that made it."""
    parts = prefix.parts
    if parts[-3:-1] == ("uv", "tools"):
        return f"uv tool install {package}"
    if "archive-v0" in parts:
        # An environment of uvx, which another call does not change.
        return f"uvx --from {package} mlx-app"
    if has_pip:
        return f"{_quoted(sys.executable)} -m pip install {package}"
    return f"uv pip install --python {_quoted(sys.executable)} {package}"


def system_command(package: SystemPackage) -> str:
    """Returns the command that installs a package of the system."""
    if sys.platform == "darwin":
        return command_for({"ID": "macos"}, package)
    try:
        release = platform.freedesktop_os_release()
    except OSError:  # a system without /etc/os-release
        release = {}
    return command_for(release, package)


def command_for(release: Mapping[str, str], package: SystemPackage) -> str:
    """Returns the command for the system that /etc/os-release describes (ID, ID_LIKE)."""
    families = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    for family in families:
        if family == "macos":
            return f"brew install {package.macos}"
        if family in ("debian", "ubuntu"):
            return f"sudo apt install {package.debian}"
        if family in ("fedora", "rhel"):
            return f"sudo dnf install {package.fedora}"
    return f"Install {package.debian} with the package manager of this system"


def _quoted(path: str) -> str:
    return f"'{path}'" if " " in path else path
