"""`mlx-app serve`: its checks, and that it starts the server with its settings."""

import json
import shutil
import signal
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from .program import OpenTerminal, Run, Start

pytest.importorskip("mlx_app.server")


def ask(address: str, key: str, max_tokens: int) -> tuple[int, str]:
    body = {
        "messages": [{"role": "user", "content": "Count to ten."}],
        "max_tokens": max_tokens,
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = Request(f"{address}/v1/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urlopen(request, timeout=120) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_serves_with_its_settings(
    process: Start, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "a-key-of-mine")
    server = process("serve", "--port", "0", "--max-tokens", "50")
    assert server.stdout is not None
    address = server.stdout.readline().removeprefix("Listening on ").strip()
    assert address.startswith("http://127.0.0.1:")
    while (status := ask(address, "a-key-of-mine", 50))[0] == 503:
        pass
    assert status[0] == 200
    assert answers["Count to ten."] in status[1]
    assert ask(address, "another-key", 50)[0] == 401
    assert ask(address, "a-key-of-mine", 51)[0] == 400
    server.send_signal(signal.SIGTERM)
    _, errors = server.communicate(timeout=120)
    assert server.returncode == 0
    for check in ("Python", "MLX", "mlx-lm", "server", "memory"):
        assert f"✓ {check} " in errors
    assert "a-key-of-mine" not in errors


def test_it_asks_nothing_if_a_program_holds_its_input(
    terminal: OpenTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_MEMORY_LIMIT_BYTES", "100000")
    server = terminal("serve", "--port", "0", piped_input=True)
    server.see("model of 246 kB, limit of 100 kB")
    server.see("Listening on http://127.0.0.1:")


def test_it_asks_whether_to_continue_without_enough_memory(
    terminal: OpenTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_MEMORY_LIMIT_BYTES", "100000")
    server = terminal("serve", "--port", "0")
    server.see("model of 246 kB, limit of 100 kB")
    server.see("Continue anyway? [y/N] ")
    server.type("\n")
    assert server.exit_code() == 1


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["--workers", "2"], 2, "The server runs in one process."),
        (["--port", "70000"], 2, "--port is 70000, but must be a whole number from 0 to 65535."),
        (
            ["--max-queue", "0"],
            2,
            "--max-queue is 0, but must be a whole number from 1 to 1000000.",
        ),
        (["--host", "0.0.0.0"], 1, "so the server needs a key."),
        (["--model", "missing"], 1, 'There is no model "missing".'),
    ],
)
def test_it_refuses_what_it_cannot_serve(
    run: Run, words: list[str], code: int, expected: str
) -> None:
    failed = run("serve", *words)
    assert failed.exit_code == code
    assert expected in failed.stderr
    assert failed.stdout == ""


def test_a_model_that_fails_to_load_is_one_error_in_the_log(
    process: Start, home: Path, models: Path
) -> None:
    broken = home / "broken"
    shutil.copytree(models / "hello", broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    failed = process("serve", "--port", "0", "--model", "./broken")
    _, errors = failed.communicate(timeout=120)
    assert failed.returncode == 1
    log = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    [error] = [line for line in log if line["level"] == "error"]
    assert error["state"] == "failed"
    assert error["code"] == "MODEL_CORRUPT"
    assert "models verify" in error["hint"]
    assert errors.count(error["msg"]) == 1
    assert "Traceback" not in errors


def test_without_its_packages_it_names_the_command(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlx_app.command_line.checks.software._SERVER", ("no_such_module",))
    failed = run("serve")
    assert failed.exit_code == 1
    assert failed.stderr.startswith("✗ The packages of the server are not installed.\n")
    assert "install" in failed.stderr
    assert "'mlx-app[server]'" in failed.stderr
