"""Python code of your own, which runs beside the engine and in its environment."""
