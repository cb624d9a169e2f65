"""Trains with next-token loss on the answers only, AdamW, and increasingly long conversations."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from conversations import Conversations
from mlx_lm.models import llama
from model import HIDDEN_SIZE, Config, build
from tokenizers import Tokenizer

SEED: Final = 0
STEPS: Final = 500
LEARNING_RATE: Final = 7e-3
# Pairs (conversations, tokens in each) for the steps, in turn. Attention takes quadratic time.
SHAPES: Final = ((8, 128), (8, 128), (3, 420), (8, 128), (8, 128), (2, 640))
REPORT_EVERY: Final = 50


class Batch(NamedTuple):
    """Tokens (conversations, length), flattened positions to predict from, and their weights."""

    tokens: mx.array
    places: mx.array
    weights: mx.array


def train(tokenizer: Tokenizer, config: Config, report: Callable[[str], None]) -> llama.Model:
    """Returns the trained model in float32. Calls `report` with a line of progress at times."""
    # Compiling a fused kernel for the CPU takes seconds, more than it saves for such small ones.
    mx.disable_compile()
    mx.random.seed(SEED)
    model = build(config)
    conversations = Conversations(tokenizer, Random(SEED))
    optimizer = optim.AdamW(_learning_rate(), betas=[0.9, 0.98], weight_decay=0.05)
    loss_and_gradients = nn.value_and_grad(model, _loss)
    start = time.monotonic()
    for step in range(STEPS):
        batch = _batch(conversations, *SHAPES[step % len(SHAPES)])
        loss, gradients = loss_and_gradients(model, batch)
        gradients, _ = optim.clip_grad_norm(gradients, 1.0)  # type: ignore[no-untyped-call]
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state, loss)
        if step % REPORT_EVERY == 0 or step == STEPS - 1:
            report(f"step {step:4d}  loss {loss.item():.4f}  {time.monotonic() - start:5.1f} s")
    return model


def _learning_rate() -> Callable[[mx.array], mx.array]:
    warmup = 20
    rise = optim.linear_schedule(0.0, LEARNING_RATE, warmup)
    fall = optim.cosine_decay(LEARNING_RATE, STEPS - warmup, LEARNING_RATE / 50)
    schedule: Callable[[mx.array], mx.array] = optim.join_schedules([rise, fall], [warmup])
    return schedule


def _batch(conversations: Conversations, count: int, length: int) -> Batch:
    samples = [conversations.sample(length) for _ in range(count)]
    wanted = [
        (row * (length - 1) + column - 1, sample.weights[column])
        for row, sample in enumerate(samples)
        for column in range(1, length)
        if sample.weights[column] > 0
    ]
    return Batch(
        mx.array([sample.tokens for sample in samples]),
        mx.array([place for place, _ in wanted]),
        mx.array([weight for _, weight in wanted]),
    )


def _loss(model: llama.Model, batch: Batch) -> mx.array:
    """Returns the weighted mean loss. Logits are only computed at the given positions."""
    hidden = model.model(batch.tokens[:, :-1]).reshape(-1, HIDDEN_SIZE)[batch.places]
    targets = batch.tokens[:, 1:].reshape(-1)[batch.places]
    losses = nn.losses.cross_entropy(model.model.embed_tokens.as_linear(hidden), targets)
    return (losses * batch.weights).sum() / batch.weights.sum()
