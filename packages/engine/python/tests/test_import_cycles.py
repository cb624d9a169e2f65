"""No import cycles, including imports for types and inside functions."""

import ast
from collections.abc import Container, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import mlx_app

SOURCE = Path(mlx_app.__file__).parent


def module_of(file: Path, source: Path) -> str:
    parts = file.relative_to(source.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(file: Path, source: Path, modules: Container[str]) -> Iterator[str]:
    """The modules that a file imports, in absolute form; `from package import module` is one."""
    package = file.relative_to(source.parent).parent.parts
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules else module for name in names)


def import_graph(source: Path) -> dict[str, set[str]]:
    """The modules of a package, each with those that it imports."""
    files = {module_of(file, source): file for file in source.rglob("*.py")}
    return {
        module: {name for name in imports_of(file, source, files) if name in files}
        for module, file in files.items()
    }


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one import cycle; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle[::-1]
    return []


def test_modules_do_not_import_each_other_in_a_cycle() -> None:
    graph = import_graph(SOURCE)
    assert "mlx_app.worker.worker" in graph["mlx_app.worker.run"]
    assert cycle_in(graph) == []


@pytest.mark.parametrize(
    "back",
    [
        "from .a import A",
        "from . import a",
        "def f() -> None:\n    from tiny.a import A",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import A",
    ],
)
def test_a_cycle_is_found(tmp_path: Path, back: str) -> None:
    package = tmp_path / "tiny"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text("import tiny.b\n\nclass A: ...\n", "utf-8")
    (package / "b.py").write_text(f"{back}\n", "utf-8")
    assert set(cycle_in(import_graph(package))) == {"tiny.a", "tiny.b"}
