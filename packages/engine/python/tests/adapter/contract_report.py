"""Tells by the names of mlx-lm which tests of the contract passed: a plugin of pytest.

pytest -p contract_report --contract-report FILE tests/adapter
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

MARK = "mlx_lm"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--contract-report", type=Path, required=True, help="file for the results")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Report(config.getoption("--contract-report")))


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        item.user_properties += [
            (MARK, name) for mark in item.iter_markers(MARK) for name in mark.args
        ]


class _Report:
    """Gathers a line for each test: its names, and how it failed if it did."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._tests: dict[str, dict[str, object]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        names = [value for key, value in report.user_properties if key == MARK]
        test = self._tests.setdefault(report.nodeid, {"names": names, "failure": None})
        if report.failed:
            test["failure"] = _reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tests[report.nodeid] = {"names": [], "failure": _reason(report)}

    def pytest_sessionfinish(self) -> None:
        results = [{"test": node, **test} for node, test in self._tests.items()]
        self._file.write_text(json.dumps(results), "utf-8")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The last line that says what went wrong."""
    lines = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return lines[-1][1:].strip() if lines else report.longreprtext.strip().splitlines()[-1]
