"""Stands for the module `glob` in mlx-lm and mlx-vlm.

They make patterns of the folder of a model, whose name may have brackets or stars.
"""

import os
from glob import escape
from glob import glob as find


def glob(pattern: str) -> list[str]:
    """Returns the paths that match, where only `*` and the last part of the pattern are special."""
    *folders, last = pattern.split(os.sep)
    return find(os.sep.join([*(part if part == "*" else escape(part) for part in folders), last]))
