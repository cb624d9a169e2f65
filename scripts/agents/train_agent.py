"""Trains the model with which the tests run real coding agents. `--check` compares the result.

Agents start in a scratch repository with a wrong sum. The model runs the test, fixes the file, runs
the test again and says so. It reads the end of a prompt only, so that long prompts are read fast.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Final

import mlx.core as mx
from agent_answers import SHELLS, STATES, TEXT_STATES, answer_to
from agent_check import check_model
from agent_samples import HEADS, TAILS, AgentSamples
from mlx_lm.models import plamo3
from model import Config, round_weights, shared_configuration, write_model
from tokenizer import TOOL_MARKERS, train_tokenizer, write_tokenizer
from tokenizers import Tokenizer
from train import run
from training import SEED, Plan, prepare, train

MODEL: Final = Path(__file__).parents[2] / "packages/server/test/agents/model"
TEMPLATE: Final = Path(__file__).with_name("chat_template.jinja")
CONTEXT_LENGTH: Final = 262_144
# In tokens. What the chat template repeats at the end of a prompt fits in it.
WINDOW: Final = 160
PLAN: Final = Plan(480, 7e-3, ((8, 224),))


def configuration(tokenizer: Tokenizer) -> Config:
    """Returns the content of config.json."""
    return {
        "architectures": ["Plamo3ForCausalLM"],
        "model_type": "plamo3",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "head_dim": 16,
        "rms_norm_eps": 1e-5,
        "rope_local_theta": 1000.0,
        "sliding_window": WINDOW,
        # Every third layer attends to all tokens, so none does.
        "sliding_window_pattern": 3,
        **shared_configuration(tokenizer, CONTEXT_LENGTH),
    }


def make(directory: Path) -> None:
    """Trains the model and writes it to a folder."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(_texts(), [*TOOL_MARKERS, *SHELLS])
    config = configuration(tokenizer)
    prepare()
    model = plamo3.Model(plamo3.ModelArgs.from_dict(config))
    samples = AgentSamples(tokenizer, TEMPLATE.read_text(), Random(SEED))
    train(model, samples.sample, PLAN, print)
    round_weights(model)
    write_tokenizer(tokenizer, directory, TEMPLATE, CONTEXT_LENGTH)
    write_model(model, config, directory, mx.float16)


def _texts() -> list[str]:
    """Returns the texts that merges are learned from."""
    states = (*STATES, *TEXT_STATES)
    texts = [text for state in states for text in (state.phrase, answer_to(state, "Bash"))]
    return [*texts, *HEADS, *TAILS] + ["system", "user", "assistant", "tool"] * 8


if __name__ == "__main__":
    sys.exit(run(make, check_model, MODEL))
