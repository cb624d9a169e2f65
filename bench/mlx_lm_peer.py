"""Runs mlx-lm: loads a model once, then answers each request on standard input with measurements.

A request has `how` (`stream_generate` for one prompt, or `batch` for mlx-lm's BatchGenerator),
`prompts` and `maxTokens`. Prompts are tokenised and answers detokenised, as in any application.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import mlx.core as mx
from mlx_lm import load, stream_generate
from mlx_lm.generate import BatchGenerator

mx.set_default_device(mx.cpu)
model, tokenizer = load(sys.argv[1])


def one(prompts: list[str], max_tokens: int) -> Iterator[int]:
    """Gives the number of the stream for each token."""
    for _ in stream_generate(model, tokenizer, prompts[0], max_tokens=max_tokens):
        yield 0


def batch(prompts: list[str], max_tokens: int) -> Iterator[int]:
    """Gives the number of the stream for each token."""
    generator = BatchGenerator(model, stop_tokens=[[token] for token in tokenizer.eos_token_ids])
    uids = generator.insert(
        [tokenizer.encode(prompt) for prompt in prompts],
        max_tokens=[max_tokens] * len(prompts),
    )
    streams = {uid: number for number, uid in enumerate(uids)}
    # Each access creates a new detokeniser.
    texts = dict(zip(uids, (tokenizer.detokenizer for _ in uids), strict=True))
    going = len(uids)
    while going:
        _, responses = generator.next()
        for response in responses:
            texts[response.uid].add_token(response.token)
            _ = texts[response.uid].last_segment
            going -= response.finish_reason is not None
            yield streams[response.uid]
    generator.close()


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Runs a request. All times are milliseconds since its start."""
    run = batch if request["how"] == "batch" else one
    streams: list[list[float]] = [[] for _ in request["prompts"]]
    started = time.perf_counter()
    for stream in run(request["prompts"], request["maxTokens"]):
        streams[stream].append((time.perf_counter() - started) * 1000)
    total = (time.perf_counter() - started) * 1000
    return {
        "totalMs": total,
        "streams": [
            {"firstMs": times[0], "lastMs": times[-1], "tokens": len(times)} for times in streams
        ],
    }


print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(measure(json.loads(line))), flush=True)
