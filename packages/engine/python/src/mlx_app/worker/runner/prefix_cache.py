"""Finds and keeps prefilled prompts: in memory, and in the file that a call names."""

import sys
import traceback
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from ...mlx_lm_adapter.batch import CacheSnapshot
from ...models.text_model import TextModel
from ...prompt import cache_file
from ...prompt.cache_file import UnusableFileError
from ...prompt.known_text import KnownText, known_text
from ...prompt.model_identity import ModelIdentity, model_identity
from ...prompt.prompt_cache import Found, Kind, PromptCache
from .call import Call
from .sequence import SequenceState


class PrefixCache:
    """The prefilled prompts of one model. Used on MLX's thread only."""

    def __init__(self, model: TextModel, limit_bytes: int) -> None:
        self._cache = PromptCache(model.network, limit_bytes)
        self._model = model
        # Cache files that can't be used, which the call that finds them makes anew.
        self._unusable: set[Path] = set()

    def known_texts(self) -> Sequence[KnownText]:
        """Returns the texts of the chats in memory, whose tokens are known. For any thread."""
        return self._cache.known_texts

    @property
    def bytes(self) -> int:
        """The bytes that are kept in memory."""
        return self._cache.bytes

    def trim_to(self, limit_bytes: int) -> None:
        """Drops the prompts that were unused longest until no more than this is kept."""
        self._cache.trim_to(limit_bytes)

    def clear(self) -> None:
        """Drops all prompts in memory."""
        self._cache.clear()

    def find(self, call: Call) -> CacheSnapshot | None:
        """Returns the longest prefilled prefix of a call's prompt, from memory or its file."""
        tokens = call.prompt.tokens
        found = Found(None, 0)
        if call.request.prompt_cache:
            found = self._cache.find(tokens)
            call.shared_tokens = found.shared
        if call.request.cache_file is not None and found.count < len(tokens) - 1:
            found = max(found, self._find_in_file(call), key=lambda one: one.count)
        return None if found.cache is None else CacheSnapshot(tokens[: found.count], found.cache)

    def boundaries(self, call: Call) -> frozenset[int]:
        """Returns where prefill must stop for `keep`, in tokens from the prompt's start."""
        prompt = call.prompt
        if not call.request.prompt_cache:
            return frozenset()
        return frozenset(
            self._cache.boundaries(
                prompt.boundaries,
                len(prompt.tokens),
                shared=prompt.boundaries[:1],
                cached=call.cached_tokens,
                diverges=call.shared_tokens,
            )
        )

    def keep_answer(
        self, call: Call, sequence: SequenceState, snapshot: CacheSnapshot | None
    ) -> None:
        """Keeps the caches at the end of an answer, with the text by which a chat goes on."""
        prompt, known = call.prompt, None
        if prompt.text and sequence.generated is not None:
            text, tokens = sequence.generated
            known = known_text(prompt.text + text, [*prompt.tokens, *tokens], prompt.ends)
        self.keep(call, "assistant", lambda: snapshot, known)

    def keep(
        self,
        call: Call,
        kind: Kind,
        take: Callable[[], CacheSnapshot | None],
        known: KnownText | None = None,
    ) -> None:
        """Keeps a snapshot for later calls. A failure is only printed: the answer is as good."""
        if not call.request.prompt_cache:
            return
        try:
            snapshot = take()
            if snapshot is not None:
                self._cache.keep(snapshot.tokens, snapshot.cache, kind, known)
        except Exception:
            traceback.print_exc()

    def missing_file(self, call: Call) -> Path | None:
        """Returns the cache file that the call must write, if it names one that can't be used."""
        if call.request.cache_file is None:
            return None
        path = Path(call.request.cache_file)
        return path if path in self._unusable or not path.exists() else None

    def write(self, path: Path, snapshot: CacheSnapshot) -> None:
        """Writes a cache file. Raises EngineError."""
        cache_file.write(path, snapshot.tokens, snapshot.cache, self._identity)
        self._unusable.discard(path)

    def _find_in_file(self, call: Call) -> Found:
        if call.request.cache_file is None:
            return Found(None, 0)
        path = Path(call.request.cache_file)
        self._unusable.discard(path)
        if not path.exists():
            return Found(None, 0)
        try:
            tokens, cache = cache_file.read(path, self._identity, self._model.network)
        except UnusableFileError as reason:
            print(f"{reason} It is made anew.", file=sys.stderr)  # noqa: T201 — the worker's log
            self._unusable.add(path)
            return Found(None, 0)
        if call.request.prompt_cache:
            self._cache.keep(tokens, cache, "user")
        # A document may be larger than all that is kept in memory.
        unlimited = PromptCache(self._model.network, sys.maxsize)
        unlimited.keep(tokens, cache, "user")
        return unlimited.find(call.prompt.tokens)

    @cached_property
    def _identity(self) -> ModelIdentity:
        return model_identity(self._model.path, self._model.config, self._model.adapter)
