"""Runs a command in a pseudo-terminal: what comes in is typed, what it shows goes out.

python terminal.py COLUMNS COMMAND...

It ends with the exit code of the command.
"""

from __future__ import annotations

import fcntl
import os
import pty
import selectors
import struct
import sys
import termios


def main() -> int:
    columns, *command = sys.argv[1:]
    child, screen = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
        os.execvp(command[0], command)
    relay(screen)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def relay(screen: int) -> None:
    """Copies both ways until the command has closed the terminal."""
    with selectors.DefaultSelector() as selector:
        selector.register(screen, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                data = read(key.fd)
                if key.fd == screen:
                    if not data:
                        return
                    os.write(1, data)
                elif data:
                    os.write(screen, data)
                else:
                    selector.unregister(0)


def read(file: int) -> bytes:
    try:
        return os.read(file, 65536)
    except OSError:
        # On Linux a terminal that nobody holds any more reads as an error, elsewhere as the end.
        return b""


if __name__ == "__main__":
    sys.exit(main())
