"""Records what each test took and the limit that it ran under, for `npm run test:slow`.

A plugin of pytest: `-p record_times --record-times FILE --record-times-project NAME`.
"""

import json
import os
import time
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[4]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-times", type=Path, help="the file to write")
    parser.addoption("--record-times-project", default="python", help="the name of the run")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--record-times") is not None:
        config.pluginmanager.register(Recorder(config))


class Recorder:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = datetime.now(UTC)
        self._timed: list[dict[str, object]] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """As much as faulthandler_timeout holds: the test with its fixtures."""
        started = time.monotonic()
        try:
            return (yield)
        finally:
            self._timed.append(
                {
                    "file": os.path.relpath(item.path, REPOSITORY),
                    "name": item.nodeid.partition("::")[2],
                    "ms": round((time.monotonic() - started) * 1000),
                    "limitMs": float(self._config.getini("faulthandler_timeout") or 0) * 1000,
                }
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """pytest-xdist calls this where the record is written, for each process that ran tests."""
        self._timed += getattr(node, "workeroutput", {}).get("timed", [])

    def pytest_sessionfinish(self) -> None:
        output: dict[str, object] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["timed"] = self._timed
            return
        run = {
            "project": self._config.getoption("--record-times-project"),
            "startedAt": self._started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "timed": self._timed,
        }
        path: Path = self._config.getoption("--record-times")
        path.write_text(json.dumps(run), "utf-8")
