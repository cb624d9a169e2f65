"""What this package does. Replace it with your own functions."""

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field, StringConstraints

if TYPE_CHECKING:
    from mlx_app import AsyncMLXEngine, Message, MLXEngine

Keyword = Annotated[str, StringConstraints(min_length=1, max_length=30)]


class Summary(BaseModel):
    """What a text is about.

    The model can only write what fits. Lengths are limited, because a small model may not end a
    text by itself.
    """

    title: str = Field(max_length=60)
    summary: str = Field(max_length=300)
    keywords: list[Keyword] = Field(min_length=1, max_length=3)


def ask(question: str, engine: "MLXEngine") -> str:
    """Returns the model's answer to a question.

    Raises:
        mlx_app.EngineError: CONTEXT_LENGTH_EXCEEDED, QUEUE_FULL, OUT_OF_MEMORY.
    """
    return engine.complete(messages=[{"role": "user", "content": question}]).text


def summarise(text: str, engine: "MLXEngine") -> Summary:
    """Returns a summary of a text. Any number of calls can share an engine.

    Raises:
        mlx_app.EngineError: INVALID_OUTPUT (the summary was cut off), CONTEXT_LENGTH_EXCEEDED,
            QUEUE_FULL, OUT_OF_MEMORY.
    """
    return engine.generate_object(Summary, messages=_messages(text)).object


async def summarise_async(text: str, engine: "AsyncMLXEngine") -> Summary:
    """Returns a summary of a text, for asynchronous code. Cancelling the task ends the call.

    Raises:
        mlx_app.EngineError: As `summarise`.
    """
    return (await engine.generate_object(Summary, messages=_messages(text))).object


def _messages(text: str) -> "list[Message]":
    return [
        {"role": "system", "content": "Summarise the text of the user as JSON."},
        {"role": "user", "content": text},
    ]
