"""What the parts of a model that sees note, beside the cache, of the sequence that they read last:
where its images lie, and how far its positions are ahead of its tokens.
"""

from typing import Any

import mlx.core as mx
import mlx.nn as nn

from ..mlx_lm_adapter.cache_size import CacheSize, cache_size
from .vision_model import Notes, VisionModel


def notes_of(network: nn.Module) -> Notes:
    """What is noted now."""
    return [_private(module) for module in _noting(network)]


def write_notes(network: nn.Module, notes: Notes) -> None:
    """Puts other notes in the place of those that are there."""
    for module, wanted in zip(_noting(network), notes, strict=True):
        for name in _private(module).keys() - wanted.keys():
            delattr(module, name)
        for name, value in wanted.items():
            setattr(module, name, value)


def vision_cache_size(model: VisionModel) -> CacheSize:
    """What a token takes in the caches of a model that sees; see `cache_size`.

    Must be used on MLX's thread, between two steps. Leaves no notes.
    """
    return cache_size(_Forgetful(model.model.network), model.model.config)


class _Forgetful(nn.Module):
    """The part that writes, which reads each prompt as if it were its first."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.network = network

    @property
    def layers(self) -> list[Any]:
        layers: list[Any] = self.network.language_model.layers
        return layers

    def make_cache(self) -> list[Any]:
        from .. import mlx_vlm_adapter

        return mlx_vlm_adapter.make_cache(self.network)

    def __call__(self, tokens: mx.array, cache: list[Any]) -> None:
        blank = notes_of(self.network)
        try:
            self.network.language_model(tokens, cache=cache)
        finally:
            write_notes(self.network, blank)


def _noting(network: nn.Module) -> list[nn.Module]:
    return [network, network.language_model]


def _private(module: nn.Module) -> dict[str, Any]:
    # mlx keeps arrays in the module itself, which is a dict, and all else in its attributes.
    return {
        name: value
        for holder in (vars(module), module)
        for name, value in holder.items()
        if name.startswith("_") and not isinstance(value, nn.Module)
    }
