"""A limit on the tokens of reasoning."""

import mlx.core as mx
import numpy as np

from ..errors import EngineError
from ..mlx_lm_adapter.models import Tokenizer
from ..mlx_lm_adapter.sampling import Processor
from ..mlx_lm_adapter.text import StartState, ThinkTokens, has_reasoning, think_tokens


def reasoning_budget(
    tokenizer: Tokenizer, starts_in: StartState, prompt_tokens: int, budget: int
) -> Processor | None:
    """Returns a processor that ends the reasoning after `budget` tokens.

    After that, the model can't start to think again. With a budget of 0, reasoning that the prompt
    opened is closed at once. The last token of the end marker is not counted. Must be the last
    processor, since no other one may forbid what it forces.

    `prompt_tokens` is the number of tokens before the answer in what the processor gets.

    Returns None for a model that does not think. Raises EngineError UNSUPPORTED for a model that
    thinks but has no tokens around its reasoning.
    """
    think = think_tokens(tokenizer)
    if think is not None:
        return _Budget(think, starts_in == "reasoning", prompt_tokens, budget)
    if has_reasoning(tokenizer):
        raise EngineError(
            "UNSUPPORTED", "reasoningTokens: this model does not mark its reasoning by tokens."
        )
    return None


class _Position:
    """The state of a text after some of its tokens."""

    __slots__ = ("matched_end", "matched_start", "spent", "thinking")

    def __init__(self, thinking: bool, spent: int, matched_start: int, matched_end: int) -> None:
        self.thinking = thinking
        self.spent = spent  # tokens of reasoning
        # How many tokens of each marker the text ends with.
        self.matched_start = matched_start
        self.matched_end = matched_end

    def after(self, token: int, think: ThinkTokens) -> "_Position":
        if not self.thinking:
            matched = _match(think.start, self.matched_start, token)
            if matched == len(think.start):
                return _Position(True, self.spent, 0, 0)
            return _Position(False, self.spent, matched, 0)
        matched = _match(think.end, self.matched_end, token)
        if matched == len(think.end):
            return _Position(False, self.spent, 0, 0)
        return _Position(True, self.spent + 1, 0, matched)


class _Budget:
    """Follows a text that grows, or that is taken back and goes on differently."""

    def __init__(self, think: ThinkTokens, thinking: bool, prompt_tokens: int, budget: int) -> None:
        self._think = think
        self._prompt_tokens = prompt_tokens
        self._budget = budget
        self._seen = np.zeros(0, dtype=np.int64)
        # One more than there are seen tokens.
        self._positions = [_Position(thinking, 0, 0, 0)]

    def __call__(self, tokens: mx.array, logits: mx.array, /) -> mx.array:
        position = self._follow(np.array(tokens[self._prompt_tokens :], dtype=np.int64))
        if position.spent < self._budget:
            return logits
        if position.thinking:
            return _only(logits, self._think.end[position.matched_end])
        if position.matched_start == len(self._think.start) - 1:
            return _without(logits, self._think.start[-1])
        return logits

    def _follow(self, now: np.ndarray[tuple[int], np.dtype[np.int64]]) -> _Position:
        """Follows the tokens from where they differ from the last ones."""
        length = min(len(self._seen), len(now))
        differs = np.flatnonzero(self._seen[:length] != now[:length])
        same = int(differs[0]) if len(differs) else length
        del self._positions[same + 1 :]
        for token in now[same:].tolist():
            self._positions.append(self._positions[-1].after(token, self._think))
        self._seen = now
        return self._positions[-1]


def _match(marker: tuple[int, ...], matched: int, token: int) -> int:
    """Returns how many tokens of a marker a text ends with after one more token."""
    ending = (*marker[:matched], token)
    return next(
        (
            length
            for length in range(min(len(ending), len(marker)), 0, -1)
            if ending[-length:] == marker[:length]
        ),
        0,
    )


def _is(logits: mx.array, token: int) -> mx.array:
    if token >= logits.shape[-1]:
        raise ValueError(f"The model gives no probability for its own token {token}.")
    return mx.arange(logits.shape[-1]) == token


def _only(logits: mx.array, token: int) -> mx.array:
    """Returns logits for certainty, even where another processor forbids the token."""
    zero, never = (mx.array(value, dtype=logits.dtype) for value in (0, -mx.inf))
    return mx.broadcast_to(mx.where(_is(logits, token), zero, never), logits.shape)


def _without(logits: mx.array, token: int) -> mx.array:
    return mx.where(_is(logits, token), mx.array(-mx.inf, dtype=logits.dtype), logits)
