"""Language models on MLX: loading, continuous batching, and a worker for applications."""

from typing import TYPE_CHECKING

from .errors import EngineError

if TYPE_CHECKING:
    from .engine.async_engine import AsyncMLXEngine
    from .engine.mlx_engine import MLXEngine
    from .engine.options import (
        Aliases,
        GenerateOptions,
        ImagePart,
        LoadProgress,
        Message,
        ModelLike,
        NamedTool,
        ObjectOptions,
        PromptOptions,
        PromptProgress,
        ResponseFormat,
        TextPart,
        Tool,
        ToolGrammar,
        WeightedModel,
    )
    from .engine.results import (
        Answer,
        Choice,
        Chunk,
        CleanedModels,
        EmbedAnswer,
        EngineStatus,
        FinishReason,
        ObjectAnswer,
        RemovedModel,
        Timings,
        Token,
        VerifiedModel,
        Versions,
    )
    from .engine.settings import Device
    from .engine.streams import AsyncStream, Stream
    from .protocol import (
        Alternative,
        CleanedFile,
        DownloadedModel,
        ErrorCode,
        LoadedModel,
        ModelDescription,
        ModelOnDisk,
        TokenLogprob,
        ToolCall,
        ToolError,
        Usage,
        VerifiedFile,
    )

    __version__: str

# Where each name is. Most programs need only a part of the package, so it is imported on demand.
_NAMES = {
    "engine.async_engine": ["AsyncMLXEngine"],
    "engine.mlx_engine": ["MLXEngine"],
    "engine.options": [
        "Aliases",
        "GenerateOptions",
        "ImagePart",
        "LoadProgress",
        "Message",
        "ModelLike",
        "NamedTool",
        "ObjectOptions",
        "PromptOptions",
        "PromptProgress",
        "ResponseFormat",
        "TextPart",
        "Tool",
        "ToolGrammar",
        "WeightedModel",
    ],
    "engine.results": [
        "Answer",
        "Choice",
        "Chunk",
        "CleanedModels",
        "EmbedAnswer",
        "EngineStatus",
        "FinishReason",
        "ObjectAnswer",
        "RemovedModel",
        "Timings",
        "Token",
        "VerifiedModel",
        "Versions",
    ],
    "engine.settings": ["Device"],
    "engine.streams": ["AsyncStream", "Stream"],
    "protocol": [
        "Alternative",
        "CleanedFile",
        "DownloadedModel",
        "ErrorCode",
        "LoadedModel",
        "ModelDescription",
        "ModelOnDisk",
        "TokenLogprob",
        "ToolCall",
        "ToolError",
        "Usage",
        "VerifiedFile",
    ],
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "Aliases",
    "Alternative",
    "Answer",
    "AsyncMLXEngine",
    "AsyncStream",
    "Choice",
    "Chunk",
    "CleanedFile",
    "CleanedModels",
    "Device",
    "DownloadedModel",
    "EmbedAnswer",
    "EngineError",
    "EngineStatus",
    "ErrorCode",
    "FinishReason",
    "GenerateOptions",
    "ImagePart",
    "LoadProgress",
    "LoadedModel",
    "MLXEngine",
    "Message",
    "ModelDescription",
    "ModelLike",
    "ModelOnDisk",
    "NamedTool",
    "ObjectAnswer",
    "ObjectOptions",
    "PromptOptions",
    "PromptProgress",
    "RemovedModel",
    "ResponseFormat",
    "Stream",
    "TextPart",
    "Timings",
    "Token",
    "TokenLogprob",
    "Tool",
    "ToolCall",
    "ToolError",
    "ToolGrammar",
    "Usage",
    "VerifiedFile",
    "VerifiedModel",
    "Versions",
    "WeightedModel",
    "__version__",
]


# A type checker that sees it takes any name for one of this module.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from .version import package_version

            value: object = package_version()
        elif name in _MODULES:
            from importlib import import_module

            value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
