"""The disk that models are on."""

import shutil
from pathlib import Path


def hub_cache() -> Path:
    """Returns the folder in which all tools of the hub store models."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def free_disk_bytes(path: Path) -> int:
    """Returns the free bytes on the disk of a path, which need not exist yet."""
    absolute = path.expanduser().absolute()
    there = next(folder for folder in (absolute, *absolute.parents) if folder.exists())
    return shutil.disk_usage(there).free
