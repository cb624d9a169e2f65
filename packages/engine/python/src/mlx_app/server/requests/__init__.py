"""Options of the engine from parts of requests."""
