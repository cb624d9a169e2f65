"""Models that the commands use: on disk, or on the hub."""
