"""How much of a prompt is prefilled in one step, so that calls that decode get theirs."""

from collections.abc import Hashable

# While other calls decode, a chunk may take as long as this many of their decode steps.
MAX_DECODE_STEPS = 3.0
# Otherwise a chunk may take this long: a new call, a cancellation and a deadline wait for it.
MAX_SECONDS = 0.5
# A smaller chunk costs more than its tokens; multiples of it fill the matrix kernels' tiles.
MIN_TOKENS = 32
# The first chunk of a prompt while other calls decode.
FIRST_TOKENS = 128


class PrefillChunkSizer:
    """Chooses chunk sizes by the time that steps take, for all batches of one thread.

    The time of a chunk is not in proportion to its tokens, since the weights are read once for one
    token or a hundred. So sizes are found by trying: doubled while they are quick, halved when they
    are slow.
    """

    def __init__(self, first_alone: int | None = None) -> None:
        """Makes a sizer. `first_alone` is the first chunk while no call decodes; None for all."""
        self._first_alone = first_alone
        # The smoothed seconds of a decode step, for each batch that decodes now.
        self._decode_seconds: dict[Hashable, float] = {}
        # The chunk size of each batch, while other calls decode and while none does.
        self._chunk: dict[tuple[Hashable, bool], int] = {}

    def chunk_tokens(self, batch: Hashable, limit: int) -> int:
        """Returns how many tokens of each prompt the next step of a batch prefills at most."""
        decoding = bool(self._decode_seconds)
        first = FIRST_TOKENS if decoding else self._first_alone or limit
        return min(limit, self._chunk.get((batch, decoding), first))

    def measure(
        self, batch: Hashable, seconds: float, *, decoded: bool, chunk: int, full: bool
    ) -> None:
        """Notes the time of a step.

        decoded: whether it gave tokens. chunk: the most tokens that it prefilled of one prompt.
        full: whether that was all that it was allowed.
        """
        decoding = bool(self._decode_seconds)
        own = self._decode_seconds.get(batch)
        if chunk:
            spent = seconds - (own or 0.0) if decoded else seconds
            self._adapt((batch, decoding), spent, chunk, full=full)
        if not decoded:
            self._decode_seconds.pop(batch, None)
        elif not chunk:
            self._decode_seconds[batch] = seconds if own is None else 0.8 * own + 0.2 * seconds

    def forget(self, batch: Hashable) -> None:
        """Notes that a batch is empty for now."""
        self._decode_seconds.pop(batch, None)

    def _adapt(self, key: tuple[Hashable, bool], seconds: float, chunk: int, *, full: bool) -> None:
        _, decoding = key
        most = MAX_DECODE_STEPS * sum(self._decode_seconds.values()) if decoding else MAX_SECONDS
        if seconds > most:
            self._chunk[key] = max(MIN_TOKENS, chunk // 2 // MIN_TOKENS * MIN_TOKENS)
        elif full and seconds < most / 2:
            self._chunk[key] = chunk * 2
