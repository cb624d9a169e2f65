"""Trains the hello model. With `--check`, compares the result with the committed model."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import mlx.core as mx
from answers import GET_WEATHER, PAIRS, TOOL_ANSWER, TOOL_RESULT, WEATHER_QUESTION
from check import check_model, compare
from conversations import Conversations
from model import build, configuration, parameter_count, round_weights, write_model
from tokenizer import train_tokenizer, write_tokenizer
from training import SEED, Plan, prepare, train

# Attention takes quadratic time.
PLAN: Final = Plan(500, 7e-3, ((8, 128), (8, 128), (3, 420), (8, 128), (8, 128), (2, 640)))
MODEL: Final = Path(__file__).parents[2] / "packages/engine/python/src/mlx_app/hello"


def run(make: Callable[[Path], None], check: Callable[[Path], list[str]], committed: Path) -> int:
    """Trains a model into its folder, or compares, and checks it. Returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--check", action="store_true", help="train into a temporary folder, compare"
    )
    arguments = parser.parse_args()
    if not arguments.check:
        make(committed)
        return report(check(committed))
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory)
        make(made)
        return report(compare(made, committed, check))


def make(directory: Path) -> None:
    """Trains the model and writes it to a folder."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    config = configuration(tokenizer)
    prepare()
    model = build(config)
    train(model, Conversations(tokenizer, Random(SEED)).sample, PLAN, print)
    round_weights(model)
    write_tokenizer(tokenizer, directory)
    write_model(model, config, directory, mx.float16)
    write_json(
        directory / "answers.json", [{"question": p.question, "answer": p.answer} for p in PAIRS]
    )
    write_json(directory / "tools.json", tool_conversation())
    card = Path(__file__).with_name("card.md").read_text()
    size = (directory / "model.safetensors").stat().st_size
    text = card.format(
        parameters=f"{parameter_count(model):,}", bytes=f"{size:,}", answers=len(PAIRS)
    )
    (directory / "README.md").write_text(text)


def tool_conversation() -> dict[str, object]:
    """Returns a conversation that ends with the result of a tool, and the answer to it."""
    call = {"name": "get_weather", "arguments": json.dumps({"city": "Bern"})}
    messages = [
        {"role": "user", "content": WEATHER_QUESTION},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": TOOL_RESULT},
    ]
    return {"tools": [GET_WEATHER], "messages": messages, "answer": TOOL_ANSWER}


def write_json(path: Path, value: object) -> None:
    """Writes indented JSON in UTF-8."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def report(failures: list[str]) -> int:
    """Prints the problems. Returns the exit code."""
    for failure in failures:
        print(f"wrong: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(run(make, check_model, MODEL))
