"""What `mlx_app` exports, and what its import costs."""

import ast
import json
import tomllib
from pathlib import Path

import pytest

import mlx_app
from python_process import run_python

SOURCE = Path(mlx_app.__file__)


def test_every_public_name_exists_and_is_listed() -> None:
    assert sorted(mlx_app.__all__) == sorted([*mlx_app._MODULES, "EngineError", "__version__"])
    for name in mlx_app.__all__:
        assert getattr(mlx_app, name) is getattr(mlx_app, name)
    assert set(mlx_app.__all__) <= set(dir(mlx_app))
    with pytest.raises(AttributeError, match="has no attribute 'MLXEngin'"):
        mlx_app.MLXEngin  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_see_the_same_names() -> None:
    condition = next(
        node for node in ast.parse(SOURCE.read_text("utf-8")).body if isinstance(node, ast.If)
    )
    imported = {
        alias.name: node.module
        for node in condition.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == mlx_app._MODULES
    assert (SOURCE.parent / "py.typed").exists()


def test_version_is_that_of_the_package() -> None:
    project = tomllib.loads((SOURCE.parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert mlx_app.__version__ == project["version"]


def test_import_loads_neither_mlx_nor_pydantic() -> None:
    program = """
import json, sys
import mlx_app
names = ["mlx", "mlx_lm", "transformers", "numpy", "pydantic", "asyncio", "huggingface_hub"]
loaded = [name for name in names if name in sys.modules]
from mlx_app import MLXEngine
print(json.dumps([loaded, [name for name in names if name in sys.modules]]))
"""
    code, output, errors = run_python(program, start="")
    assert (code, errors) == (0, "")
    at_import, with_engine = json.loads(output)
    assert at_import == []
    assert set(with_engine) <= {"pydantic", "asyncio"}
