"""The properties of a text model."""

from mlx_app.models.text_model import TextModel


def test_counts_the_bytes_that_it_brings_into_memory(hello: TextModel) -> None:
    assert list(hello.weights())[-1] == hello.total_bytes


def test_knows_context_and_vocabulary(hello: TextModel) -> None:
    assert hello.context_tokens == 32_768
    assert hello.vocabulary == len(hello.tokenizer)
