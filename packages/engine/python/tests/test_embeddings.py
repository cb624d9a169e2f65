"""Embeddings of tiny random models, with the optional packages and without them."""

import json
import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

import tiny_models
from mlx_app.errors import EngineError
from mlx_app.models import embeddings
from mlx_app.models.embeddings import (
    EmbeddingModel,
    is_embedding_model,
    no_embeddings_error,
    no_text_error,
)
from mlx_app.models.text_model import TextModel
from mlx_app.optional_packages import has_vision

with_extra = pytest.mark.skipif(
    not has_vision() and "MLX_TEST_EXTRAS" not in os.environ,
    reason="needs the optional packages: npm run setup -- --with vision",
)
TEXTS = ["The cat sat on the mat.", "Hello!", "The cat sat on the mat!", "Tell me a story. " * 3]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("bert", marks=[pytest.mark.vision, with_extra]),
        pytest.param("qwen3_embedding"),
    ],
)
def embedding(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, models: Path
) -> EmbeddingModel:
    folder = tmp_path_factory.mktemp("models") / "[slug]" / request.param
    return load(tiny_models.make(request.param, folder, models / "hello"))


def config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    return config


def load(folder: Path) -> EmbeddingModel:
    config = config_of(folder)
    assert is_embedding_model(folder, config)
    model = EmbeddingModel.load(folder, config)
    assert [*model.model.weights()][-1] == model.model.total_bytes > 0
    return model


@dataclass(frozen=True)
class Embedded:
    """Vectors in the order of their texts, and the number of tokens."""

    vectors: list[list[float]]
    tokens: int


def embed(model: EmbeddingModel, inputs: list[str]) -> Embedded:
    texts = model.tokenise(inputs)
    found = {index: vector for piece in model.pieces(texts) for index, vector in piece.items()}
    return Embedded([found[index] for index in range(len(texts))], sum(map(len, texts)))


def test_vectors_have_length_1_and_differ_by_their_texts(embedding: EmbeddingModel) -> None:
    result = embed(embedding, TEXTS)
    assert [len(vector) for vector in result.vectors] == [32] * 4
    assert [math.hypot(*vector) for vector in result.vectors] == pytest.approx([1] * 4, abs=1e-5)
    near = [math.dist(result.vectors[0], other) for other in result.vectors[1:]]
    assert min(near) > 0.01
    assert result.tokens == sum(len(embedding.model.tokenizer.encode(text)) for text in TEXTS)


def test_a_text_has_one_vector_alone_in_a_batch_and_in_any_order(
    embedding: EmbeddingModel,
) -> None:
    together = embed(embedding, TEXTS).vectors
    for text, vector in zip(TEXTS, together, strict=True):
        assert embed(embedding, [text]).vectors[0] == pytest.approx(vector, abs=1e-4)
    backwards = embed(embedding, TEXTS[::-1]).vectors
    for vector, other in zip(together, backwards[::-1], strict=True):
        assert vector == pytest.approx(other, abs=1e-4)


def test_many_texts_come_in_pieces_of_bounded_size(
    embedding: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "PIECE_TOKENS", 64)
    texts = embedding.tokenise(TEXTS * 10)
    sizes: list[int] = []
    found: dict[int, list[float]] = {}
    for piece in embedding.pieces(texts):
        sizes.append(len(piece) * max(len(texts[place]) for place in piece))
        found.update(piece)
    assert sorted(found) == list(range(40))
    assert len(sizes) > 5
    assert max(sizes) <= 64
    whole = embed(embedding, TEXTS).vectors
    for place, vector in found.items():
        assert vector == pytest.approx(whole[place % 4], abs=1e-4)


def test_a_text_that_is_too_long_is_refused_with_both_numbers(embedding: EmbeddingModel) -> None:
    most = embedding.model.context_tokens
    assert most is not None
    fits = "a" * (most - 2)
    long = "\U0001f600" * most
    assert embed(embedding, [fits]).tokens <= most
    count = len(embedding.model.tokenizer.encode(long))
    with pytest.raises(EngineError, match=rf"Input 2 has {count} tokens; .* takes {most}") as error:
        embed(embedding, [fits, long])
    assert error.value.code == "CONTEXT_LENGTH_EXCEEDED"


