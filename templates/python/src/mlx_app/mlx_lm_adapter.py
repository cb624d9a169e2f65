"""Every name of mlx-lm that this project uses.

mlx-lm keeps only load, generate, stream_generate and batch_generate stable. The rest is gathered here, behind
functions of our own, so that a new mlx-lm touches one file; tests/test_mlx_lm_adapter.py says which name broke.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import BatchGenerator, StopSequences, make_stop_sequences
from mlx_lm.sample_utils import apply_min_p, apply_top_k, apply_top_p, greedy_sampler
from mlx_lm.tokenizer_utils import StreamingDetokenizer, TokenizerWrapper
from mlx_lm.utils import load_model, load_tokenizer

__all__ = [
    "Batch",
    "Sampler",
    "StreamingDetokenizer",
    "Token",
    "Tokenizer",
    "apply_min_p",
    "apply_top_k",
    "apply_top_p",
    "encode_chat",
    "encode_prompt",
    "greedy_sampler",
    "read_model",
    "read_tokenizer",
]

Tokenizer = TokenizerWrapper


class Sampler(Protocol):
    """Takes log-probabilities of shape (batch, vocabulary), gives token ids of shape (batch,)."""

    def __call__(self, logprobs: mx.array, /) -> mx.array: ...


def read_model(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The model with weights that are not in memory yet (lazy), and its config. Never runs code of the model."""
    model, config = load_model(path, lazy=True, trust_remote_code=False)
    return model, config


def read_tokenizer(path: Path, config: dict[str, Any]) -> Tokenizer:
    """The tokenizer with the end-of-text tokens that the model's config names."""
    return load_tokenizer(path, eos_token_ids=config.get("eos_token_id"))


def encode_chat(tokenizer: Tokenizer, messages: Sequence[dict[str, str]]) -> list[int]:
    """Token ids of a chat in the model's own template, up to where the assistant speaks."""
    return list(tokenizer.apply_chat_template(list(messages), add_generation_prompt=True))


def encode_prompt(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """Token ids of raw text, with the special tokens that the tokenizer puts in front of it."""
    return list(tokenizer.encode(prompt))


@dataclass(frozen=True)
class Token:
    """One decoded token of one sequence. `finish_reason` is set on its last one."""

    uid: int
    token: int
    finish_reason: str | None


class Batch:
    """Continuous batching over one model: sequences come and go between steps.

    Must be used on one thread only, the one that read the model.
    """

    # Sequences that decode together. More of them wait in the order of their insertion.
    size = 32
    # Tokens of a prompt that are read in one step, so that running streams get theirs in between.
    prefill_tokens = 512

    def __init__(self, model: nn.Module, tokenizer: Tokenizer) -> None:
        self._generator = BatchGenerator(
            model,
            completion_batch_size=self.size,
            prefill_batch_size=8,
            prefill_step_size=self.prefill_tokens,
            stream=mx.default_stream(mx.default_device()),
        )
        self._end_of_text: StopSequences = make_stop_sequences(tokenizer)

    def insert(self, prompt: list[int], max_tokens: int, sampler: Sampler) -> int:
        """Queues a sequence and gives its uid. The prompt has at least one token."""
        (uid,) = self._generator.insert(
            [prompt],
            max_tokens=[max_tokens],
            samplers=[sampler],
            stop_sequences=[self._end_of_text],
        )
        return int(uid)

    def remove(self, uids: Sequence[int]) -> None:
        """Drops sequences in any state; the others go on unchanged."""
        self._generator.remove(list(uids))

    def step(self) -> tuple[list[int], list[Token]]:
        """One decode step and at most one chunk of prefill: uids whose prompt is read, and the new tokens."""
        prompts, tokens = self._generator.next()
        started = [response.uid for response in prompts if response.end_of_prompt]
        return started, [Token(r.uid, r.token, r.finish_reason) for r in tokens]

    def close(self) -> None:
        """Gives back what the generator asked of the system (wired memory on Metal)."""
        self._generator.close()
