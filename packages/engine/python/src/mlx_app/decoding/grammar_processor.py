"""The logits processor that holds one sequence to a grammar."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from ..errors import EngineError

if TYPE_CHECKING:
    from llguidance import LLMatcher

Tokens = NDArray[np.uint32]


class GrammarProcessor:
    """Sets the logits of all tokens that the grammar forbids to minus infinity.

    It is called with all tokens so far, which need not continue those of the last call: a draft
    model's tokens may be taken back. When the text is complete, and after tokens that break the
    grammar (proposals that will be rejected), only the end of the text is allowed.
    """

    def __init__(
        self,
        grammar: "LLMatcher",
        end_of_text: Sequence[int],
        prompt_tokens: int,
        begin_after: Sequence[int],
        may_think: tuple[int, Sequence[int]] | None = None,
        trigger: Sequence[int] = (),
        not_thought: Sequence[int] = (),
    ) -> None:
        """`grammar`: a matcher at its start, which is copied. `may_think`: a token with which the
        text may begin before the grammar, and the tokens after which the grammar begins then.
        `trigger`: tokens after that, which the model may choose to write, for a grammar that begins
        there; the text before them is free. `not_thought`: without a trigger, tokens that must not
        come before the grammar, besides the end of the text.
        """
        self._grammar = grammar
        self._matcher = grammar.deep_copy()
        self._end_of_text = frozenset(end_of_text)
        self._prompt_tokens = prompt_tokens
        self._begin_after = np.array(begin_after, np.uint32)
        self._may_think = may_think
        self._trigger = np.array(trigger, np.uint32)
        # A model that may choose can also end its text.
        forbidden = () if trigger else (*end_of_text, *not_thought)
        self._not_thought = frozenset(forbidden)
        # The tokens of the last call under the grammar, and how many of them the matcher has taken.
        self._seen: Tokens = np.zeros(0, np.uint32)
        self._taken = 0

    def __call__(self, tokens: mx.array, logits: mx.array, /) -> mx.array:
        """Takes and returns logits of shape (1, vocabulary).

        Raises EngineError INVALID_REQUEST where the grammar exceeds a limit.
        """
        # Copied, because mlx-lm writes later tokens into the same memory.
        generated = np.array(np.asarray(tokens)[self._prompt_tokens :], np.uint32)
        begin = self._begin(generated)
        self._follow(generated[:0] if begin is None else generated[begin:])
        if begin is None:
            if not self._not_thought:
                return logits
            # Anything else may be thought. With these, there would be no answer by the grammar.
            return _masked(logits, ~_only(self._not_thought, logits.shape[-1]))
        allowed = self._allowed(logits.shape[-1])
        if self._may_think is not None and len(generated) == 0:
            allowed[self._may_think[0]] = True
        return _masked(logits, allowed)

    def _begin(self, generated: Tokens) -> int | None:
        """Returns where the grammar begins; None while it doesn't hold yet."""
        begin = self._end_of_reasoning(generated)
        if begin is None or len(self._trigger) == 0:
            return begin
        end = _end_of_first(self._trigger, generated[begin:])
        return None if end is None else begin + end

    def _end_of_reasoning(self, generated: Tokens) -> int | None:
        """Returns where the answer begins; None while the model thinks."""
        if self._may_think is not None and len(generated) > 0:
            start, end = self._may_think
            if generated[0] == start:
                return _end_of_first(np.array(end, np.uint32), generated)
        return _end_of_first(self._begin_after, generated)

    def _follow(self, tokens: Tokens) -> None:
        """Moves the matcher to the end of `tokens`, or as far as the grammar goes."""
        length = min(len(tokens), len(self._seen))
        differing = np.flatnonzero(tokens[:length] != self._seen[:length])
        kept = int(differing[0]) if len(differing) else length
        if kept < self._taken:
            self._rewind(tokens[:kept].tolist())
        self._seen = tokens
        rest: list[int] = tokens[self._taken :].tolist()
        end = next((i for i, t in enumerate(rest) if t in self._end_of_text), len(rest))
        if end > 0 and not self._matcher.is_stopped():
            self._taken += self._matcher.try_consume_tokens(rest[:end])
        self._check()

    def _rewind(self, tokens: list[int]) -> None:
        """Takes the matcher back to the end of `tokens`, with which its text begins."""
        if not self._matcher.rollback(self._taken - len(tokens)):
            self._matcher = self._grammar.deep_copy()
            self._matcher.consume_tokens(tokens)
        self._taken = len(tokens)

    def _allowed(self, width: int) -> NDArray[np.bool_]:
        """Returns which of the model's `width` tokens may come next."""
        if self._taken < len(self._seen):
            return _only(self._end_of_text, width)
        allowed = np.zeros(width, np.bool_)
        packed = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        self._check()
        bits = np.unpackbits(packed, bitorder="little", count=min(width, 8 * len(packed)))
        allowed[: len(bits)] = bits
        if not bits.any():
            raise EngineError("INVALID_REQUEST", "The model has no token that the grammar allows.")
        return allowed

    def _check(self) -> None:
        if self._matcher.is_error():
            reason = self._matcher.get_error().replace("<non-verbose/>", "").strip()
            raise EngineError(
                "INVALID_REQUEST",
                f"The grammar can't be followed past token {self._taken}: {reason}.",
            )


def _only(tokens: Collection[int], width: int) -> NDArray[np.bool_]:
    """Returns which of the model's `width` tokens are in `tokens`."""
    found = np.zeros(width, np.bool_)
    found[[token for token in tokens if token < width]] = True
    return found


def _masked(logits: mx.array, allowed: NDArray[np.bool_]) -> mx.array:
    # MLX's types lack the arrays of NumPy.
    mask = mx.array(allowed)  # pyright: ignore[reportArgumentType]
    return mx.where(mask, logits, mx.array(-mx.inf, logits.dtype))


def _end_of_first(needle: Tokens, tokens: Tokens) -> int | None:
    """Returns where the first `needle` in `tokens` ends; 0 if it is empty, None without one."""
    size = len(needle)
    if size == 0:
        return 0
    for last in np.flatnonzero(tokens[size - 1 :] == needle[-1]) + size:
        if np.array_equal(tokens[last - size : last], needle):
            return int(last)
    return None
