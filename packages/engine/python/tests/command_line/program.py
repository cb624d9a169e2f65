"""The command line as a program: in a terminal, and the types of the fixtures that run it."""

import os
import select
import subprocess
import sys
from collections.abc import Callable

from typer.testing import Result

# A session leader that opens a terminal gets its signals; see credentials(7).
_IN_TERMINAL = (
    "import os, sys; os.close(os.open(os.ttyname(2), os.O_RDWR)); "
    "os.execv(sys.executable, [sys.executable, '-m', 'mlx_app', *sys.argv[1:]])"
)
_SECONDS = 120


class Terminal:
    """The command line in a real pseudo-terminal."""

    def __init__(self, *words: str, piped_input: bool = False) -> None:
        self._master, slave = os.openpty()
        self._output = b""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, *words],
            stdin=subprocess.PIPE if piped_input else slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    @property
    def text(self) -> str:
        return self._output.decode("utf-8", "replace").replace("\r\n", "\n")

    def see(self, text: str) -> None:
        """Waits until the output has a text, which is then forgotten with all before it."""
        while text not in self.text:
            assert self._read(), f"The output has no {text!r}:\n{self.text}"
        self._output = self.text.partition(text)[2].encode()

    def press_until(self, key: str, text: str) -> None:
        """Presses a key, again every few seconds, until the output has a text.

        Between its prompt and its wait for input, readline notices a signal only with the next key.
        """
        while text not in self.text:
            self.type(key)
            while text not in self.text and select.select([self._master], [], [], 5)[0]:
                assert self._read(), f"The output has no {text!r}:\n{self.text}"
        self.see(text)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def exit_code(self) -> int:
        """Waits for the end of the program."""
        while self._read():
            pass
        return self._process.wait(_SECONDS)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        os.close(self._master)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], _SECONDS)
        try:
            piece = os.read(self._master, 65_536) if ready else b""
        except OSError:  # the program has ended
            piece = b""
        self._output += piece
        return piece != b""


Run = Callable[..., Result]
OpenTerminal = Callable[..., Terminal]
Start = Callable[..., "subprocess.Popen[str]"]
