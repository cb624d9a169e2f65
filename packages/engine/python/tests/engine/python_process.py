"""Runs programs that use the Python API in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import mlx_app

SOURCE = Path(mlx_app.__file__).parents[1]
# What a program may take on a slow machine, with the import of MLX.
SECONDS = 60

START = """
import mlx_app
engine = mlx_app.MLXEngine(model="hello", device="cpu")
def ask(content):
    return [{"role": "user", "content": content}]
story = {"messages": ask("Tell me a story.")}
"""


def start_python(program: str, start: str = START) -> "subprocess.Popen[str]":
    """Starts a program, after another one, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", start + program],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run_python(program: str, start: str = START) -> tuple[int, str, str]:
    """Runs a program, after another one; returns its exit code, its output and its errors."""
    process = start_python(program, start)
    try:
        output, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise AssertionError(f"The program did not end:\n{output}\n{errors}") from None
    return process.returncode, output, errors
