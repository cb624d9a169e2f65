"""One of the sequences of a call: from tokens to what its caller sees."""

import time
from dataclasses import dataclass
from typing import Literal

from ...decoding.logprobs import describe
from ...decoding.output_parser import AnswerText, Output
from ...mlx_lm_adapter.batch import Token
from ...mlx_lm_adapter.sampling import Processor, Sampler
from ...models.text_model import ReadModel
from ...protocol import Generate, Piece

FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True)
class Taken:
    """What one token brought: what is new, and how the sequence ended if this was its last."""

    piece: Piece | None
    finish_reason: FinishReason | None
    # What ended it, where that was a stop string.
    stop_string: str | None = None


class Sequence:
    """Takes the tokens of one sequence."""

    def __init__(self, request: Generate, index: int, model: ReadModel, answer: AnswerText) -> None:
        self.index = index
        # Set by a sampler or a processor that raised; the call is failed after the step.
        self.error: Exception | None = None
        self.ended = False
        # What was generated so far.
        self.tokens: list[int] = []
        # Made once: they hold random numbers and places in a grammar.
        self.sampling: tuple[Sampler, list[Processor]] | None = None
        self.reasoning_tokens = 0
        self.draft_tokens = 0
        # time.perf_counter() of its first and its last token.
        self.first = self.last = 0.0
        self._request = request
        self._texts = model.token_texts
        self._detokenizer = model.tokenizer.detokenizer
        self._answer = answer
        self._called = False
        self._vocabulary = len(model.tokenizer)

    def take(self, token: Token) -> Taken:
        """Takes the next token."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.tokens.append(token.token)
        self.draft_tokens += token.from_draft
        self.reasoning_tokens += self._answer.state == "reasoning"
        # The end-of-text token is not text; nor are those that a model has room for beyond its
        # vocabulary.
        if token.finish_reason != "stop" and token.token < self._vocabulary:
            self._detokenizer.add_token(token.token)
        if token.finish_reason:
            self._detokenizer.finalize()
        new = self._answer.feed(self._detokenizer.last_segment)
        piece = self._piece(new, token)
        if new.stopped:
            return Taken(piece, "stop", new.stopped)
        if self._called and not self._request.parallel_tool_calls:
            return Taken(piece, "tool_calls")
        if not token.finish_reason:
            return Taken(piece, None)
        cut_off = token.finish_reason == "length"
        last = self._answer.finish(cut_off=cut_off)
        rest = self._piece(last, None)
        piece = _joined(piece, rest)
        if last.stopped:
            return Taken(piece, "stop", last.stopped)
        called = self._called and token.finish_reason == "stop"
        return Taken(piece, "tool_calls" if called else token.finish_reason)

    def _piece(self, new: Output, token: Token | None) -> Piece | None:
        calls = new.tool_calls
        if not self._request.parallel_tool_calls:
            calls = [] if self._called else calls[:1]
        self._called = self._called or bool(calls)
        alternatives = self._request.logprobs
        logprobs = []
        if token is not None and alternatives is not None:
            logprobs = [describe(token.logprobs, token.token, alternatives, self._texts)]
        if not (new.text or new.reasoning or calls or new.tool_errors or logprobs):
            return None
        return Piece(
            id=self._request.id,
            index=self.index,
            text=new.text,
            reasoning=new.reasoning,
            logprobs=logprobs,
            tool_calls=calls,
            tool_errors=new.tool_errors,
        )


def _joined(first: Piece | None, second: Piece | None) -> Piece | None:
    if first is None or second is None:
        return first or second
    return Piece(
        id=first.id,
        index=first.index,
        text=first.text + second.text,
        reasoning=first.reasoning + second.reasoning,
        logprobs=first.logprobs + second.logprobs,
        tool_calls=first.tool_calls + second.tool_calls,
        tool_errors=first.tool_errors + second.tool_errors,
    )
