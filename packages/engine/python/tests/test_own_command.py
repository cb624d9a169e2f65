"""Hints name commands that work where the program was started."""

import ast
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlx_app
from mlx_app.own_command import own_command

SOURCE = Path(mlx_app.__file__).parent


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an environment that has `mlx-app`, which is not active."""
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    (scripts / "mlx-app").touch(0o755)
    monkeypatch.setattr(sys, "prefix", str(scripts.parent))
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(scripts))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)
    monkeypatch.delenv("MLX_APP_LAUNCHER", raising=False)
    monkeypatch.chdir(tmp_path)
    return scripts


def test_where_it_is_not_on_the_path_it_is_a_module(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_command("doctor") == ".venv/bin/python -m mlx_app doctor"
    monkeypatch.chdir("/")
    assert own_command("doctor") == f"{environment}/python -m mlx_app doctor"
    (environment / "mlx-app").unlink()
    monkeypatch.setenv("PATH", str(environment))
    assert own_command("doctor") == f"{environment}/python -m mlx_app doctor"


def test_in_an_active_environment_and_as_a_tool_it_is_the_program(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(environment))
    assert own_command("doctor") == "mlx-app doctor"
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "mlx-app").symlink_to(environment / "mlx-app")
    monkeypatch.setenv("PATH", str(tools))
    assert own_command("doctor") == "mlx-app doctor"


@pytest.mark.usefixtures("environment")
def test_the_program_of_another_environment_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlx-app").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert own_command("doctor") == ".venv/bin/python -m mlx_app doctor"


def test_with_uv_run_it_is_run_in_the_same_way(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As `uv run` sets it.
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    monkeypatch.setenv("PATH", str(environment))
    assert own_command("doctor") == "uv run mlx-app doctor"
    # There, `uv run` would find another project.
    monkeypatch.chdir("/")
    assert own_command("doctor") == f"{environment}/python -m mlx_app doctor"


def test_in_an_environment_of_uvx_its_program_is_not_on_the_users_path(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", "/home/me/.cache/uv/archive-v0/abc")
    monkeypatch.setenv("PATH", str(environment))
    monkeypatch.setattr(sys, "argv", ["/somewhere/mlx-app"])
    assert own_command("doctor") == "uvx mlx-app doctor"
    monkeypatch.setattr(sys, "argv", ["/somewhere/my-package"])
    assert own_command("doctor") == f"{environment}/python -m mlx_app doctor"


@pytest.mark.usefixtures("environment")
def test_in_an_app_with_its_own_python_it_is_the_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_APP_LAUNCHER", "/My App/resources/my-desk/my-desk")
    assert own_command("doctor") == "'/My App/resources/my-desk/my-desk' doctor"


def test_no_message_names_the_program_directly() -> None:
    commands = re.compile(r"mlx-app (chat|config|doctor|generate|models|serve)\b")
    found = [
        f"{file.relative_to(SOURCE)}: {text}"
        for file in SOURCE.rglob("*.py")
        for text in _texts(ast.parse(file.read_text("utf-8")))
        if commands.search(text)
    ]
    assert found == []


def _texts(tree: ast.Module) -> Iterator[str]:
    """Yields all texts but docstrings and the examples of --help."""
    left_out = {
        id(part)
        for node in ast.walk(tree)
        for part in ast.walk(node)
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id in ("EPILOG", "_HEADER")
        )
    }
    for node in ast.walk(tree):
        known = id(node) in left_out
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not known:
            yield node.value
