"""What a model keeps of the tokens that it has read."""

import mlx.nn as nn
from mlx_lm.models.cache import make_prompt_cache


def unbatchable_cache(model: nn.Module) -> str | None:
    """Name of a cache of this model that mlx-lm can't join with others, if it has one."""
    caches: list[object] = make_prompt_cache(model)
    return next((type(cache).__name__ for cache in caches if not hasattr(cache, "merge")), None)
