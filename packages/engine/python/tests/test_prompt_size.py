"""Prompts that are refused before they are tokenised completely."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlx_app.mlx_lm_adapter.models import Tokenizer, read_tokenizer
from mlx_app.mlx_lm_adapter.plain_tokenizer import allow_concurrent_use
from mlx_app.models.locate import HELLO
from mlx_app.prompt.prompt_size import PIECE, is_surely_longer

TEXTS = ["word " * 20_000, "a" * 60_000, "日本語の文。" * 8_000, " " * 90_000, "x\n\ty1" * 20_000]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    config = json.loads((HELLO / "config.json").read_text(encoding="utf-8"))
    return read_tokenizer(HELLO, config)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:6])
def test_only_what_is_longer_is_said_to_be_longer(tokenizer: Tokenizer, text: str) -> None:
    count = len(tokenizer.encode(text))
    assert not is_surely_longer(text, count, tokenizer.encode)
    few = count // 4
    assert is_surely_longer(text, few, tokenizer.encode) == (len(text) > max(2 * few, PIECE))


def test_a_long_text_is_looked_at_only_as_far_as_needed(tokenizer: Tokenizer) -> None:
    seen = 0

    def encode(piece: str) -> list[int]:
        nonlocal seen
        seen += len(piece)
        return tokenizer.encode(piece)

    assert is_surely_longer("word " * 1_000_000, 20_000, encode)
    assert seen < 80_000


def test_many_threads_tokenise_as_one_does(tokenizer: Tokenizer) -> None:
    assert allow_concurrent_use(tokenizer)
    expected = [tokenizer.encode(text) for text in TEXTS]
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = list(threads.map(tokenizer.encode, TEXTS * 8))
    assert found == expected * 8
