"""What tests of decoding share: tiny models of random weights, and runs to the end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models import llama

from mlx_app.mlx_lm_adapter.batch import Token
from mlx_app.mlx_lm_adapter.sampling import Sampler, greedy
from mlx_app.mlx_lm_adapter.sequential import Failed, Sequential
from mlx_app.models.text_model import TextModel

LLAMA = {
    "model_type": "llama",
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "intermediate_size": 128,
    "num_attention_heads": 2,
    "rms_norm_eps": 1e-5,
    "vocab_size": 512,
}


def tiny_llama(seed: int = 3, **changes: object) -> nn.Module:
    mx.random.seed(seed)
    network: nn.Module = llama.Model(llama.ModelArgs.from_dict({**LLAMA, **changes}))
    mx.eval(network.parameters())  # type: ignore[no-untyped-call]
    return network


def encode(hello: TextModel, question: str) -> list[int]:
    messages = [{"role": "user", "content": question}]
    return hello.tokenizer.apply_chat_template(messages, add_generation_prompt=True)


def finish(sequential: Sequential) -> dict[int, list[Token]]:
    """All tokens of all sequences, to their ends."""
    tokens: dict[int, list[Token]] = {}
    while len(sequential):
        for news in sequential.step():
            assert not isinstance(news, Failed), news
            if isinstance(news, Token):
                tokens.setdefault(news.uid, []).append(news)
    return tokens


def run(
    model: TextModel,
    prompt: list[int],
    max_tokens: int = 400,
    sampler: Sampler = greedy,
    prefill_tokens: int = 512,
    **options: Any,  # noqa: ANN401 — whatever insert takes
) -> list[Token]:
    sequential = Sequential(model.network, model.tokenizer)
    sequential.prefill_tokens = prefill_tokens
    uid = sequential.insert(prompt, max_tokens, sampler, **options)
    tokens = finish(sequential)[uid]
    sequential.close()
    assert [token.finish_reason for token in tokens[:-1]] == [None] * (len(tokens) - 1)
    return tokens


def ids(tokens: list[Token]) -> list[int]:
    return [token.token for token in tokens]


def text_of(model: TextModel, tokens: list[Token]) -> str:
    return model.tokenizer.decode(
        [token.token for token in tokens if token.finish_reason != "stop"]
    )


def with_network(model: TextModel, network: nn.Module) -> TextModel:
    return replace(model, network=network, path=Path("other"))


class Caching(nn.Module):
    """Keeps what it is told to."""

    def __init__(self, make: Callable[[], object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.make = make

    def make_cache(self) -> list[object]:
        return [self.make()]
