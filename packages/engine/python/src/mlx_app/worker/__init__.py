"""The worker: `python -m mlx_app.worker`, JSON lines on standard input and output."""
