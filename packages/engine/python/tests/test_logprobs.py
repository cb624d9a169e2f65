"""Log-probabilities of characters that take several tokens."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from mlx_app import MLXEngine
from mlx_app.engine.options import GenerateOptions
from mlx_app.engine.results import Chunk
from mlx_app.mlx_lm_adapter.text import token_bytes
from mlx_app.models.text_model import TextModel
from mlx_app.server.openai.logprobs import CharacterCounter, to_logprobs, to_text_logprobs
from mlx_app.server.openai.text_answer import TextAnswerOptions, text_events

# Latin, Cyrillic, Greek, Han, Devanagari, Arabic, and emoji of several code points.
TEXTS = ["Zürich été", "Привет", "λόγος", "日本語 字", "नमस्ते", "مرحبا", "a 😀 b 👩🏽‍💻 c 🇨🇭"]


def forced(text: str) -> GenerateOptions:
    return {
        "logprobs": 2,
        "max_tokens": 200,
        "response_format": {"type": "grammar", "grammar": f'start: "{text}"'},
    }


def joined(entries: list[dict[str, Any]]) -> str:
    return b"".join(bytes(entry["bytes"]) for entry in entries).decode()


@pytest.mark.parametrize("text", TEXTS)
def test_the_bytes_of_the_tokens_are_those_of_the_text(engine: MLXEngine, text: str) -> None:
    answer = engine.complete("Say hello.", **forced(text))
    assert answer.text == text
    content = to_logprobs(answer.logprobs)["content"]
    assert joined(content) == text
    assert any(len(entry["bytes"]) == 1 and entry["bytes"][0] > 127 for entry in content)
    # A token that ends the text adds nothing to it.
    assert (content[-1]["token"], content[-1]["bytes"]) == ("<|im_end|>", [])
    streamed = [
        entry for chunk in engine.stream("Say hello.", **forced(text)) for entry in chunk.logprobs
    ]
    assert to_logprobs(streamed)["content"] == content


@pytest.mark.parametrize("text", TEXTS)
def test_offsets_are_the_characters_before_a_token(engine: MLXEngine, text: str) -> None:
    entries = engine.complete("Say hello.", **forced(text)).logprobs
    found = to_text_logprobs(entries, CharacterCounter())
    before = b""
    for entry, offset in zip(entries, found["text_offset"], strict=True):
        assert offset == len(before.decode(errors="ignore"))
        before += bytes(entry.bytes)
    # Each whole token is in its place, and parts of characters are told apart.
    for token, offset in zip(found["tokens"], found["text_offset"], strict=True):
        is_end = token == "<|im_end|>"
        assert is_end or token.startswith("bytes:\\x") or text[offset:].startswith(token)
    assert any(token.startswith("bytes:\\x") for token in found["tokens"])

    async def pieces() -> AsyncGenerator[tuple[int, Chunk], None]:
        for chunk in engine.stream("Say hello.", **forced(text)):
            yield 0, chunk

    async def streamed() -> list[int]:
        options = TextAnswerOptions(
            prompts=["Say hello."], n=1, echo=False, with_logprobs=True, include_usage=False
        )
        offsets: list[int] = []
        async for event in text_events({}, pieces(), options):
            choices = event.data["choices"] if isinstance(event.data, dict) else []
            for choice in choices:
                offsets += (choice["logprobs"] or {}).get("text_offset", [])
        return offsets

    assert asyncio.run(streamed()) == found["text_offset"]


def test_the_bytes_of_all_tokens_join_to_each_text(hello: TextModel) -> None:
    tokenizer = hello.tokenizer
    for text in [*TEXTS, "<|im_start|>user\nHi", "\t tabs  and\r\nlines", "\ufffd"]:
        tokens = tokenizer.encode(text, add_special_tokens=False)
        assert b"".join(token_bytes(tokenizer, token) for token in tokens).decode() == text
