"""The loop on MLX's thread: take what came in, step each batch once, send what came out."""

import argparse
import os
import queue
import sys
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import mlx.core as mx
import msgspec

from ..errors import EngineError, from_exception
from ..locate import on_disk
from ..protocol import (
    PROTOCOL_VERSION,
    Cancel,
    Done,
    Event,
    Failure,
    Generate,
    Load,
    Loaded,
    Models,
    ModelsReport,
    Piece,
    Progress,
    Ready,
    Request,
    Status,
    StatusReport,
    Tokens,
    Unload,
    Unloaded,
)
from .calls import Call
from .channel import Channel, TooLong
from .loading import Loading
from .serving import Serving

Task = Callable[[], None]


def run(channel: Channel, arguments: Sequence[str]) -> None:
    """Serves until standard input ends."""
    options = _options(arguments)
    if options.device == "gpu" and not mx.is_available(mx.gpu):
        channel.end("MLX_NOT_WORKING", "MLX finds no GPU on this machine.")
    if options.device != "auto":
        mx.set_default_device(mx.gpu if options.device == "gpu" else mx.cpu)
    worker = Worker(channel, options.models)
    try:
        worker.serve()
    except Exception:
        traceback.print_exc()
        channel.end("INTERNAL", f"The worker failed: {traceback.format_exc(limit=-1)}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mlx_app.worker", description=__doc__)
    parser.add_argument("--device", choices=("auto", "gpu", "cpu"), default="auto")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    return parser.parse_args(arguments)


