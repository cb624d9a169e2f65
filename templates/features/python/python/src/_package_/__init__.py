"""Your own Python code, which runs in the same environment as the engine."""
