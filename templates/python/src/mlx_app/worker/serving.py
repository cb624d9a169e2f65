"""One loaded model and the calls that it serves."""

import threading
from collections.abc import Iterator
from typing import Any

import mlx.core as mx

from ..errors import EngineError, from_exception
from ..mlx_lm_adapter.batch import Batch
from ..mlx_lm_adapter.sampling import Processor, Sampler, greedy
from ..protocol import Done, LoadedModel
from ..sampling import check_tokens, make_processors, make_sampler
from ..weights import ReadModel
from .calls import Call


class Serving:
    """Steps the batch of one model. Used on MLX's thread only, but for `tokenise`."""

    def __init__(self, name: str, model: ReadModel) -> None:
        self.name = name
        self._model = model
        self._batch = Batch(model.network, model.tokenizer)
        self._calls: dict[int, Call] = {}
        self._uids: dict[int, int] = {}
        self._tokeniser_lock = threading.Lock()

    @property
    def active(self) -> int:
        """Calls in the batch."""
        return len(self._calls)

    def describe(self) -> LoadedModel:
        """What the protocol tells of a model in memory."""
        return LoadedModel(
            model=self.name,
            adapter=None,
            path=str(self._model.path),
            memory_bytes=self._model.total_bytes,
            context_tokens=self._model.context_tokens,
            capabilities=[],
            pinned=False,
            active=self.active,
        )

    def tokenise(self, call: Call) -> list[int]:
        """Token ids of the call's prompt; runs on any thread, since a long text takes long.

        Raises EngineError INVALID_REQUEST where the template refuses the messages,
        CONTEXT_LENGTH_EXCEEDED.
        """
        request = call.request
        tokenizer = self._model.tokenizer
        check_tokens(request, self._model.vocabulary)
        try:
            # The tokenizers share state that only one thread may touch.
            with self._tokeniser_lock:
                if request.messages is not None:
                    messages: list[dict[str, Any]] = [
                        {"role": m.role, "content": m.content} for m in request.messages
                    ]
                    tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
                else:
                    tokens = tokenizer.encode(request.prompt or "")
        except Exception as error:
            raise EngineError(
                "INVALID_REQUEST", f"{self.name} can't read this prompt: {error}"
            ) from error
        if not tokens:
            raise EngineError("INVALID_REQUEST", "The prompt has no tokens.")
        context = self._model.context_tokens
        if context is not None and len(tokens) >= context:
            raise EngineError(
                "CONTEXT_LENGTH_EXCEEDED",
                f"The prompt has {len(tokens)} tokens; {self.name} takes {context} in all.",
            )
        return tokens

    def insert(self, call: Call, prompt: list[int]) -> None:
        """Puts a call into the batch."""
        context = self._model.context_tokens
        most = call.request.max_tokens
        if context is not None:
            most = min(most, context - len(prompt))
        call.insert(prompt, self._model.tokenizer)
        model = self._model
        sampler = make_sampler(call.request, model.vocabulary, model.xtc_exceptions)
        processors = make_processors(call.request)
        uid = self._batch.insert(
            prompt,
            most,
            _guarded_sampler(sampler, call),
            [_guarded_processor(processor, call) for processor in processors],
        )
        self._calls[uid] = call
        self._uids[call.id] = uid

    def remove(self, call: Call) -> None:
        """Takes a call out of the batch, if it is there."""
        if call.id in self._uids:
            self._drop(call, in_batch=True)

    def step(self) -> Iterator[tuple[Call, str, Done | EngineError | None]]:
        """One step of the batch: for each call that got a token its new text and, if it ended,
        how.
        """
        for token in self._batch.step():
            call = self._calls.get(token.uid)
            if call is None:
                continue
            if call.error is not None:
                self._drop(call, in_batch=token.finish_reason is None)
                yield call, "", from_exception(call.error, "sampling")
                continue
            text, done = call.take(token)
            if done is not None:
                self._drop(call, in_batch=token.finish_reason is None)
            yield call, text, done

    def reset(self) -> list[Call]:
        """Forgets the batch after a failure of the whole step; gives the calls that it held."""
        calls = list(self._calls.values())
        self._calls.clear()
        self._uids.clear()
        self._batch.close()
        self._batch = Batch(self._model.network, self._model.tokenizer)
        return calls

    def close(self) -> None:
        """Ends the batch; the calls in it get nothing more."""
        self._calls.clear()
        self._uids.clear()
        self._batch.close()

    def _drop(self, call: Call, *, in_batch: bool) -> None:
        uid = self._uids.pop(call.id)
        del self._calls[uid]
        if in_batch:
            self._batch.remove([uid])


def _guarded_sampler(sampler: Sampler, call: Call) -> Sampler:
    """A sampler whose failure is that of its own call: without this it would end everyone's
    batch.
    """
    if sampler is greedy:
        return sampler

    def sample(logprobs: mx.array, /) -> mx.array:
        try:
            return sampler(logprobs)
        except Exception as error:  # whatever it is, it belongs to this call
            call.error = error
            return greedy(logprobs)

    return sample


def _guarded_processor(processor: Processor, call: Call) -> Processor:
    """The same for a processor: the logits stay as they were, and the call fails after the step."""

    def process(tokens: mx.array, logits: mx.array, /) -> mx.array:
        try:
            return processor(tokens, logits)
        except Exception as error:  # whatever it is, it belongs to this call
            call.error = error
            return logits

    return process
