"""How much of a prompt is read in one step, so that those who decode beside it get theirs."""

from collections.abc import Hashable

# Where others decode, a step reads about as long as so many of their steps take.
PATIENCE_STEPS = 3.0
# Below this a chunk costs more than its tokens; a multiple of it fills the matrix kernels' tiles.
LEAST_TOKENS = 32


class Pace:
    """Knows how long steps take, of everything that is stepped in turn on one thread."""

    def __init__(self) -> None:
        # Seconds, smoothed: a decode step of each that decodes now, a token of a prompt.
        self._decode: dict[Hashable, float] = {}
        self._read: dict[Hashable, float] = {}

    def chunk_tokens(self, owner: Hashable, most: int, prompts: int = 1) -> int:
        """Tokens that a step of `owner` should read of each of its prompts, `most` at most."""
        others = sum(self._decode.values())
        if others == 0:
            return most
        read = self._read.get(owner)
        if read is None:
            return LEAST_TOKENS
        tokens = int(PATIENCE_STEPS * others / read) // max(1, prompts)
        tokens -= tokens % LEAST_TOKENS
        return max(LEAST_TOKENS, min(tokens, most))

    def measure(self, owner: Hashable, seconds: float, *, decoded: bool, read: int) -> None:
        """Notes a step: whether it brought tokens, and how many tokens of prompts it read."""
        before = self._decode.get(owner, 0.0)
        if not decoded:
            self._decode.pop(owner, None)
        elif not read:
            self._decode[owner] = _smoothed(before or None, seconds)
        if read:
            share = max(seconds - before, 0.0) if decoded else seconds
            self._read[owner] = max(_smoothed(self._read.get(owner), share / read), 1e-9)

    def leave(self, owner: Hashable) -> None:
        """Forgets what is not stepped any more."""
        self._decode.pop(owner, None)
        self._read.pop(owner, None)


def _smoothed(before: float | None, now: float) -> float:
    return now if before is None else 0.8 * before + 0.2 * now
