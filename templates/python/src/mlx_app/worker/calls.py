"""What the worker knows of one call for a text."""

import time
from collections.abc import Sequence
from typing import Literal

from ..mlx_lm_adapter.batch import Token
from ..mlx_lm_adapter.models import Detokenizer, Tokenizer
from ..protocol import Done, Generate, Usage, WorkerTimings
from ..stop_text import StopText


class Call:
    """One Generate request on its way: waiting, in prefill, decoding."""

    def __init__(self, request: Generate) -> None:
        self.request = request
        self.id = request.id
        self.received = time.perf_counter()
        # Set by a sampler that raised; the call is failed after the step.
        self.error: Exception | None = None
        self._inserted = self._first = self._last = 0.0
        self._prompt_tokens = 0
        self._completion_tokens = 0
        self._stop = StopText(request.stop)
        self._detokenizer: Detokenizer | None = None

    def insert(self, prompt: Sequence[int], tokenizer: Tokenizer) -> None:
        """Notes that the call goes to the batch now."""
        self._inserted = time.perf_counter()
        self._prompt_tokens = len(prompt)
        self._detokenizer = tokenizer.detokenizer

    def take(self, token: Token) -> tuple[str, Done | None]:
        """Takes the next token: the text to show now, and the call's end if this was its last."""
        now = time.perf_counter()
        self._first = self._first or now
        self._last = now
        self._completion_tokens += 1
        detokenizer = self._detokenizer
        assert detokenizer is not None  # insert() came first
        # The end-of-text token is not text.
        if token.finish_reason != "stop":
            detokenizer.add_token(token.token)
        if token.finish_reason:
            detokenizer.finalize()
        text, stopped = self._stop.feed(detokenizer.last_segment)
        if stopped:
            return text, self._done("stop")
        if token.finish_reason:
            return text + self._stop.flush(), self._done(token.finish_reason)
        return text, None

    def _done(self, reason: Literal["stop", "length"]) -> Done:
        return Done(
            id=self.id,
            finish_reason=reason,
            usage=Usage(
                prompt_tokens=self._prompt_tokens,
                cached_tokens=0,
                completion_tokens=self._completion_tokens,
                reasoning_tokens=0,
                draft_tokens=0,
            ),
            timings=WorkerTimings(
                queue_ms=(self._inserted - self.received) * 1000,
                prompt_ms=(self._first - self._inserted) * 1000,
                generation_ms=(self._last - self._first) * 1000,
            ),
        )
