"""The files that a write fills before they get their names."""

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path


def partial_path(path: Path) -> Path:
    """Returns a new path beside a file, from which a rename can't cross file systems.

    It tells who writes, and its ending is that of the file.
    """
    writer = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(8)}"
    return path.with_name(f".{path.stem}.{writer}{path.suffix}")


def remove_abandoned(path: Path) -> None:
    """Removes what processes of this machine left beside a file when they were killed."""
    start = f".{path.stem}.{socket.gethostname()}."
    for file in path.parent.glob(f".*{path.suffix}"):
        if not file.name.startswith(start):
            continue
        pid = file.name.removeprefix(start).split(".")[0]
        if pid.isdecimal() and not _is_running(int(pid)):
            # Another process may have been faster.
            with suppress(OSError):
                file.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
