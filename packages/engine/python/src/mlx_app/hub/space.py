"""Checks before a download that the disk has room for it."""

import shutil
from pathlib import Path

from huggingface_hub import constants

from ..errors import EngineError
from ..memory import format_bytes


def check_space(name: str, needed: int, folder: Path, *, shared: bool) -> None:
    """Raises EngineError DISK_FULL if the disk of `folder` has fewer bytes free than needed.

    `shared`: the folder is the cache, for which HF_HOME sets the path.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if needed <= free:
        return
    where = f"{folder} (HF_HOME is {constants.HF_HOME})" if shared else str(folder)
    raise EngineError(
        "DISK_FULL",
        f"The download of {name} needs {format_bytes(needed)}, and {format_bytes(free)} are free "
        f"in {where}.",
        None if shared else "Free some space, or choose a folder on another disk.",
    )
