"""Creates prompts that end in one of the states, with noise around the phrase that tells it."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

import random_text
from agent_answers import FIX, OTHER, REQUEST, SHELLS, STATES, TEST, TEXT_STATES, State, answer_to
from conversations import DECIDING_WEIGHT, Sample
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

Message = dict[str, object]

# The first tokens of an answer, up to the first word of the command, have a higher weight.
DECIDING_TOKENS: Final = 20
# The argument of the first is another than those of the other tools.
TOOLS_WITH_MORE_SAMPLES: Final = ("exec_command", None, None)
# The length of the noise before and after the phrase, in characters.
BEFORE: Final = 200
AFTER: Final = 40
# What agents write before the output of a command.
HEADS: Final = (
    "",
    "Exit code 1\n",
    "Exit code: 0\nOutput:\n",
    "Error: Exit code 1\n",
    (
        "Chunk ID: 3f09c1\nWall time: 0.0591 seconds\nProcess exited with code 1\n"
        "Original token count: 10\nOutput:\n"
    ),
    "Command: node test.js\nDirectory: (root)\nOutput: ",
    "<system-reminder>\nToday is Monday.\n</system-reminder>\n",
)
# And after it.
TAILS: Final = (
    "",
    "\n",
    '"',
    "\nError: (none)\nExit Code: 1\nSignal: (none)\nProcess Group PGID: 4711",
    "\n\n(exit code: 0)",
)


class AgentSamples:
    """Creates samples from a seeded random source."""

    def __init__(self, tokenizer: Tokenizer, template: str, random: Random) -> None:
        self._random = random
        self._renderer = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
        self._renderer.chat_template = template
        self._encode = cache(self._encode_text)

    def sample(self, length: int) -> Sample:
        """Returns a prompt's last tokens and the answer, `length` tokens in all."""
        random = self._random
        tool = random.choice([*SHELLS, *TOOLS_WITH_MORE_SAMPLES])
        state = random.choice(TEXT_STATES if tool is None else (*STATES, OTHER))
        prompt = self._encode(self.prompt(state, tool))
        answer = self._encode(f"{answer_to(state, tool)}<|im_end|>\n")
        weights = [0.0] * len(prompt) + [
            DECIDING_WEIGHT if index < DECIDING_TOKENS else 1.0 for index in range(len(answer))
        ]
        tokens = [*prompt, *answer]
        missing = length - len(tokens)
        padding = self._encode(random_text.noise(random, 3 * length))[: max(0, missing)]
        padding += [0] * (missing - len(padding))
        return Sample([*padding, *tokens][-length:], [*([0.0] * len(padding)), *weights][-length:])

    def prompt(self, state: State, tool: str | None) -> str:
        """Returns a conversation that ends in a state, for an agent with a tool or without."""
        random = self._random
        first: Message = {"role": "user", "content": random_text.system(random)}
        role = "user" if state is REQUEST or tool is None else "tool"
        messages: list[Message] = [first, {"role": role, "content": self._content(state)}]
        if tool is not None and role == "tool":
            messages.insert(1, self._past_call(tool))
        if random.random() < 0.5:
            messages.append({"role": "system", "content": self._noise(3 * AFTER)})
        text = self._renderer.apply_chat_template(
            messages,
            tools=None if tool is None else [{"type": "function", "function": {"name": tool}}],
            tokenize=False,
            add_generation_prompt=True,
        )
        assert isinstance(text, str)
        return text

    def _content(self, state: State) -> str:
        """Returns the content of a message in a state."""
        random = self._random
        before = self._noise(BEFORE) if random.random() < 0.4 else random.choice(HEADS)
        after = self._noise(AFTER) if random.random() < 0.3 else random.choice(TAILS)
        if state.name == "listing":
            before, after = self._noise(BEFORE), ""
        return before + state.phrase + after

    def _past_call(self, tool: str) -> Message:
        command = self._random.choice((TEST, FIX, self._noise(AFTER)))
        function = {"name": tool, "arguments": {SHELLS[tool]: command}}
        return {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": function}],
        }

    def _noise(self, most: int) -> str:
        random = self._random
        if random.random() < 0.5:
            return random_text.noise(random, most)
        text = " ".join(random_text.sentence(random) for _ in range(most // 40 + 1))
        return text[: random.randint(0, most)] + random.choice(("\n", " ", "\n\n"))

    def _encode_text(self, text: str) -> list[int]:
        ids: list[int] = self._renderer.encode(text, add_special_tokens=False)
        return ids
