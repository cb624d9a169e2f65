"""Every name of mlx-lm that the source uses, read from its imports.

    python mlx_lm_names.py SOURCE   tells as JSON which of them mlx-lm does not have

Needs nothing of this project, so that it also tells where the project can't be imported any more.
"""

import ast
import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

LIBRARY = "mlx_lm"


@dataclass(frozen=True, order=True)
class UsedName:
    """A name as `mlx_lm.generate.BatchGenerator`, and the file that uses it."""

    name: str
    file: str


def used_names(source: Path) -> list[UsedName]:
    """The names that the Python files below a folder use, sorted."""
    return sorted(
        {
            UsedName(name, file.relative_to(source).as_posix())
            for file in source.rglob("*.py")
            for name in _names(ast.parse(file.read_text("utf-8")))
        }
    )


def why_missing(name: str) -> str | None:
    """Why mlx-lm does not give a name; None if it does."""
    parent, _, last = name.rpartition(".")
    try:
        if not parent or _is_module(name):
            importlib.import_module(name)
        elif not hasattr(importlib.import_module(parent), last):
            return f"{parent} has no {last}"
    except Exception as error:  # whatever an import raises
        return f"{type(error).__name__}: {error}"
    return None


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _is_of_library(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and _is_of_library(node.module):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if _is_module(name):
                    local = alias.asname or alias.name
                    yield from (f"{name}.{used}" for used in _attributes(tree, local))
                else:
                    yield name


def _is_of_library(module: str | None) -> bool:
    return module is not None and module.split(".")[0] == LIBRARY


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:  # its parent is no package, or is not there
        return False


def _attributes(tree: ast.Module, local: str) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == local:
                yield attribute


if __name__ == "__main__":
    json.dump(
        [
            {**asdict(used), "missing": why_missing(used.name)}
            for used in used_names(Path(sys.argv[1]))
        ],
        sys.stdout,
    )
