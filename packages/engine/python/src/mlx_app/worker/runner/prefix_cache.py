"""What was read of prompts: kept in memory, and in the file that a call names."""

import sys
import traceback
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from ...mlx_lm_adapter.batch import Kept
from ...models.text_model import ReadModel
from ...prompt import cache_file
from ...prompt.cache_file import ModelIdentity
from ...prompt.prompt_cache import Found, Kind, PromptCache
from .call import Call


class PromptsRead:
    """The prompt cache of one model. Used on MLX's thread only."""

    def __init__(self, model: ReadModel, limit_bytes: int) -> None:
        self.cache = PromptCache(model.network, limit_bytes)
        self._model = model

    def find(self, call: Call) -> Kept | None:
        """What was read of a call's prompt before, from its file or from memory."""
        tokens = call.prompt.tokens
        found = Found(None, 0)
        if call.request.prompt_cache:
            found = self.cache.find(tokens)
        if call.request.cache_file is not None and found.count < len(tokens) - 1:
            of_file = self._of_file(call)
            found = max(found, of_file, key=lambda one: one.count)
        return None if found.cache is None else Kept(tokens[: found.count], found.cache)

    def boundaries(self, call: Call, cached: int) -> frozenset[int]:
        """Where prefill has to stop for `keep`: numbers of tokens from the prompt's start."""
        prompt = call.prompt
        if not call.request.prompt_cache:
            return frozenset()
        first = prompt.boundaries[:1]
        return frozenset(
            self.cache.boundaries(
                prompt.boundaries, len(prompt.tokens), shared=first, cached=cached
            )
        )

    def keep(self, call: Call, kind: Kind, kept: Callable[[], Kept | None]) -> None:
        """Keeps what was read for other calls. An answer is not worse for not being kept."""
        if not call.request.prompt_cache:
            return
        try:
            found = kept()
            if found is not None:
                self.cache.keep(found.tokens, found.cache, kind)
        except Exception:
            traceback.print_exc()

    def write_to(self, call: Call) -> Path | None:
        """The file that the call's prompt is to be written to; None if there is none to write."""
        path = call.request.cache_file
        return None if path is None or Path(path).exists() else Path(path)

    def write(self, path: Path, kept: Kept) -> None:
        """Writes a file. Raises EngineError."""
        cache_file.write(path, kept.tokens, kept.cache, self._identity)

    def _of_file(self, call: Call) -> Found:
        path = call.request.cache_file
        if path is None or not Path(path).exists():
            return Found(None, 0)
        tokens, cache = cache_file.read(Path(path), self._identity, self._model.network)
        if call.request.prompt_cache:
            self.cache.keep(tokens, cache, "user")
        # A document may be larger than all that is kept in memory.
        alone = PromptCache(self._model.network, sys.maxsize)
        alone.keep(tokens, cache, "user")
        return alone.find(call.prompt.tokens)

    @cached_property
    def _identity(self) -> ModelIdentity:
        return cache_file.model_identity(self._model.path, self._model.config, self._model.adapter)
