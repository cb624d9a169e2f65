"""A request that waits for models to be in memory."""

from collections.abc import Callable
from dataclasses import dataclass

from ...errors import EngineError
from ..runner.call import ModelKey
from ..runner.model_runner import ModelRunner


@dataclass(eq=False)
class ModelWaiter:
    """Calls `ready` with the runners in the order of `keys`, or `failed` with the reason."""

    id: int
    keys: tuple[ModelKey, ...]
    ready: Callable[[list[ModelRunner]], None]
    failed: Callable[[EngineError], None]
