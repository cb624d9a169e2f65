"""Errors in what the user gave to the command line."""

from collections.abc import Sequence


class SettingsError(Exception):
    """Settings that are wrong: one sentence for each, and how to fix them. The exit code is 2."""

    def __init__(self, problems: Sequence[str], hint: str | None = None) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.hint = hint
