"""The contract with mlx-lm's parsers of markers and tool calls, and with its detokenizers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mlx_app.mlx_lm_adapter.models import Tokenizer, read_tokenizer
from mlx_app.mlx_lm_adapter.text import (
    TextStates,
    continuing_detokenizer,
    has_chat_template,
    has_reasoning,
    letter_token,
    parse_gemma4,
    start_state,
    think_tokens,
    token_bytes,
    tool_formats,
    tool_parser,
)
from mlx_app.models.text_model import TextModel
from thinking_hello import thinking_hello
from tool_formats import family

CALL = '{"name": "now", "arguments": {}}'


@pytest.fixture(scope="module")
def tokenizer(hello: TextModel) -> Any:  # noqa: ANN401 — mlx-lm's, which has no types
    """A family that thinks and calls tools, as Qwen3."""
    return family(hello, "json_tools", "<think>", "</think>")


@pytest.mark.mlx_lm("mlx_lm.tool_parsers.__path__")
def test_the_formats_of_calls_are_found() -> None:
    assert {"json_tools", "mistral", "gemma4", "qwen3_coder"} <= set(tool_formats())


@pytest.mark.mlx_lm("mlx_lm.tool_parsers.gemma4.parse_tool_call")
def test_a_call_of_gemma_4_is_read() -> None:
    found = parse_gemma4('call:weather{city:<|"|>Bern<|"|>,days:2}', [])
    assert found == {"name": "weather", "arguments": {"city": "Bern", "days": 2}}


@pytest.mark.mlx_lm("mlx_lm.generate.TextStateMachine", "mlx_lm.generate.make_text_state_machine")
def test_each_part_is_returned_with_its_state(tokenizer: Any) -> None:  # noqa: ANN401
    states = TextStates(tokenizer, "normal", with_tools=True)
    assert states.has_markers
    told = states.feed(f"a<think>b</think>c<tool_call>{CALL}</tool_call>d<tool_c")
    assert [part for part in told if part[1]] == [
        ("normal", "a"),
        ("reasoning", "b"),
        ("normal", "c"),
        ("tool", CALL),
        ("normal", "d"),
    ]
    assert states.state == "normal"
    assert states.finish() == "<tool_c"


@pytest.mark.mlx_lm("mlx_lm.generate.TextStateMachine")
def test_a_marker_may_come_in_pieces(tokenizer: Any) -> None:  # noqa: ANN401
    states = TextStates(tokenizer, "reasoning", with_tools=True)
    told = [part for letter in "b</think>c" for part in states.feed(letter) if part[1]]
    assert told == [("reasoning", "b"), ("normal", "c")]


@pytest.mark.mlx_lm("mlx_lm.generate.make_text_state_machine")
def test_without_tools_their_markers_are_text(tokenizer: Any) -> None:  # noqa: ANN401
    states = TextStates(tokenizer, "normal", with_tools=False)
    assert states.feed("<tool_call>x") == [("normal", "<tool_call>x")]


@pytest.mark.mlx_lm("mlx_lm.utils.load_tokenizer")
def test_a_model_without_reasoning_is_recognised(hello: TextModel) -> None:
    tokenizer = hello.tokenizer
    assert think_tokens(tokenizer) is None
    assert not has_reasoning(tokenizer)
    assert has_chat_template(tokenizer)
    assert start_state(tokenizer, [1, 2]) == "normal"
    # Its chat template writes calls, so they are looked for.
    assert TextStates(tokenizer, "normal", with_tools=True).has_markers
    assert not TextStates(tokenizer, "normal", with_tools=False).has_markers


@pytest.mark.mlx_lm("mlx_lm.utils.load_tokenizer")
def test_a_reasoning_model_is_recognised(models: Path, tmp_path: Path) -> None:
    thinking = thinking_hello(models, tmp_path / "hello").tokenizer
    found = think_tokens(thinking)
    assert found is not None
    assert has_reasoning(thinking)
    assert thinking.decode(found.start) == "<think>"
    assert thinking.decode(found.end) == "</think>"
    assert start_state(thinking, [1, *found.start]) == "reasoning"
    assert start_state(thinking, [1, *found.start, *found.end]) == "normal"


def test_a_parser_has_its_name_and_markers(tokenizer: Any) -> None:  # noqa: ANN401
    parser = tool_parser(tokenizer)
    assert parser is not None
    assert (parser.name, parser.start, parser.end) == ("json_tools", "<tool_call>", "</tool_call>")
    assert parser.parse(CALL, []) == {"name": "now", "arguments": {}}


# How tokenizers write the space before a word, and turn it back: "Ġ" of GPT-2, and "▁" of
# SentencePiece as Llama 2's files have it, as Gemma's have it, and as one decoder.
SPACES: dict[str, dict[str, Any]] = {
    "Ġ": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    "▁ (Llama)": {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ],
    },
    "▁ (Gemma)": {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
        ],
    },
    "▁ (Metaspace)": {
        "type": "Metaspace",
        "replacement": "▁",
        "prepend_scheme": "always",
        "split": True,
    },
}


@pytest.mark.parametrize("kind", SPACES)
def test_a_text_that_continues_another_keeps_its_first_space(
    kind: str, hello: TextModel, tmp_path: Path
) -> None:
    tokenizer = with_spaces(kind, hello, tmp_path)
    space, *letters = (tokenizer.get_vocab()[piece] for piece in (kind[0], "M", "L", "X"))
    detokenizer = continuing_detokenizer(tokenizer, letter_token(tokenizer))
    pieces = []
    for token in (space, *letters, space, *letters):
        detokenizer.add_token(token)
        pieces.append(detokenizer.last_segment)
    detokenizer.finalize()
    assert "".join([*pieces, detokenizer.last_segment]) == " MLX MLX"
    assert "".join(pieces[:2]) == " M"


@pytest.mark.mlx_lm("mlx_lm.tokenizer_utils.BPEStreamingDetokenizer")
def test_without_the_token_of_a_letter_a_text_is_read_from_its_start(
    hello: TextModel, tmp_path: Path
) -> None:
    shutil.copy(hello.path / "tokenizer_config.json", tmp_path)
    file = json.loads((hello.path / "tokenizer.json").read_text("utf-8"))
    vocabulary = {
        piece: token for piece, token in file["model"]["vocab"].items() if "a" not in piece
    }
    file["model"] |= {"vocab": vocabulary, "merges": []}
    (tmp_path / "tokenizer.json").write_text(json.dumps(file), "utf-8")
    tokenizer = read_tokenizer(tmp_path, {})
    assert letter_token(tokenizer) is None
    detokenizer = continuing_detokenizer(tokenizer, None)
    detokenizer.add_token(tokenizer.get_vocab()["M"])
    detokenizer.finalize()
    assert detokenizer.last_segment == "M"


@pytest.mark.mlx_lm("mlx_lm.tokenizer_utils.BPEStreamingDetokenizer")
@pytest.mark.parametrize("kind", SPACES)
def test_a_token_has_the_bytes_of_its_text(kind: str, hello: TextModel, tmp_path: Path) -> None:
    tokenizer = with_spaces(kind, hello, tmp_path)
    tokens = [tokenizer.get_vocab()[piece] for piece in (kind[0], "M", "L", "X")]
    assert [token_bytes(tokenizer, token) for token in tokens] == [b" ", b"M", b"L", b"X"]


def with_spaces(kind: str, hello: TextModel, folder: Path) -> Tokenizer:
    """Returns hello's tokenizer with another sign for a space."""
    shutil.copy(hello.path / "tokenizer_config.json", folder)
    file = json.loads((hello.path / "tokenizer.json").read_text("utf-8"))
    file["decoder"] = SPACES[kind]
    if kind.startswith("▁"):
        text = json.dumps(file["model"], ensure_ascii=False).replace("Ġ", "▁")
        file["model"] = json.loads(text)
    (folder / "tokenizer.json").write_text(json.dumps(file), "utf-8")
    return read_tokenizer(folder, hello.config)
