"""One sequence of a call: from tokens to what its caller sees."""

import time
from dataclasses import dataclass
from typing import Literal

from ...decoding.logprobs import token_logprob
from ...decoding.output_parser import Output, OutputParser
from ...mlx_lm_adapter.batch import Token
from ...mlx_lm_adapter.sampling import Processor, Sampler
from ...mlx_lm_adapter.text import continuing_detokenizer
from ...models.text_model import TextModel
from ...protocol import Generate, Piece
from ...tools.call_limits import CallLimits

FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True)
class SequenceUpdate:
    """What one token added to a sequence, and why the sequence ended if it was the last one."""

    piece: Piece | None
    finish_reason: FinishReason | None
    # The stop string that ended the sequence.
    stop_string: str | None = None


class SequenceState:
    """The tokens of one sequence so far, and what its caller has seen of them."""

    def __init__(
        self, request: Generate, index: int, model: TextModel, parser: OutputParser
    ) -> None:
        self.index = index
        # Set by a sampler or a processor that raised; the call fails after the step.
        self.error: Exception | None = None
        self.ended = False
        # The decoded tokens.
        self.tokens: list[int] = []
        # Made once: they hold random numbers and positions in a grammar.
        self.sampling: tuple[Sampler, list[Processor]] | None = None
        self.reasoning_tokens = 0
        self.draft_tokens = 0
        # time.perf_counter() of its first and its last token.
        self.first = self.last = 0.0
        self._request = request
        # Its whole text with all markers, and the tokens of that; set at its end, unless it ended
        # in the middle of a token. Calls beyond the limit are left out.
        self.generated: tuple[str, list[int]] | None = None
        # The same up to the last call that was taken.
        self._until_call: tuple[str, list[int]] | None = None
        self._segments: list[str] = []
        self._token_texts = model.token_texts
        # The text of a raw prompt goes on with the answer, and a format describes every character.
        # In a chat, a space before the first word is not part of the answer.
        if request.prompt is not None or request.response_format is not None:
            self._detokenizer = continuing_detokenizer(model.tokenizer, model.letter)
        else:
            self._detokenizer = model.tokenizer.detokenizer
        self._parser = parser
        self._calls = CallLimits(request)
        self._vocabulary = len(model.tokenizer)

    def add(self, token: Token) -> SequenceUpdate:
        """Adds the next token."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.tokens.append(token.token)
        self.draft_tokens += token.from_draft
        self.reasoning_tokens += self._parser.state == "reasoning"
        # The end-of-text token is not text; nor are tokens beyond the vocabulary, for which some
        # models have room.
        if token.finish_reason != "stop" and token.token < self._vocabulary:
            self._detokenizer.add_token(token.token)
        if token.finish_reason:
            self._detokenizer.finalize()
        segment = self._detokenizer.last_segment
        self._segments.append(segment)
        new = self._parser.feed(segment)
        piece = self._piece(new, token)
        if new.tool_calls and piece is not None and len(piece.tool_calls) == len(new.tool_calls):
            self._until_call = self._so_far(token)
        if new.stopped:
            return SequenceUpdate(piece, "stop", new.stopped)
        if self._calls.reached:
            self.generated = self._until_call
            return SequenceUpdate(piece, "tool_calls")
        if not token.finish_reason:
            return SequenceUpdate(piece, None)
        cut_off = token.finish_reason == "length"
        last = self._parser.finish(cut_off=cut_off)
        piece = _joined(piece, self._piece(last, None))
        if last.stopped:
            return SequenceUpdate(piece, "stop", last.stopped)
        self.generated = self._so_far(token)
        called = self._calls.has_called and token.finish_reason == "stop"
        return SequenceUpdate(piece, "tool_calls" if called else token.finish_reason)

    def _so_far(self, token: Token) -> tuple[str, list[int]]:
        """Returns the text up to a token, and its tokens; one that ends the text has none."""
        ended = token.finish_reason == "stop"
        return "".join(self._segments), self.tokens[: -1 if ended else None]

    def _piece(self, new: Output, token: Token | None) -> Piece | None:
        calls = self._calls.take(new.tool_calls)
        alternatives = self._request.logprobs
        logprobs = []
        if token is not None and alternatives is not None:
            logprobs = [token_logprob(token.logprobs, token.token, alternatives, self._token_texts)]
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
