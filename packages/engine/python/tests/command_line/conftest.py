"""Runs the command line in this process, as a process of its own, and in a terminal."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from typer.testing import CliRunner, Result

from mlx_app.command_line.app import app

from .program import OpenTerminal, Run, Start, Terminal


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, without settings and models, and no network."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "huggingface/hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    # The library has read the environment before.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("MLX_DEVICE", "cpu")
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("MLX_MODEL", "MLX_PULL", "HOST", "PORT", "API_KEY", "NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    source = Path(sys.modules["mlx_app"].__file__ or "").parents[1]
    monkeypatch.setenv("PYTHONPATH", str(source))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """Runs the command line in this process."""

    def run(*words: str, text: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=text, catch_exceptions=False)

    return run


@pytest.fixture
def terminal() -> Iterator[OpenTerminal]:
    """Starts the command line in a terminal."""
    opened: list[Terminal] = []

    def start(*words: str, piped_input: bool = False) -> Terminal:
        opened.append(Terminal(*words, piped_input=piped_input))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def endless(home: Path, models: Path) -> list[str]:
    """Flags for a hello model whose answers never end."""
    folder = home / "own models" / "endless"
    shutil.copytree(models / "hello", folder)
    for name, change in {
        "config.json": {"eos_token_id": 511},
        "tokenizer_config.json": {"eos_token": "<|endoftext|>"},
    }.items():
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | change), "utf-8")
    flags = ["--models-dir", str(folder.parent), "--model", "endless"]
    return [*flags, "--max-tokens", "1000000"]


@pytest.fixture
def process() -> Iterator[Start]:
    """Starts the command line as a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *words: str, output: IO[str] | int = subprocess.PIPE, **variables: str
    ) -> "subprocess.Popen[str]":
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "mlx_app", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, **variables},
            )
        )
        return started[-1]

    yield start
    for each in started:
        if each.poll() is None:
            each.send_signal(signal.SIGKILL)
        each.communicate()
