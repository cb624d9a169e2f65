"""The program: its help, its exit codes, signals and closed pipes."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .program import OpenTerminal, Run, Start

COMMANDS = ["serve", "chat", "generate", "models", "doctor", "config"]


def test_help_lists_the_commands(run: Run) -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    assert [
        name for name in COMMANDS if re.search(rf"^  {name} ", shown.stdout, re.MULTILINE)
    ] == COMMANDS
    # Nothing is cut off.
    assert "..." not in shown.stdout.partition("Commands:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_examples(run: Run, command: str) -> None:
    shown = run(command, "--help")
    assert shown.exit_code == 0
    assert f"mlx-app {command}" in shown.stdout.partition("Examples:")[2]


def test_help_imports_nothing_that_takes_time() -> None:
    program = (
        "import sys; from mlx_app.command_line import main; sys.argv = ['mlx-app', '--help']; "
        "code = main(); print(*sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "typer" in loaded
    heavy = {"huggingface_hub", "mlx", "mlx_lm", "msgspec", "pydantic", "rich", "yaml"}
    assert loaded & heavy == set()


def test_version_shows_what_an_answer_depends_on(run: Run) -> None:
    lines = dict(line.split(maxsplit=1) for line in run("--version").stdout.splitlines())
    assert list(lines) == ["mlx-app", "mlx", "mlx-lm", "Python"]
    assert lines["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert re.fullmatch(r"\d+\.\d+\.\d+", lines["mlx-lm"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["serv"], "Did you mean 'serve'?"),
        (["models", "lst"], "Did you mean 'list'?"),
        (["generate", "--tokens", "3"], "--tokens"),
        (["generate", "Hello", "--temperature", "3"], "less than or equal to 2"),
        (
            ["generate", "Hello", "--max-tokens", "0"],
            "--max-tokens is 0, but must be a whole number from 1",
        ),
        (["generate", "Hello", "--device", "tpu"], "--device"),
        (["chat", "--port", "1"], "--port"),
    ],
)
def test_wrong_usage_exits_with_2(run: Run, words: list[str], expected: str) -> None:
    failed = run(*words)
    assert failed.exit_code == 2
    assert expected in failed.stderr
    assert failed.stdout == ""


def test_without_a_command_it_shows_the_help(run: Run) -> None:
    shown = run()
    assert shown.exit_code == 2
    assert "Commands:" in shown.output


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_an_answer(
    process: Start, endless: list[str], number: signal.Signals, code: int
) -> None:
    running = process("generate", "Tell me a story.", *endless)
    assert running.stdout is not None
    assert running.stdout.read(1) != ""
    running.send_signal(number)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == code
    assert "Traceback" not in errors


def test_a_closed_pipe_is_no_failure(process: Start, endless: list[str]) -> None:
    running = process("generate", "Tell me a story.", *endless)
    assert running.stdout is not None
    assert running.stdout.read(1) != ""
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == ""
    assert running.wait(120) == 0


@pytest.mark.parametrize("module", ["typer", "pydantic_settings"])
def test_ctrl_c_during_imports_is_quiet(process: Start, home: Path, module: str) -> None:
    # typer is imported before the commands, and pydantic-settings by one of them.
    interrupt = "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.time()\n"
    (home / f"{module}.py").write_text(interrupt, "utf-8")
    source = os.environ["PYTHONPATH"]
    running = process("config", "show", PYTHONPATH=f"{home}{os.pathsep}{source}")
    output, errors = running.communicate(timeout=120)
    assert (running.returncode, output, errors) == (130, "", "")


@pytest.mark.parametrize(
    ("variables", "mark"),
    [({}, "\x1b[31m✗\x1b[0m "), ({"NO_COLOR": "1"}, "✗ "), ({"TERM": "dumb"}, "✗ ")],
)
def test_a_terminal_gets_colour_unless_it_has_none(
    run: Run,
    terminal: OpenTerminal,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    mark: str,
) -> None:
    file = run("config", "init").stdout.strip()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    failed = terminal("config", "init")
    assert failed.exit_code() == 1
    assert failed.text.startswith(f"{mark}{file} exists and was not changed.\n")


def test_a_bug_shows_its_traceback(process: Start, home: Path) -> None:
    # A module of the package that can't be imported.
    (home / "pydantic_settings.py").write_text("raise RuntimeError('a bug')", "utf-8")
    source = os.environ["PYTHONPATH"]
    running = process("config", "show", PYTHONPATH=f"{home}{os.pathsep}{source}")
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 1
    assert errors.startswith("Traceback (most recent call last):")
    assert errors.endswith("RuntimeError: a bug\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_output_that_is_lost_is_a_failure(process: Start) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        running = process("config", "show", output=full)
        _, errors = running.communicate(timeout=120)
    assert running.returncode == 1
    assert errors == "✗ Some of the output could not be written: No space left on device.\n"


def test_a_program_of_the_document_runs(home: Path) -> None:
    document = Path(__file__).parents[3] / "docs" / "python-cli.md"
    [snippet] = re.findall(
        r"^```python\n(.*?)^```$", document.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (home / "my_program.py").write_text(snippet, "utf-8")

    def run(question: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "my_program.py", question]
        return subprocess.run(command, capture_output=True, text=True, input="")

    answered = run("Say hello.")
    assert (answered.returncode, answered.stdout) == (0, "Hello from a real MLX model!")
    refused = run("-")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "The text is empty." in refused.stderr
