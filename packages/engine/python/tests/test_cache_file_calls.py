"""A call reads its prompt anew if its cache file is damaged or of other weights."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import pytest

from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter import caches
from mlx_app.models.text_model import TextModel
from mlx_app.prompt.cache_file import write
from mlx_app.prompt.model_identity import model_identity
from worker_parts import finish, request, runner_of, start

STORY = "Tell me a story."
DOCUMENT = list(range(60))


@pytest.fixture
def ask(hello: TextModel) -> Iterator[Callable[[Path], tuple[str, int]]]:
    """Asks a runner without memory of prompts; gives the text and the cached tokens."""
    runner = runner_of(hello)

    def asked(path: Path) -> tuple[str, int]:
        start(runner, request(1, STORY, cache_file=str(path), max_tokens=400))
        heard = finish(runner)[1]
        return heard.text(), heard.done[0].usage.cached_tokens

    yield asked
    runner.close()


@pytest.mark.parametrize("damage", ["half", "header", "empty", "other weights", "other version"])
def test_a_call_reads_the_prompt_anew_and_replaces_the_file(
    ask: Callable[[Path], tuple[str, int]],
    hello: TextModel,
    answers: dict[str, str],
    tmp_path: Path,
    damage: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "story.safetensors"
    assert ask(path) == (answers[STORY], 0)
    content = path.read_bytes()
    if damage == "other weights":
        identity = replace(model_identity(hello.path, hello.config), model="0", name="tuned")
        cache = caches.new_cache(hello.network)
        hello.network(mx.array([DOCUMENT]), cache=cache)
        write(path, DOCUMENT, cache, identity)
    elif damage == "other version":
        path.write_bytes(content.replace(b"prompt cache 1", b"prompt cache 0"))
    else:
        size = {"half": len(content) // 2, "header": 20, "empty": 0}[damage]
        path.write_bytes(content[:size])
    assert ask(path) == (answers[STORY], 0)
    assert "It is made anew." in capfd.readouterr().err
    text, cached = ask(path)
    assert text == answers[STORY]
    assert cached > 0
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_call_leaves_the_file_of_another_program(
    ask: Callable[[Path], tuple[str, int]], tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    mx.save_safetensors(str(path), {"weight": mx.ones(3)})
    content = path.read_bytes()
    with pytest.raises(EngineError, match="not a cache file of this app"):
        ask(path)
    assert path.read_bytes() == content
