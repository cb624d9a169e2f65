"""The exit codes of the launcher."""

OK, FAILED, USAGE = 0, 1, 2
# 3 is the shell script's: there is no interpreter.
WRONG_ABI, MISSING_PACKAGE = 4, 5


class LauncherError(Exception):
    """A failure that ends the launcher, with its exit code."""

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
