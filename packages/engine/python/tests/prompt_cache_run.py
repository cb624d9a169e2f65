"""Runs prompts in one batch of mlx-lm's, with a prompt cache or without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import BatchGenerator, StopSequences

from mlx_app.prompt.prompt_cache import Kind, PromptCache


@dataclass
class Answer:
    """What a prompt got: tokens, the log-probabilities of each, and how many were cached."""

    cached: int
    tokens: list[int] = field(default_factory=list)
    logprobs: list[mx.array] = field(default_factory=list)
    read: int = 0


def run(
    network: nn.Module,
    prompts: Sequence[list[int]],
    prompt_cache: PromptCache | None = None,
    *,
    wanted: Sequence[Mapping[int, Kind]] = (),
    shared: Sequence[int] = (),
    stop: set[int] | None = None,
    max_tokens: int = 10,
) -> list[Answer]:
    """Greedy answers. `wanted` gives for each prompt the boundaries and what ends at each."""
    generator = BatchGenerator(
        network, prefill_step_size=16, stream=mx.default_stream(mx.default_device())
    )
    end = StopSequences([(token,) for token in stop or set()])
    answers: dict[int, Answer] = {}
    kinds: dict[int, dict[int, Kind]] = {}
    for index, prompt in enumerate(prompts):
        ends: Mapping[int, Kind] = wanted[index] if wanted else {}
        cache, count, stops = None, 0, list[int]()
        if prompt_cache is not None:
            found = prompt_cache.find(prompt)
            cache, count = found.cache, found.count
            stops = prompt_cache.boundaries(ends, len(prompt), shared=shared, cached=count)
        cuts = [count, *stops, len(prompt)]
        (uid,) = generator.insert_segments(
            [[prompt[a:b] for a, b in pairwise(cuts)]],
            max_tokens=[max_tokens],
            caches=[cache],
            all_tokens=[prompt[:count]],
            stop_sequences=[end],
        )
        answers[uid] = Answer(count)
        kinds[uid] = {at: ends.get(at, "user") for at in stops}
    left = set(answers)
    while left:
        reading, tokens = generator.next()
        for event in reading:
            answers[event.uid].read = event.progress[1]
            if event.end_of_segment and not event.end_of_prompt and prompt_cache is not None:
                held, read = generator.extract_cache([event.uid])[event.uid]
                if len(read) in kinds[event.uid]:
                    prompt_cache.keep(read, held, kinds[event.uid][len(read)])
        for event in tokens:
            answer = answers[event.uid]
            answer.logprobs.append(event.logprobs)
            if event.finish_reason != "stop":
                answer.tokens.append(event.token)
            if event.finish_reason is not None:
                left.discard(event.uid)
                if prompt_cache is not None:
                    prompt_cache.keep(event.all_tokens, event.prompt_cache, "assistant")
    generator.close()
    return list(answers.values())
