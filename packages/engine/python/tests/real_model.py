"""A real model in the Python API: the texts are those of mlx-lm. `npm run test:real` runs this."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.generate import generate_step
from mlx_lm.sample_utils import make_sampler

from mlx_app import MLXEngine
from mlx_app.models.text_model import read_text_model

FOLDERS = [os.environ["SMOLLM_4BIT"], os.environ["SMOLLM_16BIT"]]
CAPITAL: Any = [{"role": "user", "content": "What is the capital of France?"}]
LONG: Any = [
    {
        "role": "user",
        "content": " ".join(f"Line {number} is empty." for number in range(20))
        + " The key is in the garden. Where is the key?",
    }
]


@pytest.fixture(scope="module", params=FOLDERS, ids=["4 bits", "16 bits"])
def folder(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def engine(folder: str) -> Iterator[MLXEngine]:
    with MLXEngine(folder, device="cpu") as engine:
        engine.load_model()
        yield engine


def text_of_mlx_lm(folder: str, messages: Any, max_tokens: int) -> str:  # noqa: ANN401
    """Returns the greedy answer of mlx-lm, with float32 weights as the engine uses on CPUs."""
    with mx.stream(mx.cpu):
        model = read_text_model(Path(folder))
        model.convert_to_float32()
        prompt = model.tokenizer.apply_chat_template(messages, add_generation_prompt=True)
        steps = generate_step(
            mx.array(prompt), model.network, max_tokens=max_tokens, sampler=make_sampler(0)
        )
        tokens = []
        for token, _ in steps:
            if int(token) in model.tokenizer.eos_token_ids:
                break
            tokens.append(int(token))
    return model.tokenizer.decode(tokens)


@pytest.mark.parametrize("messages", [CAPITAL, LONG], ids=["short", "long"])
def test_answers_as_mlx_lm_does(engine: MLXEngine, folder: str, messages: Any) -> None:  # noqa: ANN401
    answer = engine.complete(messages=messages, max_tokens=8, temperature=0)
    assert answer.text == text_of_mlx_lm(folder, messages, 8)


def test_continues_a_text(engine: MLXEngine) -> None:
    answer = engine.complete("The capital of France is", max_tokens=2, temperature=0)
    assert answer.text == " Paris."


def test_the_folder_has_a_name(engine: MLXEngine, folder: str) -> None:
    listed = {model.model: model.path for model in engine.models()}
    assert listed[Path(folder).name] == folder
    answer = engine.complete(messages=CAPITAL, model=Path(folder).name, max_tokens=8, temperature=0)
    assert answer.text == "The capital of France is Paris."
