"""Standard input and output as a line protocol that nothing else in the process can disturb.

This file must parse on any Python 3, because it also reports that the interpreter is too old.
"""

from __future__ import annotations

import collections
import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import NoReturn

# A reader that leaves this much unread has died or hangs.
UNREAD_BYTES = 64 * 1024 * 1024


class TooLong:
    """Takes the place of a line over the limit in the inbox."""


class Channel:
    """Owns the process's standard streams.

    Lines arrive in `inbox` as bytes. For everything else, standard output is replaced by standard
    error, so that a library that prints does no harm. The end of standard input ends the process at
    once, because the application on the other side is gone.
    """

    def __init__(self, line_bytes: int = 32 * 1024 * 1024) -> None:
        self.inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._line_bytes = line_bytes
        self._input = os.fdopen(os.dup(0), "rb")
        self._output = os.dup(1)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        self._unsent: collections.deque[bytes] = collections.deque()
        self._unsent_bytes = 0
        self._change = threading.Condition()
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        threading.Thread(target=self._write, name="writer", daemon=True).start()

    def send(self, line: bytes) -> None:
        """Queues one line, without its newline, and does not wait for the reader."""
        with self._change:
            self._unsent.append(line)
            self._unsent_bytes += len(line) + 1
            if self._unsent_bytes > UNREAD_BYTES:
                sys.stderr.write("The worker ends because nothing reads its output.\n")
                os._exit(1)
            self._change.notify_all()

    def end(self, code: str, message: str) -> NoReturn:
        """Reports why the worker can't go on, waits until that is written, and ends the process."""
        event = {"type": "fatal", "code": code, "message": message}
        self.send(json.dumps(event).encode("utf-8"))
        with self._change:
            self._change.wait_for(lambda: self._unsent_bytes == 0, timeout=5)
        os._exit(1)

    def _read(self) -> None:
        while True:
            line = self._input.readline(self._line_bytes + 1)
            if not line:
                os._exit(0)
            if line.endswith(b"\n") or len(line) <= self._line_bytes:
                self.inbox.put(line)
                continue
            while line and not line.endswith(b"\n"):
                line = self._input.readline(self._line_bytes)
            self.inbox.put(TooLong())

    def _write(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._unsent)
                lines = list(self._unsent)
                self._unsent.clear()
            block = b"\n".join(lines) + b"\n"
            view = memoryview(block)
            while view:
                try:
                    view = view[os.write(self._output, view) :]
                except OSError:
                    # The reader closed its end: the application is gone.
                    os._exit(0)
            with self._change:
                self._unsent_bytes -= len(block)
                self._change.notify_all()
