"""Trains the hello model. With `--check`, compares the result with the committed model."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

import mlx.core as mx
from answers import GET_WEATHER, PAIRS, TOOL_ANSWER, TOOL_RESULT, WEATHER_QUESTION
from check import check_model, compare
from model import configuration, parameter_count, round_weights, write_model
from tokenizer import train_tokenizer, write_tokenizer
from training import train

MODEL: Final = Path(__file__).parents[2] / "packages/engine/python/src/mlx_app/hello"


def main() -> int:
    """Returns the exit code, which is 1 if an answer is not exact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="train into a temporary folder, compare"
    )
    arguments = parser.parse_args()
    if not arguments.check:
        make(MODEL)
        return report(check_model(MODEL))
    with tempfile.TemporaryDirectory() as directory:
        make(Path(directory))
        return report(compare(Path(directory), MODEL))


def make(directory: Path) -> None:
    """Trains the model and writes it to a folder."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    config = configuration(tokenizer)
    model = train(tokenizer, config, print)
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
    sys.exit(main())
