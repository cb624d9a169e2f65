"""Checks each decision of the agent model: state, tool and the noise around the phrase."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from agent_answers import SHELLS, STATES, TEXT_STATES, State, answer_to
from agent_samples import AgentSamples
from check import Loaded, least_margin
from tokenizers import Tokenizer

LARGEST_FOLDER_BYTES: Final = 500_000
# The prompts of each state. None of them is in the training data, whose seed is another.
PROMPTS: Final = 12
SEED: Final = 1
# The least margin between the logits of a right and the best wrong token.
LEAST_MARGIN: Final = 0.5


def check_model(directory: Path) -> list[str]:
    """Returns what is wrong with the folder. Prints measurements."""
    size = sum(file.stat().st_size for file in directory.iterdir())
    print(f"{size:,} bytes")
    failures = [] if size <= LARGEST_FOLDER_BYTES else [f"more than {LARGEST_FOLDER_BYTES:,} bytes"]
    loaded = Loaded(directory)
    template = (directory / "chat_template.jinja").read_text()
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    samples = AgentSamples(tokenizer, template, Random(SEED))
    for tool in (*SHELLS, None):
        for state in TEXT_STATES if tool is None else STATES:
            margins = [_margin(loaded, samples, state, tool) for _ in range(PROMPTS)]
            wrong = sum(margin < LEAST_MARGIN for margin in margins)
            print(f"{tool}, {state.name}: {wrong} wrong, smallest margin {min(margins):.2f}")
            # Noise alone need not be answered as taught: no agent sends it in this task.
            if wrong > 0 and state.phrase:
                failures.append(f"{tool}, {state.name}: {wrong} of {PROMPTS} prompts")
    return failures


def _margin(loaded: Loaded, samples: AgentSamples, state: State, tool: str | None) -> float:
    """Returns the smallest margin of the answer to a new prompt."""
    prompt = loaded.tokenizer.encode(samples.prompt(state, tool), add_special_tokens=False)
    return least_margin(loaded, prompt, loaded.answer_tokens(answer_to(state, tool)))
