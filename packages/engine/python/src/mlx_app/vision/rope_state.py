"""The position state of a model that takes images.

mlx-vlm's models keep it in attributes beside the cache: where the images of the last sequence are,
and how far its positions are ahead of its tokens.
"""

from typing import Any

import mlx.core as mx
import mlx.nn as nn

from ..mlx_lm_adapter.cache_size import CacheSize, cache_size
from .vision_model import RopeState, VisionModel


def get_rope_state(network: nn.Module) -> RopeState:
    """Returns the state as it is now."""
    return [_private(module) for module in _stateful(network)]


def set_rope_state(network: nn.Module, state: RopeState) -> None:
    """Replaces the state."""
    for module, wanted in zip(_stateful(network), state, strict=True):
        for name in _private(module).keys() - wanted.keys():
            delattr(module, name)
        for name, value in wanted.items():
            setattr(module, name, value)


def vision_cache_size(model: VisionModel) -> CacheSize:
    """Returns the size of a token in the caches of a model that takes images; see `cache_size`.

    Must be used on MLX's thread, between two steps. Leaves the position state as it was.
    """
    return cache_size(_Stateless(model.model.network), model.model.config)


class _Stateless(nn.Module):
    """The language model, with its position state restored after each call."""

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
        state = get_rope_state(self.network)
        try:
            self.network.language_model(tokens, cache=cache)
        finally:
            set_rope_state(self.network, state)


def _stateful(network: nn.Module) -> list[nn.Module]:
    return [network, network.language_model]


def _private(module: nn.Module) -> dict[str, Any]:
    # mlx keeps arrays in the module itself, which is a dict, and all else in its attributes.
    return {
        name: value
        for holder in (vars(module), module)
        for name, value in holder.items()
        if name.startswith("_") and not isinstance(value, nn.Module)
    }