def test_sentence_transformers_may_allow_less_than_the_model(
    embedding: EmbeddingModel, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(embedding.model.path, tmp_path / "less"))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 3}', "utf-8")
    with pytest.raises(EngineError, match="takes 3"):
        embed(load(folder), ["The cat sat on the mat."])


def test_the_last_token_stands_for_a_causal_text(tmp_path: Path, models: Path) -> None:
    model = load(tiny_models.make("qwen3_embedding", tmp_path / "it", models / "hello"))
    tokens = model.tokenise(["Hello there, you!"])[0]
    changed = [*tokens[:-1], tokens[-1] + 1]
    started = [tokens[0] + 1, *tokens[1:]]
    (whole, end, start) = (
        vector for _, vector in sorted(_all(model, [tokens, changed, started]).items())
    )
    assert math.dist(whole, end) > 0.01
    assert math.dist(whole, start) > 0.001


def _all(model: EmbeddingModel, texts: list[list[int]]) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for piece in model.pieces(texts):
        found.update(piece)
    return found


@pytest.mark.vision
@with_extra
def test_the_vectors_are_those_of_mlx_vlm(tmp_path: Path, models: Path) -> None:
    from mlx_app import mlx_vlm_adapter

    model = load(tiny_models.make("qwen3_embedding", tmp_path / "it", models / "hello"))
    _, encode = mlx_vlm_adapter.read_encoder(model.model.path)
    for text, vector in zip(TEXTS, embed(model, TEXTS).vectors, strict=True):
        tokens = mx.array(model.tokenise([text]))
        expected = encode(tokens, mx.ones_like(tokens))[0].tolist()
        assert vector == pytest.approx(expected, abs=1e-4)


def without_the_prefix(folder: Path) -> Path:
    """The same model as it is saved where only its states are wanted."""
    file = folder / "model.safetensors"
    weights: Any = mx.load(str(file))
    bare = {name.removeprefix("model."): weight for name, weight in weights.items()}
    mx.save_safetensors(str(folder / "bare.safetensors"), bare, {"format": "mlx"})
    (folder / "bare.safetensors").rename(file)
    return folder


@pytest.mark.vision
@with_extra
def test_weights_without_a_prefix_give_the_same_vectors(tmp_path: Path, models: Path) -> None:
    folder = tiny_models.make("qwen3_embedding", tmp_path / "it", models / "hello")
    expected = embed(load(folder), TEXTS).vectors
    for vector, other in zip(
        embed(load(without_the_prefix(folder)), TEXTS).vectors, expected, strict=True
    ):
        assert vector == pytest.approx(other, abs=1e-4)


def test_which_model_makes_vectors(hello: TextModel, tmp_path: Path) -> None:
    assert not is_embedding_model(hello.path, hello.config)
    assert is_embedding_model(tmp_path, {"architectures": ["XLMRobertaModel"]})
    config = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}
    assert not is_embedding_model(tmp_path / "Qwen3-0.6B", config)
    assert is_embedding_model(tmp_path / "Qwen3-Embedding-0.6B", config)
    cached = tmp_path / "models--mlx-community--Qwen3-Embedding-0.6B-4bit" / "snapshots" / "a1"
    assert is_embedding_model(cached, config)
    (tmp_path / "modules.json").write_text("[]", "utf-8")
    assert is_embedding_model(tmp_path, config)


def test_without_the_extra_the_error_names_the_command(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "has_vision", lambda: False)
    folder = tiny_models.make("qwen3_embedding", tmp_path / "it", models / "hello")
    assert embed(load(folder), ["Hello!"]).tokens > 0
    with pytest.raises(EngineError, match="it needs the packages for images and") as error:
        load(without_the_prefix(folder))
    assert error.value.code == "SETUP_NEEDED"
    assert error.value.hint == "npm run setup -- --with vision"


def test_a_damaged_model_is_reported(tmp_path: Path, models: Path) -> None:
    folder = tiny_models.make("qwen3_embedding", tmp_path / "it", models / "hello")
    (folder / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(EngineError, match="can't be read") as error:
        load(folder)
    assert error.value.code == "MODEL_CORRUPT"


def test_the_wrong_kind_of_model_is_reported() -> None:
    assert no_embeddings_error("hello").message == "hello writes text and makes no embeddings."
    assert no_embeddings_error("hello").code == no_text_error("it").code == "UNSUPPORTED"
