"""Creates random conversations for training, as tokens with weights for the answers."""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Final, NamedTuple

import random_text
from answers import (
    FALLBACK,
    GET_WEATHER,
    PAIRS,
    STORY,
    TOOL_ANSWER,
    TOOL_CALL,
    TOOL_RESULT,
    Pair,
)
from tokenizer import CHAT_TEMPLATE, SPECIAL_TOKENS, TOOL_MARKERS
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

# The first tokens of an answer determine which one it is, so they have a higher weight.
DECIDING_TOKENS: Final = 4
DECIDING_WEIGHT: Final = 6.0
# The shares of exact and rephrased known questions. The others are unknown.
KNOWN: Final = 0.55
VARIANT: Final = 0.2
# The length from which conversations have room for tools and for the story.
LONG: Final = 256

# The share of long conversations that start with the story. Short answers are hardest after it.
STORY_FIRST: Final = 0.4
STORY_PAIR: Final = next(pair for pair in PAIRS if pair.answer == STORY)

Message = dict[str, str]


class Sample(NamedTuple):
    """The tokens of a conversation. weights[i] is the weight of predicting tokens[i]."""

    tokens: list[int]
    weights: list[float]


class Conversations:
    """Creates conversations from a seeded random source."""

    def __init__(self, tokenizer: Tokenizer, random: Random) -> None:
        self._random = random
        self._renderer = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
        self._renderer.chat_template = CHAT_TEMPLATE.read_text()
        self._encode = cache(self._encode_text)
        self._plain_tokens = range(
            len(SPECIAL_TOKENS), tokenizer.get_vocab_size() - len(TOOL_MARKERS)
        )

    def sample(self, length: int) -> Sample:
        """Returns a conversation of exactly `length` tokens, cut off in the middle of a turn."""
        sample = Sample([], [])
        self._add_opening(sample, length)
        if length >= LONG and self._random.random() < STORY_FIRST:
            self._add_known(sample, STORY_PAIR, exact=True)
        while len(sample.tokens) < length:
            self._add_turn(sample, length)
        return Sample(sample.tokens[:length], sample.weights[:length])

    def _add_opening(self, sample: Sample, length: int) -> None:
        """Returns nothing, a system message, or tools if they leave room for an answer."""
        random = self._random
        long = length >= LONG
        kind = random.random()
        if kind < 0.3:
            return
        if kind < (0.55 if long else 1):
            self._add_system(sample, length // 2)
            return
        system: Message = {"role": "system", "content": random_text.system(random)}
        self._add(sample, self._render_tools([system] if random.random() < 0.5 else []), 0.0)

    def _add_system(self, sample: Sample, most: int) -> None:
        """Returns a system message of limited length. One in six has random tokens."""
        random = self._random
        tokens = self._encode(random_text.system(random))
        if random.random() < 0.16:
            tokens = random.choices(self._plain_tokens, k=random.randint(1, 60))
        if random.random() < 0.16:
            tokens = [*tokens, *self._encode(" " + self._quotation())]
        sample.tokens.extend([*self._encode("<|im_start|>system\n"), *tokens[:most]])
        sample.tokens.extend(self._encode("<|im_end|>\n"))
        sample.weights.extend([0.0] * (len(sample.tokens) - len(sample.weights)))

    def _add_turn(self, sample: Sample, length: int) -> None:
        random = self._random
        kind = random.random()
        if kind < KNOWN + VARIANT:
            pair = random.choice(PAIRS)
            if pair.answer == STORY and length < LONG and random.random() < 0.7:
                pair = random.choice(PAIRS[:5])
            self._add_known(sample, pair, kind < KNOWN)
        elif kind < 0.95:
            self._ask(sample, random_text.question(random))
            self._answer(sample, FALLBACK)
        else:
            # A history from elsewhere: an answer of another model, or one that was stopped.
            self._ask(sample, random_text.question(random))
            self._add(
                sample, "<|im_start|>assistant\n" + self._foreign_answer() + "<|im_end|>\n", 0.0
            )

    def _add_known(self, sample: Sample, pair: Pair, exact: bool) -> None:
        self._ask(sample, pair.question if exact else self._varied(pair))
        self._answer(sample, pair.answer)
        if pair.answer == TOOL_CALL and self._random.random() < 0.7:
            self._add(sample, f"<|im_start|>tool\n{self._tool_result()}<|im_end|>\n", 0.0)
            self._answer(sample, TOOL_ANSWER)

    def _varied(self, pair: Pair) -> str:
        random = self._random
        text = random.choice((pair.question, *pair.variants))
        change = random.randrange(4)
        if change in (0, 2):
            text = text.lower()
        if change in (1, 2):
            text = text.rstrip(".?!")
        return text

    def _ask(self, sample: Sample, question: str) -> None:
        self._add(sample, f"<|im_start|>user\n{question}<|im_end|>\n", 0.0)

    def _answer(self, sample: Sample, answer: str) -> None:
        self._add(sample, "<|im_start|>assistant\n", 0.0)
        before = len(sample.tokens)
        self._add(sample, answer + "<|im_end|>", 1.0)
        for index in range(before, min(before + DECIDING_TOKENS, len(sample.tokens))):
            sample.weights[index] = DECIDING_WEIGHT
        self._add(sample, "\n", 0.0)

    def _foreign_answer(self) -> str:
        random = self._random
        if random.random() < 0.5:
            return self._quotation()
        return " ".join(random_text.sentence(random) for _ in range(random.randint(1, 4)))

    def _quotation(self) -> str:
        """Returns a question or the beginning of an answer, in a place where it asks nothing."""
        random = self._random
        pair = random.choice(PAIRS)
        if random.random() < 0.5:
            return pair.question
        return pair.answer[: random.randrange(len(pair.answer))]

    def _tool_result(self) -> str:
        result = json.loads(TOOL_RESULT)
        separators = self._random.choice(((", ", ": "), (",", ":")))
        return json.dumps(result, separators=separators)

    def _tools(self) -> list[dict[str, object]]:
        random = self._random
        others = [self._other_tool() for _ in range(random.choice((0, 0, 0, 1)))]
        tools = [GET_WEATHER, *others] if random.random() < 0.8 or not others else others
        random.shuffle(tools)
        return tools

    def _other_tool(self) -> dict[str, object]:
        random = self._random
        name = random_text.words(random, 1, 2).replace(" ", "_")
        function = {"name": name, "description": random_text.sentence(random)}
        parameters = {
            "type": "object",
            "properties": {random.choice(random_text.WORDS): {"type": "string"}},
        }
        return {"type": "function", "function": {**function, "parameters": parameters}}

    def _render_tools(self, system: list[Message]) -> str:
        """Returns the system message that lists tools, in the format of the chat template."""
        messages = [*system, {"role": "user", "content": ""}]
        text = self._renderer.apply_chat_template(messages, tools=self._tools(), tokenize=False)
        assert isinstance(text, str)
        return text[: text.rindex("<|im_start|>user")]

    def _add(self, sample: Sample, text: str, weight: float) -> None:
        tokens = self._encode(text)
        sample.tokens.extend(tokens)
        sample.weights.extend([weight] * len(tokens))

    def _encode_text(self, text: str) -> list[int]:
        ids: list[int] = self._renderer.encode(text, add_special_tokens=False)
        return ids
