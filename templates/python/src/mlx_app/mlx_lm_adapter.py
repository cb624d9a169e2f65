"""Every name of mlx-lm that this project uses.

mlx-lm keeps only load, generate, stream_generate and batch_generate stable. The rest is gathered
here, behind functions of our own, so that a new mlx-lm touches one file;
tests/test_mlx_lm_adapter.py says which name broke.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import mlx.core as mx
import mlx.nn as nn
from mlx_lm import sample_utils
from mlx_lm.generate import BatchGenerator, make_stop_sequences
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model, load_tokenizer


class Sampler(Protocol):
    """Takes log-probabilities of shape (batch, vocabulary), gives token ids of shape (batch,)."""

    def __call__(self, logprobs: mx.array, /) -> mx.array: ...


class Processor(Protocol):
    """Takes the tokens so far and logits of shape (1, vocabulary), gives logits of that shape."""

    def __call__(self, tokens: mx.array, logits: mx.array, /) -> mx.array: ...


class Detokenizer(Protocol):
    """Turns tokens into text as they come; a character comes with the last of its bytes."""

    @property
    def last_segment(self) -> str:
        """The text that is new since the last look."""
        ...

    def add_token(self, token: int) -> None: ...

    def finalize(self) -> None: ...


class Tokenizer(Protocol):
    """What is used of mlx-lm's wrapper around a Hugging Face tokenizer."""

    @property
    def detokenizer(self) -> Detokenizer:
        """A new one with each look."""
        ...

    @property
    def eos_token_ids(self) -> set[int]:
        """Tokens that end a text."""
        ...

    def encode(self, text: str, /, *, add_special_tokens: bool = True) -> list[int]: ...

    def apply_chat_template(
        self, messages: list[dict[str, str]], /, *, add_generation_prompt: bool
    ) -> list[int]: ...

    def __len__(self) -> int: ...


# Likeliest token. All sequences of a batch that use this one object are sampled in one go.
greedy: Sampler = sample_utils.greedy_sampler


@contextmanager
def _eager() -> Iterator[None]:
    """Turns compilation off: mlx-lm's filters are compiled anew for each value of their option.

    On the CPU that is a run of the C++ compiler, a second in which nobody gets a token.
    """
    mx.disable_compile()
    try:
        yield
    finally:
        mx.enable_compile()


def keep_top_p(logprobs: mx.array, top_p: float) -> mx.array:
    """Leaves the likeliest tokens that together have the probability `top_p`."""
    with _eager():
        kept: mx.array = sample_utils.apply_top_p(logprobs, top_p)
    return kept


def keep_min_p(logprobs: mx.array, min_p: float) -> mx.array:
    """Leaves the tokens that have at least `min_p` of the likeliest one's probability."""
    with _eager():
        kept: mx.array = sample_utils.apply_min_p(logprobs, min_p)
    return kept


def keep_top_k(logprobs: mx.array, top_k: int) -> mx.array:
    """Leaves the `top_k` likeliest tokens; `top_k` must be below the size of the vocabulary."""
    with _eager():
        kept: mx.array = sample_utils.apply_top_k(logprobs, top_k)
    return kept


def penalties(
    *,
    logit_bias: dict[int, float],
    repetition: tuple[float, int],
    presence: tuple[float, int],
    frequency: tuple[float, int],
) -> list[Processor]:
    """Processors for what is asked for; a penalty is its size and how many last tokens it sees."""
    # mlx-lm leaves a penalty out where it is None or 0; dividing by 1 changes nothing.
    processors: list[Processor] = sample_utils.make_logits_processors(
        logit_bias=logit_bias or None,
        repetition_penalty=None if repetition[0] == 1 else repetition[0],
        repetition_context_size=repetition[1],
        presence_penalty=presence[0],
        presence_context_size=presence[1],
        frequency_penalty=frequency[0],
        frequency_context_size=frequency[1],
    )
    return processors


def read_model(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The model, its weights not in memory yet, and its config. Runs no code of the model."""
    model, config = load_model(path, lazy=True, trust_remote_code=False)
    return model, config


def read_tokenizer(path: Path, config: dict[str, Any]) -> Tokenizer:
    """The tokenizer with the end-of-text tokens that the model's config names."""
    tokenizer: Tokenizer = load_tokenizer(path, eos_token_ids=config.get("eos_token_id"))
    return tokenizer


def unbatchable_cache(model: nn.Module) -> str | None:
    """Name of a cache of this model that mlx-lm can't join with others, if it has one."""
    caches: list[object] = make_prompt_cache(model)
    return next((type(cache).__name__ for cache in caches if not hasattr(cache, "merge")), None)


@dataclass(frozen=True)
class Token:
    """One decoded token of one sequence. `finish_reason` is set on its last one."""

    uid: int
    token: int
    finish_reason: Literal["stop", "length"] | None


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
        self._end_of_text = make_stop_sequences(tokenizer)

    def insert(
        self,
        prompt: list[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor] = (),
    ) -> int:
        """Queues a sequence and gives its uid. The prompt has at least one token."""
        (uid,) = self._generator.insert(
            [prompt],
            max_tokens=[max_tokens],
            samplers=[sampler],
            logits_processors=[list(processors)],
            stop_sequences=[self._end_of_text],
        )
        return int(uid)

    def remove(self, uids: Sequence[int]) -> None:
        """Drops sequences in any state; the others go on unchanged."""
        self._generator.remove(list(uids))

    def step(self) -> list[Token]:
        """One decode step and at most one chunk of prefill: the new tokens."""
        _, responses = self._generator.next()
        return [Token(r.uid, r.token, r.finish_reason) for r in responses]

    def close(self) -> None:
        """Gives back what the generator asked of the system (wired memory on Metal)."""
        self._generator.close()
