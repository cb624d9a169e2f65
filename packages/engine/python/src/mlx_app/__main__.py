"""Runs the command line: `python -m mlx_app`."""

import sys

from .command_line import main

sys.exit(main())
