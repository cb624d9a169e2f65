"""Every method of the Python API with the type of its result, for type checkers."""

from pathlib import Path
from typing import assert_type

from pydantic import BaseModel

from mlx_app import (
    Aliases,
    Answer,
    AsyncMLXEngine,
    AsyncStream,
    Choice,
    Chunk,
    CleanedModels,
    DownloadedModel,
    EmbedAnswer,
    EngineError,
    EngineStatus,
    ErrorCode,
    FinishReason,
    LoadedModel,
    LoadProgress,
    Message,
    MLXEngine,
    ModelDescription,
    ModelOnDisk,
    ObjectAnswer,
    PromptProgress,
    RemovedModel,
    Stream,
    Timings,
    Token,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolError,
    Usage,
    VerifiedModel,
    __version__,
)


class City(BaseModel):
    city: str


messages: list[Message] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "image", "image": Path("a.png")}]},
    {"role": "assistant", "content": "", "tool_calls": [ToolCall(id="1", name="f", arguments={})]},
    {"role": "tool", "content": "{}", "tool_call_id": "1", "name": "f"},
]
tools: list[Tool] = [{"name": "get_weather", "parameters": City}, {"name": "stop"}]
aliases: Aliases = {"fast": "hello", "trial": [{"model": "hello", "weight": 1}]}


def synchronous() -> None:
    """Calls every method of MLXEngine."""

    def on_progress(progress: LoadProgress) -> None:
        assert_type(progress.loaded_bytes, int)

    def on_prompt_progress(progress: PromptProgress) -> None:
        assert_type(progress.processed_tokens, int)

    with MLXEngine("hello", device="cpu", aliases=aliases, keep_alive="10m") as engine:
        assert_type(engine, MLXEngine)
        assert_type(engine.load_model(Path("a"), on_progress=on_progress), LoadedModel)
        stream = engine.generate("a", stop="b", temperature=1, seed=1)
        assert_type(stream, Stream[Token])
        for token in stream:
            assert_type(token, Token)
            assert_type(token.finish_reason, FinishReason | None)
            assert_type(token.usage, Usage | None)
            assert_type(token.timings, Timings | None)
            assert_type(token.chunk, Chunk)
        for chunk in engine.stream(messages=messages, tools=tools, tool_choice={"name": "stop"}):
            assert_type(chunk, Chunk)
            assert_type(chunk.tool_errors, list[ToolError])
        answer = engine.complete(
            messages=messages,
            tools=tools,
            tool_choice="auto",
            response_format={"type": "regex", "pattern": "a"},
            logit_bias={1: 1.5},
            priority="batch",
            cache_file=Path("a.safetensors"),
            on_prompt_progress=on_prompt_progress,
        )
        assert_type(answer, Answer)
        assert_type(answer.choices, list[Choice])
        assert_type(answer.tool_calls, list[ToolCall])
        assert_type(answer.logprobs, list[TokenLogprob])
        assert_type(engine.complete("a", response_format=City), Answer)
        assert_type(engine.generate_object(City, "a", max_tokens=9), ObjectAnswer[City])
        assert_type(engine.generate_object(City, "a").object, City)
        assert_type(engine.count_tokens(messages=messages), int)
        assert_type(engine.tokenise("a"), list[int])
        assert_type(engine.detokenise([1]), str)
        assert_type(engine.embed(["a"]), EmbedAnswer)
        assert_type(engine.status(), EngineStatus)
        assert_type(engine.unload_model(), list[str])
        assert_type(engine.models(), list[ModelOnDisk])
        assert_type(engine.download_model("a/b", output=Path("c")), DownloadedModel)
        assert_type(engine.verify_model(), VerifiedModel)
        assert_type(engine.remove_model("a/b"), RemovedModel)
        assert_type(engine.clean_models(dry_run=True), CleanedModels)
        assert_type(engine.describe_model("a/b"), ModelDescription)


async def asynchronous() -> None:
    """Calls every method of AsyncMLXEngine."""
    async with AsyncMLXEngine("hello", device="auto") as engine:
        assert_type(engine, AsyncMLXEngine)
        assert_type(await engine.load_model("a"), LoadedModel)
        assert_type(engine.generate("a"), AsyncStream[Token])
        async for token in engine.generate("a"):
            assert_type(token, Token)
        async for chunk in engine.stream("a"):
            assert_type(chunk, Chunk)
        assert_type(await engine.complete("a"), Answer)
        assert_type((await engine.generate_object(City, "a")).object, City)
        assert_type(await engine.count_tokens("a"), int)
        assert_type(await engine.tokenise("a"), list[int])
        assert_type(await engine.detokenise([1]), str)
        assert_type(await engine.embed(["a"]), EmbedAnswer)
        assert_type(await engine.status(), EngineStatus)
        assert_type(await engine.unload_model(), list[str])
        assert_type(await engine.models(), list[ModelOnDisk])
        assert_type(await engine.download_model("a/b"), DownloadedModel)
        assert_type(await engine.verify_model(), VerifiedModel)
        assert_type(await engine.remove_model("a/b"), RemovedModel)
        assert_type(await engine.clean_models(), CleanedModels)
        assert_type(await engine.describe_model("a/b"), ModelDescription)
    assert_type(AsyncMLXEngine.of(MLXEngine()), AsyncMLXEngine)


def failing() -> None:
    """Reads an error."""
    try:
        MLXEngine()
    except EngineError as error:
        assert_type(error.code, ErrorCode)
        assert_type(error.hint, str | None)
    assert_type(__version__, str)
