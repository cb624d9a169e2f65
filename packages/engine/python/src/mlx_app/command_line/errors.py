"""Errors in what the user gave to the command line."""

from collections.abc import Sequence


class SettingsError(Exception):
    """Settings that are wrong: one line for each. The exit code is 2."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
