"""Halves the time that it takes to import mlx-lm.

transformers reads some 3,000 of its own files at every start, to learn which module defines which
name. The result depends on nothing but its version, so the first start of an environment writes it
down, and the next ones read that. Without it, or with a transformers that works in another way,
everything is as slow as before and no different.
"""

import importlib.machinery
import importlib.util
import marshal
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

PATCHED = "transformers.utils.import_utils"
FUNCTION = "define_import_structure"


def install() -> None:
    """Call this before the first import of transformers or mlx-lm."""
    if PATCHED not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != PATCHED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None and spec.origin is not None:
            spec.loader = _Loader(spec.loader, Path(spec.origin).parents[1])
        return spec


class _Loader(Loader):
    """Runs the module as usual, then puts the remembering function in place of the reading one."""

    def __init__(self, loader: Loader, package: Path) -> None:
        self._loader = loader
        self._package = package

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        original = getattr(module, FUNCTION, None)
        if original is not None:
            setattr(module, FUNCTION, _remembering(original, self._package))


def _remembering(
    original: Callable[..., object], package: Path
) -> Callable[[str, str | None], object]:
    models = package / "models"

    def structure(module_path: str, prefix: str | None = None) -> object:
        # Each of the model folders asks too, for its own few files.
        if Path(module_path) not in (models, models / "__init__.py"):
            return original(module_path, prefix=prefix)
        memory = _memory(models, prefix)
        try:
            return marshal.loads(memory.read_bytes())
        except (OSError, ValueError, EOFError, TypeError):
            found = original(module_path, prefix=prefix)
            _write(models, prefix, found)
            return found

    return structure


def _memory(models: Path, prefix: str | None) -> Path:
    """A file in the environment itself, new with every change of transformers or Python."""
    changed = models.stat().st_mtime_ns
    name = f"mlx_app-{prefix}-{changed:x}-{sys.implementation.cache_tag}.marshal"
    return models / "__pycache__" / name


def _write(models: Path, prefix: str | None, found: object) -> None:
    try:
        # A new folder changes the time that is a part of the name.
        (models / "__pycache__").mkdir(exist_ok=True)
        memory = _memory(models, prefix)
        beside = memory.with_suffix(f".{os.getpid()}")
        beside.write_bytes(marshal.dumps(found))  # type: ignore[arg-type]
        beside.replace(memory)
    except (OSError, ValueError):
        # An environment that can't be written to is slow, not wrong.
        return
