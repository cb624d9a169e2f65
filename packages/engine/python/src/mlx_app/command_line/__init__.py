"""The command `mlx-app`.

Its `--help` must be quick, so modules that define commands import nothing heavy.
"""

from .program import main

__all__ = ["main"]
