"""Trains with next-token loss on the answers only, AdamW, and increasingly long conversations."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from conversations import Sample
from model import Network

SEED: Final = 0
REPORT_EVERY: Final = 50


class Plan(NamedTuple):
    """How long to train, and pairs (samples, tokens in each) for the steps, in turn."""

    steps: int
    learning_rate: float
    shapes: tuple[tuple[int, int], ...]


class Batch(NamedTuple):
    """Tokens (samples, length), flattened positions to predict from, and their weights."""

    tokens: mx.array
    places: mx.array
    weights: mx.array


def prepare() -> None:
    """Makes the weights of the next model the same each time."""
    # Compiling a fused kernel for the CPU takes seconds, more than it saves for such small ones.
    mx.disable_compile()
    mx.random.seed(SEED)


def train(
    model: Network, sample: Callable[[int], Sample], plan: Plan, report: Callable[[str], None]
) -> None:
    """Trains a model in float32. Calls `report` with a line of progress at times.

    `sample` returns a sample of a length in tokens.
    """
    optimizer = optim.AdamW(_learning_rate(plan), betas=[0.9, 0.98], weight_decay=0.05)
    loss_and_gradients = nn.value_and_grad(model, _loss)
    start = time.monotonic()
    for step in range(plan.steps):
        batch = _batch(sample, *plan.shapes[step % len(plan.shapes)])
        loss, gradients = loss_and_gradients(model, batch)
        gradients, _ = optim.clip_grad_norm(gradients, 1.0)  # type: ignore[no-untyped-call]
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state, loss)
        if step % REPORT_EVERY == 0 or step == plan.steps - 1:
            report(f"step {step:4d}  loss {loss.item():.4f}  {time.monotonic() - start:5.1f} s")


def _learning_rate(plan: Plan) -> Callable[[mx.array], mx.array]:
    warmup = 20
    rise = optim.linear_schedule(0.0, plan.learning_rate, warmup)
    fall = optim.cosine_decay(plan.learning_rate, plan.steps - warmup, plan.learning_rate / 50)
    schedule: Callable[[mx.array], mx.array] = optim.join_schedules([rise, fall], [warmup])
    return schedule


def _batch(sample: Callable[[int], Sample], count: int, length: int) -> Batch:
    samples = [sample(length) for _ in range(count)]
    wanted = [
        (row * (length - 1) + column - 1, row_sample.weights[column])
        for row, row_sample in enumerate(samples)
        for column in range(1, length)
        if row_sample.weights[column] > 0
    ]
    return Batch(
        mx.array([row_sample.tokens for row_sample in samples]),
        mx.array([place for place, _ in wanted]),
        mx.array([weight for _, weight in wanted]),
    )


def _loss(model: Network, batch: Batch) -> mx.array:
    """Returns the weighted mean loss. Logits are only computed at the given positions."""
    hidden = model.model(batch.tokens[:, :-1]).flatten(0, 1)[batch.places]
    targets = batch.tokens[:, 1:].reshape(-1)[batch.places]
    losses = nn.losses.cross_entropy(model.model.embed_tokens.as_linear(hidden), targets)
    return (losses * batch.weights).sum() / batch.weights.sum()
