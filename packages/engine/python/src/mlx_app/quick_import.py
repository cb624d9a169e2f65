"""Halves the time to import mlx-lm.

transformers reads some 3,000 of its own files at every start, to find out which module defines
which name. The result depends only on its version, so the first start of an environment saves it
for later ones. If there is no saved result, or if a new transformers works differently, the import
is only slower.
"""

import importlib
import importlib.machinery
import importlib.metadata
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
    """Installs the import hook. Call it before the first import of transformers or mlx-lm."""
    if PATCHED not in sys.modules:
        sys.meta_path.insert(0, _Finder())


def save() -> None:
    """Saves the results for later starts, without importing the binaries that transformers needs.

    They are for another system in an app that is built on this one. The results are the same.
    """
    name, utils = "transformers", PATCHED.rpartition(".")[0]
    package = Path(str(importlib.metadata.distribution(name).locate_file(name)))
    for parent, folder in ((name, package), (utils, package / "utils")):
        # An empty package in place of the real one, which would import the binaries.
        module = ModuleType(parent)
        module.__path__ = [str(folder)]
        sys.modules[parent] = module
    vars(sys.modules[name])["__version__"] = importlib.metadata.version(name)
    install()
    structure = getattr(importlib.import_module(PATCHED), FUNCTION)
    models = package / "models"
    structure(models, prefix=models.name)
    structure(models / "__init__.py")


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
    """Loads the module as usual, then replaces the function that reads files with a cached one."""

    def __init__(self, loader: Loader, package: Path) -> None:
        self._loader = loader
        self._package = package

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        original = getattr(module, FUNCTION, None)
        if original is not None:
            setattr(module, FUNCTION, _cached(original, self._package))


def _cached(original: Callable[..., object], package: Path) -> Callable[[str, str | None], object]:
    models = package / "models"

    def structure(module_path: str, prefix: str | None = None) -> object:
        # Each model folder asks too, for its own few files.
        if Path(module_path) not in (models, models / "__init__.py"):
            return original(module_path, prefix=prefix)
        file = _cache_file(models, prefix)
        if file is None:
            return original(module_path, prefix=prefix)
        try:
            return marshal.loads(file.read_bytes())
        except (OSError, ValueError, EOFError, TypeError):
            found = original(module_path, prefix=prefix)
            _write(file, found)
            return found

    return structure


def _cache_file(models: Path, prefix: str | None) -> Path | None:
    """Returns a file in the environment, which is a new one for each transformers and Python.

    Times of files are not part of its name, because they change when an app is packed or copied.
    Returns None for a transformers under development, whose version says nothing.
    """
    version = getattr(sys.modules.get("transformers"), "__version__", "dev")
    if "dev" in version:
        return None
    name = f"mlx_app-{prefix}-{version}-{sys.implementation.cache_tag}.marshal"
    return models / "__pycache__" / name


def _write(file: Path, found: object) -> None:
    if sys.dont_write_bytecode:
        # As for bytecode: a file more would break the signature of an app.
        return
    try:
        file.parent.mkdir(exist_ok=True)
        temporary = file.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(marshal.dumps(found))  # type: ignore[arg-type]
        temporary.replace(file)
    except (OSError, ValueError):
        # An environment that can't be written to is only slow.
        return
