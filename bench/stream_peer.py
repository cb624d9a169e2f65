"""mlx-lm as its documentation shows it: load once, then stream_generate for each line on standard input."""

import json
import sys
import time

import mlx.core as mx
from mlx_lm import load, stream_generate

mx.set_default_device(mx.cpu)
model, tokenizer = load(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    started = time.perf_counter()
    first = last = 0.0
    tokens = 0
    for _ in stream_generate(
        model, tokenizer, request["prompt"], max_tokens=request["maxTokens"]
    ):
        last = time.perf_counter()
        first = first or last
        tokens += 1
    result = {
        "ttftMs": (first - started) * 1000,
        "tokensPerSecond": (tokens - 1) / (last - first),
        "tokens": tokens,
    }
    print(json.dumps(result), flush=True)