class Worker:
    """Everything that happens on MLX's thread."""

    def __init__(self, channel: Channel, models_directory: Path) -> None:
        self._channel = channel
        self._models_directory = models_directory
        self._encoder = msgspec.json.Encoder()
        self._decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
        self._serving: dict[str, Serving] = {}
        self._loading: dict[str, Loading] = {}
        # Calls that the engine waits for, wherever they are.
        self._calls: dict[int, Call] = {}
        self._steps = 0
        # For what would hold up the batch: tokenising, disks, the network.
        self._aside = ThreadPoolExecutor(max_workers=4, thread_name_prefix="aside")

    def serve(self) -> None:
        """Loops for good; the channel ends the process when standard input ends."""
        self._send(
            Ready(
                protocol=PROTOCOL_VERSION,
                pid=os.getpid(),
                python=sys.version.split()[0],
                mlx=version("mlx"),
                mlx_lm=version("mlx-lm"),
                device="gpu" if mx.default_device().type == mx.DeviceType.gpu else "cpu",
            )
        )
        while True:
            self._take_all(wait=not self._busy())
            self._step_batches()
            self._read_weights()

    def _busy(self) -> bool:
        return any(serving.active for serving in self._serving.values()) or any(
            loading.weights for loading in self._loading.values()
        )

    def _take_all(self, *, wait: bool) -> None:
        """Handles all that has arrived; waits for the first of it if there is nothing else to
        do.
        """
        while True:
            try:
                item = self._channel.inbox.get(block=wait)
            except queue.Empty:
                return
            wait = False
            if callable(item):
                item()
            else:
                self._take_line(item)

    def _take_line(self, line: object) -> None:
        if not isinstance(line, bytes):
            assert isinstance(line, TooLong)
            self._refuse(None, "A line is over the protocol's limit.")
            return
        try:
            request = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._refuse(_id_of(line), f"Not understood: {error}")
            return
        if isinstance(request, Generate | Load) and self._in_use(request.id):
            self._refuse(request.id, f"The id {request.id} is in use.")
            return
        try:
            self._take(request)
        except EngineError as error:
            self._fail(request.id, error)

    def _in_use(self, call_id: int | None) -> bool:
        loading = any(call_id in loading.loads for loading in self._loading.values())
        return loading or call_id in self._calls

    def _refuse(self, call_id: int | None, message: str) -> None:
        """Answers a wrong line, without its id where that would end another call."""
        known = None if self._in_use(call_id) else call_id
        self._fail(known, EngineError("INVALID_REQUEST", message))

    def _take(self, request: Request) -> None:
        match request:
            case Generate():
                self._generate(request)
            case Load():
                self._load(request)
            case Cancel():
                self._cancel(request.id)
            case Unload():
                self._unload(request)
            case Status():
                self._send(self._status(request.id))
            case Models():
                self._in_background(request.id, lambda: self._report_models(request.id))

    # Generation

    def _generate(self, request: Generate) -> None:
        if (request.prompt is None) == (request.messages is None):
            raise EngineError("INVALID_REQUEST", "Give either prompt or messages.")
        call = Call(request)
        self._calls[call.id] = call
        serving = self._serving.get(request.model)
        if serving is not None:
            self._tokenise(serving, call)
            return
        loading = self._loading.get(request.model)
        if loading is None:
            loading = Loading(request.model, None, may_download=False)
            self._start_loading(loading)
        loading.calls.append(call)

    def _tokenise(self, serving: Serving, call: Call) -> None:
        def work() -> None:
            prompt = serving.tokenise(call)
            self._later(lambda: self._insert(serving, call, prompt))

        self._in_background(call.id, work)

    def _insert(self, serving: Serving, call: Call, prompt: list[int]) -> None:
        # It may have been cancelled, or its model unloaded, in the meantime.
        if self._calls.get(call.id) is not call or self._serving.get(serving.name) is not serving:
            return
        try:
            serving.insert(call, prompt)
        except Exception as error:
            self._fail(call.id, from_exception(error, "starting the call"))

    def _cancel(self, call_id: int) -> None:
        call = self._calls.pop(call_id, None)
        if call is not None:
            for serving in self._serving.values():
                serving.remove(call)
        for loading in list(self._loading.values()):
            if call in loading.calls:
                loading.calls.remove(call)
            if call_id in loading.loads:
                loading.loads.remove(call_id)
            if not loading.wanted:
                loading.stop.set()
                del self._loading[loading.name]

    def _step_batches(self) -> None:
        for serving in list(self._serving.values()):
            if serving.active:
                self._step(serving)

    def _step(self, serving: Serving) -> None:
        pieces: list[Piece] = []
        ends: list[Done] = []
        try:
            for call, text, end in serving.step():
                if isinstance(end, EngineError):
                    self._fail(call.id, end)
                    continue
                if text:
                    pieces.append(Piece(id=call.id, text=text))
                if end is not None:
                    ends.append(end)
            self._steps += 1
        except Exception as error:
            traceback.print_exc()
            for call in serving.reset():
                self._fail(call.id, from_exception(error, f"generating with {serving.name}"))
        if pieces:
            self._send(Tokens(pieces=pieces))
        for done in ends:
            del self._calls[done.id]
            self._send(done)

    # Models

    def _load(self, request: Load) -> None:
        serving = self._serving.get(request.model)
        if serving is not None:
            self._send(Loaded(id=request.id, model=serving.describe()))
            return
        loading = self._loading.get(request.model)
        if loading is not None and (loading.may_download or not request.download):
            loading.loads.append(request.id)
            return
        if loading is not None:
            # A call started it without download; this one brings the permission.
            replacement = Loading.of(request)
            replacement.loads += loading.loads
            replacement.calls = loading.calls
            loading.stop.set()
            loading = replacement
        else:
            loading = Loading.of(request)
        self._start_loading(loading)

    def _start_loading(self, loading: Loading) -> None:
        self._loading[loading.name] = loading

        def on_bytes(loaded: int, total: int) -> None:
            self._later(lambda: self._progress(loading, "download", loaded, total))

        def work() -> None:
            try:
                path = loading.find(self._models_directory, on_bytes)
            except Exception as error:
                failure = from_exception(error, f"looking for {loading.name}")
                self._later(lambda: self._fail_loading(loading, failure))
                return
            if path is not None:
                self._later(lambda: self._begin(loading, path))

        self._aside.submit(work)

    def _begin(self, loading: Loading, path: Path) -> None:
        if self._loading.get(loading.name) is not loading:
            return
        try:
            loading.begin(path)
        except EngineError as error:
            self._fail_loading(loading, error)

    def _read_weights(self) -> None:
        """Brings one piece of each model that is being loaded into memory."""
        for loading in list(self._loading.values()):
            if loading.weights is None or loading.model is None:
                continue
            try:
                loaded = next(loading.weights, None)
            except Exception as error:
                self._fail_loading(loading, from_exception(error, f"loading {loading.name}"))
                continue
            if loaded is not None:
                self._progress(loading, "load", loaded, loading.model.total_bytes)
            else:
                self._finish_loading(loading, Serving(loading.name, loading.model))

    def _finish_loading(self, loading: Loading, serving: Serving) -> None:
        del self._loading[loading.name]
        self._serving[loading.name] = serving
        for load_id in loading.loads:
            self._send(Loaded(id=load_id, model=serving.describe()))
        for call in loading.calls:
            self._tokenise(serving, call)

    def _fail_loading(self, loading: Loading, error: EngineError) -> None:
        if self._loading.get(loading.name) is not loading:
            return
        del self._loading[loading.name]
        for waiting in [*loading.loads, *(call.id for call in loading.calls)]:
            self._fail(waiting, error)

    def _progress(
        self, loading: Loading, stage: Literal["download", "load"], loaded: int, total: int
    ) -> None:
        for load_id in loading.loads:
            self._send(
                Progress(
                    id=load_id,
                    stage=stage,
                    loaded_bytes=loaded,
                    total_bytes=total,
                )
            )

    def _unload(self, request: Unload) -> None:
        names = list(self._serving) if request.model is None else [request.model]
        unloaded = [name for name in names if name in self._serving]
        for name in unloaded:
            self._serving.pop(name).close()
            for call in [call for call in self._calls.values() if call.request.model == name]:
                self._fail(call.id, EngineError("ABORTED", f"{name} was unloaded."))
        mx.clear_cache()
        self._send(Unloaded(id=request.id, models=unloaded))

    # News

    def _status(self, call_id: int) -> StatusReport:
        active = sum(serving.active for serving in self._serving.values())
        return StatusReport(
            id=call_id,
            models=[serving.describe() for serving in self._serving.values()],
            active=active,
            queued=len(self._calls) - active,
            memory_bytes=mx.get_active_memory(),
            cache_bytes=mx.get_cache_memory(),
            peak_memory_bytes=mx.get_peak_memory(),
            memory_limit_bytes=0,
            prompt_cache_bytes=0,
            steps=self._steps,
        )

    def _report_models(self, call_id: int) -> None:
        report = ModelsReport(id=call_id, models=list(on_disk(self._models_directory)))
        self._later(lambda: self._send(report))

    def _in_background(self, call_id: int, work: Task) -> None:
        """Runs work beside this thread; what it raises ends the call."""

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                failure = from_exception(error, "preparing the call")
                self._later(lambda: self._fail(call_id, failure))

        self._aside.submit(guarded)

    def _later(self, task: Task) -> None:
        """Runs a task on this thread, between two steps."""
        self._channel.inbox.put(task)

    def _fail(self, call_id: int | None, error: EngineError) -> None:
        if call_id is not None:
            self._calls.pop(call_id, None)
        self._send(Failure(id=call_id, code=error.code, message=error.message, hint=error.hint))

    def _send(self, event: Event) -> None:
        self._channel.send(self._encoder.encode(event))


def _id_of(line: bytes) -> int | None:
    """The id of a request that is wrong in something else, so that its caller learns of it."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None
