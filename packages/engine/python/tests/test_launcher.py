"""The launcher's diagnostics, in a site like the one that `mlx-app vendor` makes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import mlx_lm
import pytest

import mlx_app

INSTALLED = Path(mlx_lm.__file__).parents[1]
SOURCE = Path(mlx_app.__file__).parent
PROJECT = SOURCE.parents[1]
VERSION = "0.1.0"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all packages, and mlx-app as if it were installed there."""
    folder = tmp_path_factory.mktemp("app") / "_vendor"
    folder.mkdir()
    for entry in INSTALLED.iterdir():
        if not entry.name.startswith("mlx_app") and not entry.name.endswith(
            (".pth", ".virtualenv")
        ):
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(SOURCE, folder / "mlx_app", ignore=shutil.ignore_patterns("__pycache__"))
    write_metadata(folder, "mlx-app", VERSION, ["mlx-lm", "msgspec", "mlx"])
    return folder


def write_metadata(folder: Path, name: str, version: str, requires: list[str]) -> Path:
    information = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    information.mkdir()
    needed = "".join(f"Requires-Dist: {each}\n" for each in requires)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"
    (information / "METADATA").write_text(text)
    return information


def launch(site: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Runs the launcher's module as the shell script does."""
    # Without the packages of this interpreter, as an interpreter in an app has none.
    program = (
        "import runpy; runpy.run_module('mlx_app.launcher', run_name='__main__', alter_sys=True)"
    )
    return subprocess.run(
        [sys.executable, "-S", "-c", program, *words],
        env={"PYTHONPATH": str(site), "MLX_APP_LAUNCHER": "my-desk", "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def report(site: Path, *words: str) -> dict[str, Any]:
    done = launch(site, *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["ok"] is True
    return found


def failure(site: Path, *words: str) -> tuple[int, str]:
    """Returns the exit code and the message, which the JSON must have too."""
    done = launch(site, *words)
    assert json.loads(done.stdout)["ok"] is False
    [problem] = json.loads(done.stdout)["problems"]
    assert done.stderr == f"my-desk: {problem}\n"
    return done.returncode, problem


def test_the_interpreter(site: Path) -> None:
    found = report(site, "--python-info")
    assert found["version"] == ".".join(map(str, sys.version_info[:3]))
    assert found["site"] == str(site)
    assert found["executable"] == sys.executable


def test_mlx_computes(site: Path) -> None:
    found = report(site, "--mlx-info")
    assert found["version"] == metadata.version("mlx")
    assert found["sum"] == 499500
    assert found["device"] in ("cpu", "gpu")


def test_a_package_by_its_name_and_by_that_of_a_module(site: Path) -> None:
    found = report(site, "--pkg-info", "PyYAML")
    assert found["version"] == metadata.version("pyyaml")
    assert any(tag.startswith("cp3") for tag in found["tags"])
    assert report(site, "--pkg-info", "yaml") == found


def test_the_stack_generates(site: Path) -> None:
    found = report(site, "--check-mlx-stack")
    assert found["generated"] == "Hello from a real MLX model!"
    assert found["packages"]["mlx-app"] == VERSION


def test_a_missing_package_is_named_with_its_own_exit_code(site: Path) -> None:
    code, problem = failure(site, "--pkg-info", "no-such-package")
    assert code == 5
    assert "no-such-package is not in" in problem
    assert "npx mlx-app vendor" in problem


def copied(site: Path, folder: Path) -> Path:
    copy = folder / "_vendor"
    shutil.copytree(site, copy, symlinks=True)
    return copy


def test_a_package_that_another_one_needs_is_missing(site: Path, tmp_path: Path) -> None:
    copy = copied(site, tmp_path)
    for entry in copy.glob("msgspec*"):
        entry.unlink()
    code, problem = failure(copy, "--check-mlx-stack")
    assert (code, "the package msgspec is not in" in problem) == (5, True)
    done = launch(copy, "models", "list")
    assert (done.returncode, "the package msgspec" in done.stderr) == (5, True)


def test_what_the_check_itself_needs_is_missing(site: Path, tmp_path: Path) -> None:
    copy = copied(site, tmp_path)
    for entry in copy.glob("packaging*"):
        entry.unlink()
    code, problem = failure(copy, "--check-mlx-stack")
    assert (code, "the package packaging is not in" in problem) == (5, True)


def test_what_only_the_server_needs_is_checked(site: Path, tmp_path: Path) -> None:
    copy = copied(site, tmp_path)
    shutil.rmtree(copy / f"mlx_app-{VERSION}.dist-info")
    needed = ["mlx-lm", "mlx", 'no-such-package; extra == "server"']
    write_metadata(copy, "mlx-app", VERSION, needed)
    code, problem = failure(copy, "--check-mlx-stack")
    assert (code, "the package no-such-package is not in" in problem) == (5, True)


def test_a_wrong_version_fails_unless_the_app_replaced_it(site: Path, tmp_path: Path) -> None:
    copy = copied(site, tmp_path)
    shutil.rmtree(copy / f"mlx_app-{VERSION}.dist-info")
    write_metadata(copy, "mlx-app", VERSION, ["mlx-lm==0.1", "mlx"])
    done = launch(copy, "--check-mlx-stack")
    assert done.returncode == 1
    assert f"mlx-lm is {metadata.version('mlx-lm')}; mlx-lm==0.1 is required" in done.stderr
    (tmp_path / "vendor.json").write_text(json.dumps({"customPackages": ["mlx-lm"]}))
    assert report(copy, "--check-mlx-stack")["generated"] == "Hello from a real MLX model!"


def test_a_server_starts_with_a_version_that_the_app_replaced(site: Path, tmp_path: Path) -> None:
    copy = copied(site, tmp_path)
    shutil.rmtree(copy / f"mlx_app-{VERSION}.dist-info")
    write_metadata(copy, "mlx-app", VERSION, ["mlx-lm==0.1", "mlx"])
    found = metadata.version("mlx-lm")
    refused = launch(copy, "doctor")
    assert f"{found}, but mlx-app needs 0.1" in refused.stdout
    (tmp_path / "vendor.json").write_text(json.dumps({"customPackages": []}))
    in_app = launch(copy, "doctor").stdout
    assert "Install the app again" in in_app
    assert "pip install" not in in_app
    (tmp_path / "vendor.json").write_text(json.dumps({"customPackages": ["mlx-lm"]}))
    assert (
        f"{found}, a build of your own; mlx-app was tested with 0.1"
        in launch(copy, "doctor").stdout
    )


def test_a_server_without_its_packages_is_not_to_be_repaired_with_pip(
    site: Path, tmp_path: Path
) -> None:
    copy = copied(site, tmp_path)
    (tmp_path / "vendor.json").write_text("{}")
    for entry in copy.glob("fastapi*"):
        entry.unlink()
    failed = launch(copy, "serve")
    assert failed.returncode == 1
    assert "Install the app again." in failed.stderr
    assert "pip install" not in failed.stderr


@pytest.mark.parametrize(
    "words", [["--mlx-info"], ["--check-mlx-stack"], ["--pkg-info", "mlx"], ["--python-info"]]
)
def test_an_interpreter_that_does_not_fit(tmp_path: Path, words: list[str]) -> None:
    site = tmp_path / "_vendor"
    shutil.copytree(SOURCE, site / "mlx_app", ignore=shutil.ignore_patterns("__pycache__"))
    (site / "mlx").mkdir()
    (site / "mlx" / "core.cpython-399-darwin.so").touch()
    code, problem = failure(site, *words)
    assert code == 4
    assert "the packages are built for cpython-399-darwin, but" in problem
    served = launch(site, "serve")
    assert (served.returncode, served.stderr) == (4, f"my-desk: {problem}\n")


def test_an_mlx_that_does_not_compute(site: Path, tmp_path: Path) -> None:
    copy = copied(site, tmp_path)
    (copy / "mlx").unlink()
    (copy / "mlx").mkdir()
    (copy / "mlx" / "core.py").write_text("")
    code, problem = failure(copy, "--mlx-info")
    assert (code, "MLX does not compute" in problem) == (1, True)


@pytest.mark.parametrize(
    "words", [["--nonsense"], ["--pkg-info"], ["--pkg-info", "a", "b"], ["--mlx-info", "a"]]
)
def test_wrong_usage(site: Path, words: list[str]) -> None:
    done = launch(site, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[0] in done.stderr
    assert "--help" in done.stderr


def test_help(site: Path) -> None:
    done = launch(site, "--help")
    assert done.returncode == 0
    for flag in ("--python-info", "--mlx-info", "--pkg-info", "--check-mlx-stack", "serve"):
        assert f"my-desk {flag}" in done.stdout
    assert launch(site).returncode == 2


def test_a_server_ends_with_the_pipe_of_the_app_that_started_it(site: Path) -> None:
    program = (
        "import runpy; runpy.run_module('mlx_app.launcher', run_name='__main__', alter_sys=True)"
    )
    server = subprocess.Popen(
        [sys.executable, "-S", "-c", program, "serve", "--port", "0", "--model", "hello"],
        env={"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1", "HOME": str(site.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline().startswith("Listening on http://127.0.0.1:")
        server.stdin.close()
        assert server.wait(60) == 0
        server.stdout.close()
    finally:
        if server.poll() is None:
            os.kill(server.pid, signal.SIGKILL)
