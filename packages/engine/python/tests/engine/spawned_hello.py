"""What a process that was spawned runs: only a module can be found there."""

from mlx_app import MLXEngine


def hello() -> str:
    """Returns the answer of an engine of this process."""
    with MLXEngine(model="hello", device="cpu") as engine:
        return engine.complete(messages=[{"role": "user", "content": "Say hello."}]).text
