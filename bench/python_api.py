"""Runs mlx-app's MLXEngine and mlx-lm's stream_generate in one process, with the same model.

Each line of standard input is a request: `side` (`engine` or `mlx_lm`), `prompts`, `maxTokens`, and
whether the prompts run `together` or one after another. mlx_lm can only do the latter.
"""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mlx.core as mx
from mlx_lm import load, stream_generate

from mlx_app import MLXEngine

mx.set_default_device(mx.cpu)
path = sys.argv[1]
model, tokenizer = load(path)
engine = MLXEngine(path, device="cpu")
engine.load_model()


def texts(side: str, prompt: str, max_tokens: int) -> Iterator[str]:
    """Gives the text of each token."""
    if side == "engine":
        yield from engine.generate(prompt, max_tokens=max_tokens, prompt_cache=False)
        return
    for response in stream_generate(model, tokenizer, prompt, max_tokens=max_tokens):
        yield response.text


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Runs a request. All times are milliseconds since its start."""
    started = time.perf_counter()

    def stream(prompt: str) -> dict[str, Any]:
        times = [
            (time.perf_counter() - started) * 1000
            for _ in texts(request["side"], prompt, request["maxTokens"])
        ]
        tokens = request["maxTokens"]
        return {"firstMs": times[0], "lastMs": times[-1], "tokens": tokens}

    if request["together"]:
        with ThreadPoolExecutor(len(request["prompts"])) as threads:
            streams = list(threads.map(stream, request["prompts"]))
    else:
        streams = [stream(prompt) for prompt in request["prompts"]]
    return {"totalMs": (time.perf_counter() - started) * 1000, "streams": streams}


print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(measure(json.loads(line))), flush=True)
