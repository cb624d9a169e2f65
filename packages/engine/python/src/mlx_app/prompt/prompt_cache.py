"""Keeps the caches of prefilled prompts, for later prompts with the same prefix.

mlx-lm's LRUPromptCache isn't used: a fetch doesn't count as use, an exact hit leaves no token to
decode from, a trimmed copy keeps its capacity and copies all of it at its first write, and its trie
takes 0.18 s to look for what extends a prefix when one entry has 20,000 tokens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import mlx.nn as nn
import numpy as np
import numpy.typing as npt

from ..mlx_lm_adapter import caches
from ..mlx_lm_adapter.caches import PromptCacheOfModel
from .known_text import KnownText

# To search more entries for each prompt would take longer than the prefill of a short one.
MAX_ENTRIES = 256
# A stop costs a copy of the caches, which must save as much.
MIN_SAVED_TOKENS = 64

Kind = Literal["system", "user", "assistant"]
Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """A cache with the first `count` tokens of a prompt; without a cache, the count is 0.

    `shared` is with how many tokens an entry begins like the prompt, even if its cache can't be cut
    there.
    """

    cache: PromptCacheOfModel | None
    count: int
    shared: int = 0


@dataclass(eq=False)
class _Entry:
    tokens: Tokens
    cache: PromptCacheOfModel
    kind: Kind
    bytes: int
    used: int
    known: KnownText | None


class PromptCache:
    """The prompts of one model with one adapter and one kind of cache, quantised or not.

    Must be used on MLX's thread only.
    """

    def __init__(self, network: nn.Module, limit_bytes: int) -> None:
        self._any_prefix = caches.always_cuttable(network)
        self._limit = limit_bytes
        self._entries: list[_Entry] = []
        self._clock = 0
        # Replaced as a whole, since other threads read it.
        self._known_texts: tuple[KnownText, ...] = ()

    @property
    def known_texts(self) -> Sequence[KnownText]:
        """The texts of the chats that are kept. May be read on any thread."""
        return self._known_texts

    @property
    def bytes(self) -> int:
        """The bytes of the arrays that are kept."""
        return sum(entry.bytes for entry in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, tokens: Sequence[int]) -> Found:
        """Returns the longest prefix of a prompt that was prefilled before, without the last token.

        The cache belongs to the caller. It takes no memory until it is written to, but holds the
        memory of its entry, so look a prompt up when it starts and not while it is queued.
        """
        wanted = np.asarray(tokens, np.int64)
        best: tuple[int, bool, int] = (0, False, 0)
        hit: _Entry | None = None
        shared = 0
        for entry in self._entries:
            common = min(_common(entry.tokens, wanted), len(wanted) - 1)
            shared = max(shared, common)
            count, whole = _usable(entry, common)
            # Of two equally long ones, one that needs no cut, and then the one used last, so that a
            # common first token doesn't keep an old entry.
            rank = (count, whole, entry.used)
            if count > 0 and rank > best:
                best, hit = rank, entry
        if hit is None:
            return Found(None, 0, shared)
        count, whole, _ = best
        self._use(hit)
        cache = caches.copied(hit.cache) if whole else caches.prefix(hit.cache, count)
        return Found(cache, count, shared)

    def keep(
        self,
        tokens: Sequence[int],
        cache: PromptCacheOfModel,
        kind: Kind,
        known: KnownText | None = None,
    ) -> bool:
        """Keeps a copy of a cache that holds exactly these tokens; returns whether it did.

        `known` is the text of the tokens, if they are those of a chat with its answer. A copy that
        is larger than the limit, or that another entry contains, is not kept. Raises ValueError
        for a cache that holds another number of tokens.
        """
        held = caches.token_count(cache)
        if held is not None and held != len(tokens):
            raise ValueError(f"The cache holds {held} tokens, not {len(tokens)}.")
        array = np.asarray(tokens, np.int64)
        kept = caches.tight(cache)
        size = caches.size_bytes(kept)
        if len(array) == 0 or size > self._limit:
            return False
        there = self._covering(array, kind)
        if there is not None:
            self._use(there)
            return False
        self._drop_covered(array, cuttable=caches.cuttable(kept))
        self.trim_to(self._limit - size)
        if len(self._entries) >= MAX_ENTRIES:
            self._entries.remove(self._next_to_drop())
        caches.evaluate(kept)
        entry = _Entry(array, kept, kind, size, 0, known)
        self._entries.append(entry)
        self._use(entry)
        self._list_texts()
        return True

    def trim_to(self, limit_bytes: int) -> None:
        """Drops entries until no more than this is left, the least recently used first.

        System prompts go last, unless they take more than half of the limit of the cache: prompts
        with the time of day must not push out every chat.
        """
        while self._entries and self.bytes > limit_bytes:
            self._entries.remove(self._next_to_drop())
        self._list_texts()

    def clear(self) -> None:
        """Drops all entries."""
        self._entries.clear()
        self._list_texts()

    def boundaries(
        self,
        wanted: Iterable[int],
        prompt_tokens: int,
        *,
        shared: Iterable[int] = (),
        cached: int = 0,
        diverges: int = 0,
    ) -> list[int]:
        """Returns the token counts at which prefill stops to keep the cache, in ascending order.

        `wanted` are prefixes that a later prompt may have (the end of the system prompt and of the
        last user message), `shared` those that a call may need while this one still runs, and
        `cached` is how many tokens were found. If any prefix can be cut from the cache at the end
        of the answer, only the shared ones are worth a stop and a copy. Other caches (a sliding
        window, a recurrent state) can't be cut, so they need every stop, and one where the prompt
        `diverges` from an earlier one: the next prompt may do so too.
        """
        counts = set(shared) if self._any_prefix else {*wanted, *shared}
        if not self._any_prefix and diverges - cached >= MIN_SAVED_TOKENS:
            counts.add(diverges)
        return sorted(count for count in counts if cached < count < prompt_tokens)

    def _list_texts(self) -> None:
        self._known_texts = tuple(entry.known for entry in self._entries if entry.known)

    def _use(self, entry: _Entry) -> None:
        self._clock += 1
        entry.used = self._clock

    def _covering(self, tokens: Tokens, kind: Kind) -> _Entry | None:
        """Returns an entry that makes one of these tokens unnecessary: the same, or a longer one.

        A system prompt is kept besides the chats that begin with it, so that it outlasts them.
        """
        for entry in self._entries:
            if kind == "system":
                enough = entry.kind == "system" and len(entry.tokens) == len(tokens)
            else:
                enough = len(entry.tokens) == len(tokens) or caches.cuttable(entry.cache)
            if enough and _begins(entry.tokens, tokens):
                return entry
        return None

    def _drop_covered(self, tokens: Tokens, *, cuttable: bool) -> None:
        """Drops the entries that a new one makes unnecessary."""
        for entry in list(self._entries):
            same = len(entry.tokens) == len(tokens)
            covered = same or (cuttable and entry.kind != "system")
            if covered and _begins(tokens, entry.tokens):
                self._entries.remove(entry)

    def _next_to_drop(self) -> _Entry:
        oldest_first = sorted(self._entries, key=lambda entry: entry.used)
        system = [entry for entry in oldest_first if entry.kind == "system"]
        others = [entry for entry in oldest_first if entry.kind != "system"]
        crowded = sum(entry.bytes for entry in system) > self._limit / 2
        return [*system, *others][0] if crowded else [*others, *system][0]


def _usable(entry: _Entry, count: int) -> tuple[int, bool]:
    """Returns how many of the tokens that an entry shares with a prompt its cache can give.

    Also returns whether those are all of its tokens.
    """
    if count == len(entry.tokens):
        return count, True
    return (count, False) if count > 0 and caches.cuttable(entry.cache) else (0, False)


def _common(first: Tokens, second: Tokens) -> int:
    """Returns the number of tokens with which both begin."""
    shorter = min(len(first), len(second))
    different = first[:shorter] != second[:shorter]
    return int(different.argmax()) if different.any() else shorter


def _begins(tokens: Tokens, start: Tokens) -> bool:
    return _common(tokens, start) == len(start)
