"""`mlx-app doctor`."""

import json
from pathlib import Path

import pytest

from mlx_app.command_line.checks.install import CPP_LIBRARY, command_for, install_command_for
from mlx_app.command_line.checks.machine import assess_memory
from mlx_app.own_command import own_command

from .program import Run

NAMES = [
    "settings",
    "Python",
    "MLX",
    "mlx-lm",
    "images, embeddings",
    "server",
    "notebook",
    "disk",
    "model",
    "memory",
    "hello model",
]


def test_a_good_machine_has_no_problems(run: Run, answers: dict[str, str]) -> None:
    checked = run("doctor")
    lines = checked.stdout.splitlines()
    assert checked.exit_code == 0, checked.stdout
    assert [line[2:20].strip() for line in lines[: len(NAMES)]] == NAMES
    assert all(line[0] in "✓-" for line in lines[: len(NAMES)])
    assert f"{len(answers)} answers as expected" in lines[-3]
    assert lines[-1] == "No problems found."
    # Not in a terminal, there is no colour.
    assert "\x1b" not in checked.stdout


def test_json_names_each_problem_with_its_fix(run: Run) -> None:
    checked = run("doctor", "--json", "--model", "somebody/model")
    assert checked.exit_code == 1
    report = json.loads(checked.stdout)
    assert report["good"] is False
    checks = {check["name"]: check for check in report["checks"]}
    assert list(checks) == NAMES
    assert checks["MLX"]["good"] is True
    assert checks["model"] == {
        "name": "model",
        "good": False,
        "detail": "somebody/model is not on this machine",
        "fix": own_command("models download somebody/model"),
    }
    assert checks["memory"] == {
        "name": "memory",
        "good": None,
        "detail": "the size of the model is unknown",
    }


@pytest.mark.parametrize(
    ("text", "detail"),
    [("port: [", "line 1, column 8: not valid YAML"), ("prt: 1", "Did you mean")],
)
def test_wrong_settings_are_a_problem_and_the_other_checks_run(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, text: str, detail: str
) -> None:
    (home / "wrong.yaml").write_text(text, "utf-8")
    monkeypatch.setenv("MLX_MODEL", "somebody/model")
    checked = run("doctor", "--json", "--config", "wrong.yaml")
    assert checked.exit_code == 1
    checks = {check["name"]: check for check in json.loads(checked.stdout)["checks"]}
    assert list(checks) == NAMES
    assert checks["settings"]["good"] is False
    assert detail in checks["settings"]["detail"]
    assert "config init" in checks["settings"]["fix"]
    # The environment still counts.
    assert checks["model"]["detail"] == "somebody/model is not on this machine"
    assert checks["hello model"]["good"] is True


def test_a_wrong_variable_leaves_the_file_in_use(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "right.yaml").write_text("model: somebody/model", "utf-8")
    monkeypatch.setenv("PORT", "many")
    checked = run("doctor", "--json", "--config", "right.yaml")
    checks = {check["name"]: check for check in json.loads(checked.stdout)["checks"]}
    assert "PORT is 'many', but must be" in checks["settings"]["detail"]
    assert checks["model"]["detail"] == "somebody/model is not on this machine"


def test_a_damaged_model_is_a_problem(run: Run, home: Path) -> None:
    (home / "broken").mkdir()
    checked = run("doctor", "--model", "./broken")
    assert checked.exit_code == 1
    assert "config.json" in checked.stdout
    assert "Fix the checks marked ✗ in order" in checked.stdout


def test_memory_is_for_the_model_and_its_cache() -> None:
    assert assess_memory(8_000_000_000, 16_000_000_000).good
    tight = assess_memory(15_000_000_000, 16_000_000_000)
    assert not tight.good
    assert tight.detail == "model of 15.0 GB, limit of 16.0 GB"


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "debian"}, "sudo apt install libstdc++6"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "sudo apt install libstdc++6"),
        ({"ID": "fedora"}, "sudo dnf install libstdc++"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "sudo dnf install libstdc++"),
        ({"ID": "macos"}, "brew install gcc"),
        ({"ID": "arch"}, "Install libstdc++6 with the package manager of this system"),
    ],
)
def test_the_command_fits_the_system(release: dict[str, str], command: str) -> None:
    assert command_for(release, CPP_LIBRARY) == command


@pytest.mark.parametrize(
    ("prefix", "has_pip", "command"),
    [
        ("/home/me/.local/share/uv/tools/mlx-app", False, "uv tool install 'x'"),
        ("/home/me/.cache/uv/archive-v0/abc", False, "uvx --from 'x' mlx-app"),
        ("/home/me/app/.venv", True, "-m pip install 'x'"),
        ("/home/me/app/.venv", False, "uv pip install --python "),
    ],
)
def test_the_command_fits_the_environment(prefix: str, has_pip: bool, command: str) -> None:
    assert command in install_command_for("'x'", Path(prefix), has_pip)
