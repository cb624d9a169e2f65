"""Something that waits for models to be in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import EngineError
from ..runner.call import ModelKey

if TYPE_CHECKING:
    from ..runner.model_runner import Serving


@dataclass(eq=False)
class Want:
    """`ready` gets the models in the order of their keys, or `failed` the reason why not."""

    id: int
    keys: tuple[ModelKey, ...]
    ready: "Callable[[list[Serving]], None]"
    failed: Callable[[EngineError], None]
