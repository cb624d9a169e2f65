"""The memory that a call needs of its model."""

from collections.abc import Hashable
from dataclasses import dataclass

from ...mlx_lm_adapter.cache_size import CacheSize
from .batches import max_chunk_tokens
from .call import Call

# The tokens of an answer that are reserved at a time: one step by which mlx-lm's caches grow.
RESERVED_TOKENS = 256


@dataclass(frozen=True)
class MemoryNeed:
    """The size of a call, from which the bytes of its caches follow.

    `sequences` is n. Calls with the same `batch` share one array and are padded to the longest of
    them; None is for an unbatched call. `kv_bits` is only for unbatched calls. `chunk_tokens` of a
    prompt are prefilled at once.
    """

    size: CacheSize
    prompt_tokens: int
    max_tokens: int
    sequences: int = 1
    batch: Hashable | None = None
    kv_bits: int | None = None
    kv_group_size: int = 64
    chunk_tokens: int = 512

    @property
    def first_tokens(self) -> int:
        """The tokens of each sequence that are reserved when the call starts."""
        return self.prompt_tokens + min(self.max_tokens, RESERVED_TOKENS)

    @property
    def most_tokens(self) -> int:
        """The tokens of each sequence at its longest."""
        return self.prompt_tokens + self.max_tokens

    def bytes(self, tokens: int, sequences: int | None = None) -> int:
        """Returns the bytes of the caches when the longest sequence has that many tokens."""
        return self.size.bytes(
            tokens,
            self.sequences if sequences is None else sequences,
            kv_bits=self.kv_bits,
            kv_group_size=self.kv_group_size,
        )

    @property
    def prefill_bytes(self) -> int:
        """The bytes that prefill takes beyond those of the caches."""
        return self.size.prefill_bytes(self.prompt_tokens, self.chunk_tokens)


def memory_need(call: Call, size: CacheSize) -> MemoryNeed:
    """Returns what a call with processed input needs from here to its end."""
    request, processed, decoded = call.request, call.input, call.decoded_tokens
    return MemoryNeed(
        size,
        # A call that resumes prefills its answer so far, too.
        prompt_tokens=len(call.prompt.tokens) + decoded,
        max_tokens=processed.max_tokens - decoded,
        sequences=request.n,
        batch=(call.key, processed.bucket) if processed.batched else None,
        kv_bits=request.kv_bits,
        kv_group_size=request.kv_group_size,
        chunk_tokens=max_chunk_tokens(processed.bucket),
    )
