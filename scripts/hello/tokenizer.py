"""The tokenizer, a byte-level BPE learned from the answers, and its files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from answers import FALLBACK, GET_WEATHER, PAIRS, TOOL_ANSWER, TOOL_RESULT
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

PAD: Final = "<|endoftext|>"
START: Final = "<|im_start|>"
END: Final = "<|im_end|>"
SPECIAL_TOKENS: Final = (PAD, START, END)
CONTEXT_LENGTH: Final = 32768
VOCABULARY_SIZE: Final = 512
CHAT_TEMPLATE: Final = Path(__file__).with_name("chat_template.jinja")
# Each is one token, so that tool calls can be found, but ordinary text in the stream.
TOOL_MARKERS: Final = ("<tool_call>", "</tool_call>")


def train_tokenizer(
    texts: Iterable[str] | None = None, markers: Sequence[str] = TOOL_MARKERS
) -> Tokenizer:
    """Returns a byte-level BPE with VOCABULARY_SIZE tokens, including all single bytes.

    Merges are learned from `texts`, by default those of the hello model. Each of `markers` is one
    token.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(markers),
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts() if texts is None else texts, trainer)
    tokenizer.add_tokens([AddedToken(marker, normalized=False) for marker in markers])
    return tokenizer


def write_tokenizer(
    tokenizer: Tokenizer,
    directory: Path,
    template: Path = CHAT_TEMPLATE,
    context_length: int = CONTEXT_LENGTH,
) -> None:
    """Writes tokenizer.json, its configuration and the chat template for transformers."""
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": context_length,
    }
    (directory / "tokenizer.json").write_text(tokenizer.to_str() + "\n", encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (directory / "chat_template.jinja").write_text(template.read_text())


def _texts() -> list[str]:
    """Returns the texts that merges are learned from, with roles often enough to be tokens."""
    texts = [text for pair in PAIRS for text in (pair.question, pair.answer)]
    texts += [FALLBACK, TOOL_RESULT, TOOL_ANSWER, json.dumps(GET_WEATHER)]
    return texts + ["system", "user", "assistant", "tool"] * 8
