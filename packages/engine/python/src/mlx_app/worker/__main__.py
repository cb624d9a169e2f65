"""Starts the worker on any Python 3; reports in the protocol if Python is too old or lacks MLX.

Before the channel is open, only the standard library is imported, and nothing that Python 3.8 can't
parse.
"""

from __future__ import annotations

import faulthandler
import signal
import sys

from .io.channel import Channel

MIN_PYTHON = (3, 11)


def main() -> None:
    channel = Channel()
    # After a crash in a library, standard error has the place.
    faulthandler.enable(all_threads=False)
    # The worker ends with its input. systemd sends SIGTERM to each process of a service, and the
    # answers under way would be lost.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < MIN_PYTHON:
        channel.end(
            "PYTHON_TOO_OLD",
            f"Python {version} at {sys.executable} is too old; 3.11 or newer is required.",
        )
    from ..errors import EngineError
    from ..mlx_device import check_mlx

    try:
        check_mlx()
    except EngineError as error:
        channel.end(error.code, error.message)
    try:
        from .. import quick_import

        quick_import.install()
        from .run import run
    except ImportError as error:
        channel.end("SETUP_NEEDED", f"{sys.executable} lacks a package: {error}")
    run(channel, sys.argv[1:])


if __name__ == "__main__":
    main()
