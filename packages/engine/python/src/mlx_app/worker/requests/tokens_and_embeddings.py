"""Requests with a single answer: token counts, texts of tokens, embeddings."""

from collections.abc import Callable, Iterator

from ...errors import EngineError, from_exception
from ...models.embeddings import EmbeddingModel, no_embeddings_error
from ...protocol import (
    Detokenise,
    Detokenised,
    Embed,
    Embeddings,
    Event,
    Tokenise,
    Tokenised,
)
from ..background import Background
from ..io.outbox import Outbox
from ..model_pool.model_manager import ModelManager
from ..model_pool.waiter import ModelWaiter
from ..runner.call import ModelKey
from ..runner.model_runner import ModelRunner
from ..watchdog import Pulse


class TokenAndEmbeddingRequests:
    """Used on MLX's thread only."""

    def __init__(
        self, outbox: Outbox, background: Background, models: ModelManager, pulse: Pulse
    ) -> None:
        self._outbox = outbox
        self._background = background
        self._models = models
        self._pulse = pulse
        self._ids: set[int] = set()
        # The runner of each request that has one.
        self._runners: dict[int, ModelRunner] = {}
        # Embeddings in pieces, one between two steps; the event comes with the last.
        self._jobs: dict[int, Iterator[Event | None]] = {}

    def __contains__(self, call_id: int) -> bool:
        return call_id in self._ids

    @property
    def busy(self) -> bool:
        """Whether there is work for MLX."""
        return bool(self._jobs)

    def cancel(self, call_id: int) -> None:
        """Ends a request without an event."""
        self._end(call_id)

    def tokenise(self, request: Tokenise) -> None:
        """Answers with the token ids of a prompt."""
        self._with_model(
            request.id,
            request.model,
            lambda runner: self._in_background(
                request,
                lambda: _tokenised(
                    request, runner.input_processor.tokens(runner.defaults.fill(request))
                ),
            ),
        )

    def detokenise(self, request: Detokenise) -> None:
        """Answers with the text of token ids."""
        self._with_model(
            request.id,
            request.model,
            lambda runner: self._in_background(
                request,
                lambda: Detokenised(
                    id=request.id, text=runner.input_processor.text(request.tokens)
                ),
            ),
        )

    def embed(self, request: Embed) -> None:
        """Answers with a vector for each text."""

        def start(runner: ModelRunner) -> None:
            if runner.loaded.embedding is None:
                raise no_embeddings_error(request.model)
            self._background.submit_for(
                request, lambda: self._guarded(request.id, lambda: tokenise(runner))
            )

        def tokenise(runner: ModelRunner) -> None:
            texts = runner.input_processor.texts(request.inputs)
            self._background.later(lambda: self._start_job(request.id, runner, texts))

        self._with_model(request.id, request.model, start)

    def advance(self) -> None:
        """Computes one piece of each job."""
        for call_id, pieces in list(self._jobs.items()):
            try:
                event = next(pieces)
            except Exception as error:
                self._fail(call_id, from_exception(error, "embedding"))
                continue
            self._pulse.step()
            if event is not None:
                self._answer(call_id, event)

    def on_unload(self, runner: ModelRunner, reason: str) -> None:
        """Fails the requests of a model that is being unloaded."""
        for call_id, used in list(self._runners.items()):
            if used is runner:
                self._fail(call_id, EngineError("ABORTED", reason))

    def _with_model(self, call_id: int, model: str, then: Callable[[ModelRunner], None]) -> None:
        self._ids.add(call_id)

        def ready(runners: list[ModelRunner]) -> None:
            if call_id not in self._ids:
                return
            self._runners[call_id] = runners[0]
            runners[0].acquire()
            try:
                then(runners[0])
            except EngineError as error:
                self._fail(call_id, error)

        self._models.wait_for(
            ModelWaiter(
                call_id, (ModelKey(model),), ready, lambda error: self._fail(call_id, error)
            )
        )

    def _in_background(self, request: Tokenise | Detokenise, work: Callable[[], Event]) -> None:
        def answer() -> None:
            event = work()
            self._background.later(lambda: self._answer(request.id, event))

        self._background.submit_for(request, lambda: self._guarded(request.id, answer))

    def _guarded(self, call_id: int, work: Callable[[], None]) -> None:
        """Runs work on another thread than MLX's; what it raises fails the request."""
        try:
            work()
        except Exception as error:
            failure = from_exception(error, "processing the input")
            self._background.later(lambda: self._fail(call_id, failure))

    def _start_job(self, call_id: int, runner: ModelRunner, texts: list[list[int]]) -> None:
        embedding = runner.loaded.embedding
        if call_id in self._ids and embedding is not None:
            self._jobs[call_id] = _embeddings(call_id, embedding, texts)

    def _answer(self, call_id: int, event: Event) -> None:
        if self._end(call_id):
            self._outbox.send(event)

    def _fail(self, call_id: int, error: EngineError) -> None:
        if self._end(call_id):
            self._outbox.fail(call_id, error)

    def _end(self, call_id: int) -> bool:
        """Forgets a request; returns whether it was there."""
        self._jobs.pop(call_id, None)
        runner = self._runners.pop(call_id, None)
        if runner is not None:
            runner.release()
        known = call_id in self._ids
        self._ids.discard(call_id)
        return known


def _tokenised(request: Tokenise, tokens: list[int]) -> Tokenised:
    shown = [] if request.count_only else tokens
    return Tokenised(id=request.id, tokens=shown, count=len(tokens))


def _embeddings(
    call_id: int, embedding: EmbeddingModel, texts: list[list[int]]
) -> Iterator[Event | None]:
    found: dict[int, list[float]] = {}
    for piece in embedding.pieces(texts):
        found.update(piece)
        yield None
    yield Embeddings(
        id=call_id,
        vectors=[found[place] for place in range(len(texts))],
        prompt_tokens=sum(map(len, texts)),
    )
