"""Stands for the module `glob` in mlx-lm and mlx-vlm.

They make patterns of the folder of a model, whose name may have brackets or stars.
"""

from pathlib import Path


def glob(pattern: str) -> list[str]:
    """Returns the paths that match, where only parts that are `*` and the last one are special."""
    parts = Path(pattern).parts
    start = parts.index("*") if "*" in parts else len(parts) - 1
    return [str(path) for path in Path(*parts[:start]).glob("/".join(parts[start:]))]
