"""The limit of each test, and the record that `npm run test:slow` reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent / "pyproject.toml"

EXAMPLE = """
import threading
import time

def test_quick(): pass

class TestGroup:
    def test_slow(self): time.sleep(0.2)

def test_hangs(): threading.Event().wait()
"""


def run_pytest(tmp_path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "test_example.py"
    file.write_text(EXAMPLE, "utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(PROJECT), "--rootdir", str(tmp_path)]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", *options, str(file)],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("processes", [0, 2])
def test_a_run_records_each_test_with_its_time_and_limit(tmp_path: Path, processes: int) -> None:
    record = tmp_path / "run.json"
    recording = ["-p", "record_times", "--record-times", str(record)]
    limit = ["-o", "faulthandler_timeout=321"]
    result = run_pytest(
        tmp_path,
        *recording,
        *limit,
        *("--numprocesses", str(processes)),
        *("--record-times-project", "it", "-k", "not hangs"),
    )
    assert result.returncode == 0, result.stdout
    run = json.loads(record.read_text("utf-8"))
    assert run["project"] == "it"
    timed = {one["name"]: one for one in run["timed"]}
    assert timed.keys() == {"test_quick", "TestGroup::test_slow"}
    assert {one["limitMs"] for one in run["timed"]} == {321_000}
    quick, slow = (timed[name]["ms"] for name in ("test_quick", "TestGroup::test_slow"))
    assert slow >= 200
    assert quick < slow


def test_a_test_that_hangs_ends_the_run_and_is_named(tmp_path: Path) -> None:
    """As pyproject.toml has it, but for the seconds."""
    result = run_pytest(
        tmp_path,
        *("-o", "faulthandler_timeout=0.5", "-k", "hangs"),
        *("--numprocesses", "2", "--max-worker-restart", "0"),
    )
    assert result.returncode == 1
    assert "Timeout (0:00:00.500000)!" in result.stderr
    assert "in test_hangs" in result.stderr
