"""Runs the worker with the options of its command line."""

import argparse
import logging
import os
import traceback
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..errors import EngineError
from ..memory import memory_limit
from ..mlx_device import use_device
from ..mlx_lm_adapter.models import wire_memory
from ..protocol import Heartbeat, WorkerSettings
from .io.channel import Channel
from .watchdog import Watchdog, stall_message, tick_seconds
from .worker import Worker


def run(channel: Channel, arguments: Sequence[str]) -> None:
    """Serves requests until standard input ends, which ends the process."""
    options = _options(arguments)
    try:
        use_device(options.device)
    except EngineError as error:
        channel.end(error.code, error.message)
    wire_memory()
    # On standard error, which the engine passes on to onLog.
    logging.basicConfig(format="%(message)s")
    logging.getLogger("mlx_app").setLevel(logging.INFO)
    encoder = msgspec.json.Encoder()
    worker = Worker(
        channel.inbox,
        lambda event: channel.send(encoder.encode(event)),
        models_directory=options.models,
        model_folders=options.model_folder,
        memory_limit=memory_limit(options.memory_limit),
        prompt_cache_bytes=options.prompt_cache,
        queue_limit=options.queue_limit,
        idle_seconds=options.idle_unload,
        settings=options.settings,
    )
    bound = options.stall_timeout

    def on_tick(stalled: float) -> None:
        if stalled >= bound:
            channel.end("WORKER_STALLED", stall_message(bound))
        heartbeat = Heartbeat(stalled_ms=stalled * 1000, last_step_at=worker.pulse.last_step_at)
        channel.send(encoder.encode(heartbeat))

    Watchdog(
        worker.pulse,
        is_idle=lambda: worker.idle,
        on_tick=on_tick,
        tick_seconds=tick_seconds(bound),
    ).start()
    try:
        worker.serve()
    except Exception:
        traceback.print_exc()
        channel.end("INTERNAL", f"The worker failed: {traceback.format_exc(limit=-1)}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mlx_app.worker", description=__doc__)
    device = os.environ.get("MLX_DEVICE") or "auto"
    parser.add_argument("--device", choices=("auto", "gpu", "cpu"), default=device)
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of models")
    parser.add_argument(
        "--model-folder", type=Path, action="append", default=[], help="a model elsewhere"
    )
    parser.add_argument("--memory-limit", type=int, help="bytes for models, caches and calls")
    parser.add_argument("--prompt-cache", type=int, help="bytes for the prompt cache of each model")
    parser.add_argument("--queue-limit", type=int, default=1024, help="most calls that may wait")
    parser.add_argument(
        "--idle-unload", type=float, help="seconds without use after which a model is unloaded"
    )
    parser.add_argument(
        "--stall-timeout",
        type=float,
        default=60,
        help="seconds without a step after which a worker that has work ends",
    )
    parser.add_argument(
        "--settings",
        type=msgspec.json.Decoder(WorkerSettings).decode,
        help="settings of models as JSON, as WorkerSettings of the protocol",
    )
    return parser.parse_args(arguments)
