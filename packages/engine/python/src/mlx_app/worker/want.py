"""Something that waits for models to be in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import EngineError
from .calls import ModelKey

if TYPE_CHECKING:
    from .serving import Serving


@dataclass(eq=False)
class Want:
    """`ready` gets the models in the order of their keys, or `failed` the reason why not."""

    id: int
    keys: tuple[ModelKey, ...]
    ready: "Callable[[list[Serving]], None]"
    failed: Callable[[EngineError], None]
