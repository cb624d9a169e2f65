"""How much of a prompt is read in one step, so that those who decode beside it get theirs."""

from collections.abc import Hashable

# Where others decode, a step reads about as long as so many of their steps take.
PATIENCE_STEPS = 3.0
# Where nobody does, a new call, a cancellation or a deadline should not wait longer for a step.
PATIENCE_SECONDS = 0.5
# Below this a chunk costs more than its tokens; multiples of it fill the matrix kernels' tiles.
LEAST_TOKENS = 32
# What is read at first beside others.
FIRST_TOKENS = 128


class Pace:
    """Knows how long steps take, of everything that is stepped in turn on one thread.

    The time of a chunk is not in proportion to its tokens (the weights are read for one as for a
    hundred), so sizes are found by trying: doubled while they are quick, halved when they are slow.
    """

    def __init__(self) -> None:
        # Seconds of a decode step, smoothed, of each that decodes now.
        self._decode: dict[Hashable, float] = {}
        # Tokens of a chunk: of each reader, beside others that decode and alone.
        self._chunk: dict[tuple[Hashable, bool], int] = {}

    def chunk_tokens(self, owner: Hashable, most: int) -> int:
        """Tokens that a step of `owner` should read of each of its prompts, `most` at most."""
        beside = bool(self._decode)
        return min(most, self._chunk.get((owner, beside), FIRST_TOKENS if beside else most))

    def measure(
        self, owner: Hashable, seconds: float, *, decoded: bool, chunk: int, full: bool
    ) -> None:
        """Notes a step.

        decoded: whether it brought tokens. chunk: tokens that it read of each prompt at most, 0 for
        none; full: whether a prompt had as many.
        """
        beside = bool(self._decode)
        own = self._decode.get(owner)
        if chunk:
            spent = seconds - (own or 0.0) if decoded else seconds
            self._adapt((owner, beside), spent, chunk, full=full)
        if not decoded:
            self._decode.pop(owner, None)
        elif not chunk:
            self._decode[owner] = seconds if own is None else 0.8 * own + 0.2 * seconds

    def leave(self, owner: Hashable) -> None:
        """Notes that nothing of `owner` is stepped for now."""
        self._decode.pop(owner, None)

    def _adapt(
        self, reader: tuple[Hashable, bool], seconds: float, chunk: int, *, full: bool
    ) -> None:
        _, beside = reader
        patience = PATIENCE_STEPS * sum(self._decode.values()) if beside else PATIENCE_SECONDS
        if seconds > patience:
            self._chunk[reader] = max(LEAST_TOKENS, chunk // 2 // LEAST_TOKENS * LEAST_TOKENS)
        elif full and seconds < patience / 2:
            self._chunk[reader] = chunk * 2
