"""Runs the server of the Python package with the settings given as JSON."""

import json
import sys

from mlx_app.server import ServerSettings, run_server

sys.exit(run_server(ServerSettings(**json.loads(sys.argv[1]))))
