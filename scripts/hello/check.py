"""Checks a folder with the hello model, with mlx-lm as users do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import mlx.core as mx
import mlx.nn as nn
from answers import STORY, TOOL_CALL
from contexts import Case, cases, unknown, variants
from mlx_lm import batch_generate, load, stream_generate
from mlx_lm.tokenizer_utils import TokenizerWrapper

LARGEST_FOLDER_BYTES: Final = 400_000
LEAST_STORY_TOKENS: Final = 200
# The least margin between the logits of the right and the best wrong token. Batches change it by
# about 0.05.
LEAST_MARGIN: Final = 0.5
BATCH: Final = 32
LONGEST_ANSWER: Final = 400


class Loaded:
    """A model with its tokenizer."""

    def __init__(self, directory: Path) -> None:
        loaded = load(str(directory))
        self.model: nn.Module = loaded[0]
        self.tokenizer: TokenizerWrapper = loaded[1]

    def prompt(self, case: Case) -> list[int]:
        """Returns the tokens of the messages, up to where the answer starts."""
        tokens: list[int] = self.tokenizer.apply_chat_template(
            case.messages, tools=case.tools, add_generation_prompt=True
        )
        return tokens

    def answer_tokens(self, text: str) -> list[int]:
        """Returns the tokens of an answer and its end token."""
        tokens: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return [*tokens, self.tokenizer.eos_token_id]


def check_model(directory: Path) -> list[str]:
    """Returns what is wrong with the folder. Prints counts and measurements."""
    size = sum(file.stat().st_size for file in directory.iterdir())
    loaded = Loaded(directory)
    story = len(loaded.answer_tokens(STORY)) - 1
    print(f"{size:,} bytes, a story of {story} tokens")
    failures = []
    if size > LARGEST_FOLDER_BYTES:
        failures.append(f"{size:,} bytes, more than {LARGEST_FOLDER_BYTES:,}")
    if story < LEAST_STORY_TOKENS:
        failures.append(f"a story of {story} tokens, fewer than {LEAST_STORY_TOKENS}")
    failures += _check_tool_call(loaded)
    promised = list(cases(json.loads((directory / "tools.json").read_text(encoding="utf-8"))))
    failures += _check_texts(loaded, promised)
    failures += _check_streams(loaded, [case for case in promised if case.place == "alone"])
    failures += _check_margins(loaded, promised)
    for name, extra in (("variants", list(variants())), ("unknown questions", list(unknown()))):
        wrong = _check_texts(loaded, extra)
        print(f"{name}: {len(extra) - len(wrong)} of {len(extra)} as taught", *wrong, sep="\n  ")
    return failures


def compare(made: Path, committed: Path, check: Callable[[Path], list[str]]) -> list[str]:
    """Returns what is wrong with either folder. Weights may differ, but answers must not."""
    names = [file.name for file in made.iterdir() if file.suffix in (".json", ".jinja")]
    failures = [
        f"{name} is not what the script makes"
        for name in names
        if (made / name).read_bytes() != (committed / name).read_bytes()
    ]
    return failures + [
        f"{name}: {failure}"
        for name, directory in (("trained again", made), ("committed", committed))
        for failure in check(directory)
    ]


def _check_texts(loaded: Loaded, wanted: list[Case]) -> list[str]:
    """Generates all answers in batches of mixed lengths at temperature 0, as the worker does."""
    response = batch_generate(
        loaded.model,
        loaded.tokenizer,
        [loaded.prompt(case) for case in wanted],
        max_tokens=[len(loaded.answer_tokens(case.answer)) + 8 for case in wanted],
        completion_batch_size=BATCH,
    )
    pairs = list(zip(wanted, response.texts, strict=True))
    return [_failure(case, text) for case, text in pairs if text != case.answer]


def _check_margins(loaded: Loaded, wanted: list[Case]) -> list[str]:
    least: dict[str, float] = {}
    for case in wanted:
        least[case.place] = min(_margin(loaded, case), least.get(case.place, float("inf")))
    count = Counter(case.place for case in wanted)
    for place, margin in least.items():
        print(f"{count[place]:4d} times {place}, smallest margin {margin:.2f}")
    return [
        f"{place}: a margin of {margin:.2f}, less than {LEAST_MARGIN}"
        for place, margin in least.items()
        if margin < LEAST_MARGIN
    ]


def _margin(loaded: Loaded, case: Case) -> float:
    """Returns the smallest margin between the logits of a right and the best wrong token."""
    return least_margin(loaded, loaded.prompt(case), loaded.answer_tokens(case.answer))


def least_margin(loaded: Loaded, prompt: list[int], answer: list[int]) -> float:
    """Returns the smallest margin between the logits of a right and the best wrong token."""
    logits = loaded.model(mx.array([prompt + answer]))[0, len(prompt) - 1 : -1].astype(mx.float32)
    right = mx.array(answer)[:, None]
    best_wrong = mx.put_along_axis(logits, right, mx.array(-mx.inf), axis=1).max(axis=1)
    margins = mx.take_along_axis(logits, right, axis=1)[:, 0] - best_wrong
    least = margins.min().item()
    assert isinstance(least, float)
    return least


def _check_tool_call(loaded: Loaded) -> list[str]:
    """Checks that mlx-lm chooses a tool parser from the template and that it parses the call."""
    tokenizer = loaded.tokenizer
    if not tokenizer.has_tool_calling:
        return ["mlx-lm finds no tool parser for the chat template"]
    inside = TOOL_CALL.removeprefix(tokenizer.tool_call_start).removesuffix(tokenizer.tool_call_end)
    call = tokenizer.tool_parser(inside, None)
    if call != {"name": "get_weather", "arguments": {"city": "Bern"}}:
        return [f"mlx-lm reads the tool call as {call}"]
    return []


def _check_streams(loaded: Loaded, wanted: list[Case]) -> list[str]:
    """Streams answers one at a time, to check that split characters are joined correctly."""
    failures = []
    for case in wanted:
        stream = stream_generate(
            loaded.model, loaded.tokenizer, loaded.prompt(case), max_tokens=LONGEST_ANSWER
        )
        text = "".join(response.text for response in stream)
        if text != case.answer:
            failures.append("streamed, " + _failure(case, text))
    return failures


def _failure(case: Case, text: str) -> str:
    return f"{case.place}: {case.messages[-1]['content']!r} is answered {text[:60]!r}"
