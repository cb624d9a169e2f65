"""The engine for synchronous code."""

import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from pydantic import BaseModel

from ..protocol import (
    Cleaned,
    Described,
    Detokenised,
    Downloaded,
    DownloadedModel,
    Embeddings,
    Event,
    Loaded,
    LoadedModel,
    ModelDescription,
    ModelOnDisk,
    Models,
    ModelsReport,
    Removed,
    Request,
    Status,
    StatusReport,
    Tokenised,
    Unloaded,
    Verified,
)
from .answers import Schema, parse, whole, whole_chunk
from .core import EngineCore, OnLoadProgress, answer_of
from .mailbox import Mailbox
from .model_options import ModelOptions, SamplingOptions
from .options import Aliases, GenerateOptions, ModelLike, ObjectOptions, PromptOptions
from .requests import check_callback
from .results import (
    Answer,
    Chunk,
    CleanedModels,
    EmbedAnswer,
    EngineStatus,
    ObjectAnswer,
    RemovedModel,
    Token,
    VerifiedModel,
)
from .settings import Device
from .streams import Stream

Answered = TypeVar("Answered", bound=Event)
Part = TypeVar("Part")


class MLXEngine:
    """Runs language models on MLX, on a thread of this process.

    Any number of calls may run at once, from any threads: they are decoded together (continuous
    batching). The engine ends with `close()`, with its `with` block, with the interpreter, or when
    nothing refers to it any more.

    Example:
        >>> engine = MLXEngine(model="hello")
        >>> for token in engine.generate("Hello", max_tokens=50):
        ...     print(token, end="", flush=True)
    """

    def __init__(
        self,
        model: ModelLike | None = None,
        *,
        device: Device | None = None,
        models_directory: "str | os.PathLike[str]" = "models",
        aliases: Aliases | None = None,
        memory_limit_bytes: int | None = None,
        prompt_cache_bytes: int | None = None,
        queue_limit: int = 1024,
        keep_alive: str | float | None = None,
        stall_timeout_ms: float = 60_000,
        sampling: SamplingOptions | None = None,
        template_options: Mapping[str, Any] | None = None,
        context_tokens: int | None = None,
        model_settings: Mapping[str, ModelOptions] | None = None,
    ) -> None:
        """Starts the engine. It loads no model yet.

        Args:
            model: The model of calls that name none. Default: the one loaded last.
            device: Where MLX computes: `auto`, `gpu` or `cpu`. `gpu` fails if there is none.
                Default: the environment variable MLX_DEVICE, or `auto`.
            models_directory: The folder of your own models, each in a folder with its name.
            aliases: Names for models, such as `{"fast": "hello"}`. An alias can split its calls
                between models by weight: `{"trial": [{"model": "a", "weight": 9}, ...]}`.
            memory_limit_bytes: Memory for all of MLX in this process: models, caches and calls, and
                what your own code uses. Default: what MLX recommends for the GPU, or 7/8 of the
                free memory.
            prompt_cache_bytes: Memory for the prompt cache of one model. Default: 2 GiB, but at
                most an eighth of the memory limit.
            queue_limit: Calls that may wait before further ones fail with QUEUE_FULL.
            keep_alive: Unloads models that have not been used for this long, such as `10m`, or a
                number of seconds. Default: never.
            stall_timeout_ms: How long there may be work without a step of a model. Then the calls
                in progress fail with WORKER_STALLED, and so do others until there is a step.
            sampling: Sampling for calls that leave its options out, such as
                `{"temperature": 0.7}`. Default: that of the model's generation_config.json, or
                else the likeliest token each time.
            template_options: Variables of the chat template for calls that don't set them.
            context_tokens: The most tokens of prompt and answer together. Default: what the model's
                config.json says.
            model_settings: The same for single models, by name: dictionaries with `sampling`,
                `template_options`, `context_tokens`, `pinned` and `aliases`.

        Raises:
            EngineError: INVALID_REQUEST, MLX_NOT_WORKING, SETUP_NEEDED. UNSUPPORTED in a process
                that was forked after MLX had computed.
        """
        self._core = EngineCore.start(
            model,
            device=device,
            models_directory=models_directory,
            aliases=aliases,
            memory_limit_bytes=memory_limit_bytes,
            prompt_cache_bytes=prompt_cache_bytes,
            queue_limit=queue_limit,
            keep_alive=keep_alive,
            stall_timeout_ms=stall_timeout_ms,
            sampling=sampling,
            template_options=template_options,
            context_tokens=context_tokens,
            model_settings=model_settings,
        )
        self._core.worker.ready.result()

    @property
    def core(self) -> EngineCore:
        """The worker and the requests, for `AsyncMLXEngine.of`."""
        return self._core

    @property
    def is_stalled(self) -> bool:
        """Whether there has been work for 8 seconds, but no step of a model.

        Then the machine is too slow, or MLX hangs. Nothing in the process can end it.
        """
        return self._core.worker.is_stalled

    @property
    def last_step_at(self) -> float | None:
        """Unix time of the last step of a model in milliseconds; None before it."""
        return self._core.worker.last_step_at

    def load_model(
        self,
        model: ModelLike | None = None,
        *,
        revision: str | None = None,
        adapter: ModelLike | None = None,
        download: bool = True,
        pinned: bool = False,
        on_progress: OnLoadProgress | None = None,
    ) -> LoadedModel:
        """Loads a model into memory, and downloads it first if it is not on disk.

        An interrupted download is resumed. If there is no room, the models that have been idle
        longest are unloaded. Later calls that name no model use this one, unless the engine was
        created with one.

        Args:
            model: A folder under the models folder, a path, a Hugging Face ID, or an alias.
            revision: A branch, tag or commit of a Hugging Face repository.
            adapter: A folder with a LoRA adapter as `mlx_lm.lora` makes it, or the name of one next
                to the models. A model with an adapter counts as a model of its own.
            download: Whether to download a model that is not on disk.
            pinned: Whether the model stays in memory when others need room or when it is idle.
            on_progress: Called with the progress of the download and of loading.

        Raises:
            EngineError: MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT, UNSUPPORTED, DOWNLOAD_FAILED,
                DISK_FULL, OUT_OF_MEMORY (before the download, if the hub's sizes show that the
                weights can't fit).
        """
        request = self._core.load(model, revision, adapter, download, pinned)
        return self._core.loaded(model, self._ask(request, Loaded, on_progress))

    def generate(
        self, prompt: str | None = None, **options: Unpack[GenerateOptions]
    ) -> Stream[Token]:
        """Streams the text of an answer, token by token.

        A token prints as its text. The last one has `finish_reason`, `usage` and `timings`. The
        call starts with the loop, and leaving the loop cancels it.

        Args:
            prompt: Raw text that the model continues. Give either this or `messages`.
            **options: See `GenerateOptions`.

        Raises:
            EngineError: INVALID_REQUEST at once; from the loop MODEL_NOT_FOUND,
                CONTEXT_LENGTH_EXCEEDED, QUEUE_FULL, OUT_OF_MEMORY, DEADLINE_EXCEEDED, UNSUPPORTED,
                ABORTED (the model was unloaded), DISPOSED.
        """
        return self._stream("generate", prompt, options, Token)

    def stream(
        self, prompt: str | None = None, **options: Unpack[GenerateOptions]
    ) -> Stream[Chunk]:
        """Streams an answer with its reasoning, tool calls and log-probabilities.

        Takes the same options as `generate`, and raises the same errors.
        """
        return self._stream("stream", prompt, options, whole_chunk)

    def complete(self, prompt: str | None = None, **options: Unpack[GenerateOptions]) -> Answer:
        """Returns the whole answer of `generate`, with the same options and errors."""
        return whole(self._stream("complete", prompt, options, whole_chunk))

    def generate_object(
        self, schema: type[Schema], prompt: str | None = None, **options: Unpack[ObjectOptions]
    ) -> ObjectAnswer[Schema]:
        """Returns an answer that is an instance of a pydantic model.

        Only tokens that fit the model's JSON Schema are sampled.

        Args:
            schema: The pydantic model.
            prompt: As in `generate`.
            **options: See `ObjectOptions`.

        Raises:
            EngineError: INVALID_OUTPUT if the answer was cut off by `max_tokens`, if the model
                called a tool instead, or if a validator rejects it; otherwise as `generate`.
        """
        stream = self._stream("generate_object", prompt, options, whole_chunk, schema)
        return parse(whole(stream), schema)

    def count_tokens(self, prompt: str | None = None, **options: Unpack[PromptOptions]) -> int:
        """Returns the number of tokens of a prompt or chat, as `usage.prompt_tokens` has it."""
        return self._ask(self._core.count(prompt, options), Tokenised).count

    def tokenise(self, text: str, *, model: ModelLike | None = None) -> list[int]:
        """Returns the token ids of a text, without those that a model expects at the start."""
        return self._ask(self._core.tokenise(text, model), Tokenised).tokens

    def detokenise(self, tokens: Sequence[int], *, model: ModelLike | None = None) -> str:
        """Returns the text of token ids. It is the inverse of `tokenise`."""
        return self._ask(self._core.detokenise(tokens, model), Detokenised).text

    def embed(self, inputs: Sequence[str], *, model: ModelLike | None = None) -> EmbedAnswer:
        """Returns a vector of length 1 for each text.

        The dot product of two vectors is the cosine similarity of their texts.

        Args:
            inputs: The texts, 1 to 2048.
            model: A model with embeddings.

        Raises:
            EngineError: UNSUPPORTED for a model that has no embeddings.
        """
        request = self._core.embed(inputs, model)
        return self._core.embedded(request, self._ask(request, Embeddings))

    def status(self) -> EngineStatus:
        """Returns the loaded models, the calls in progress and the memory in use."""
        return self._core.status(self._ask(Status(id=0), StatusReport))

    def unload_model(self, model: ModelLike | None = None) -> list[str]:
        """Unloads a model, or all of them, and returns their names.

        Calls that use it fail with ABORTED.
        """
        return self._ask(self._core.unload(model), Unloaded).models

    def models(self) -> list[ModelOnDisk]:
        """Returns the models that can be loaded without a download."""
        return self._ask(Models(id=0), ModelsReport).models

    def download_model(
        self,
        model: ModelLike | None = None,
        *,
        revision: str | None = None,
        output: "str | os.PathLike[str] | None" = None,
        on_progress: OnLoadProgress | None = None,
    ) -> DownloadedModel:
        """Downloads the files of a model without loading it, and checks their hashes.

        An interrupted download is resumed. A model that is on disk is only checked.

        Args:
            model: A Hugging Face ID.
            revision: A branch, tag or commit. Default: the main branch.
            output: A folder for plain files, in place of the cache of all Hugging Face tools.
            on_progress: Called with the progress of the download.

        Raises:
            EngineError: MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT (a downloaded file has the
                wrong hash), DOWNLOAD_FAILED, ACCESS_DENIED, UNSUPPORTED (no weights for MLX),
                DISK_FULL (before the download starts), INVALID_REQUEST (`output` has other files
                in it).
        """
        request = self._core.download(model, revision, output)
        return self._ask(request, Downloaded, on_progress).model

    def verify_model(
        self,
        model: ModelLike | None = None,
        *,
        revision: str | None = None,
        on_progress: OnLoadProgress | None = None,
    ) -> VerifiedModel:
        """Compares the files of a model with the hub's hashes.

        It asks the hub only for hashes that are not on disk.

        Raises:
            EngineError: MODEL_NOT_FOUND.
        """
        request = self._core.verify(model, revision)
        event = self._ask(request, Verified, on_progress)
        return VerifiedModel(model=event.model, path=event.path, files=event.files)

    def remove_model(self, model: ModelLike) -> RemovedModel:
        """Deletes a model from the shared cache or the models folder, and unloads it first.

        Raises:
            EngineError: MODEL_NOT_FOUND; INVALID_REQUEST for a path, for the hello model, and while
                calls or a download use the model.
        """
        event = self._ask(self._core.remove(model), Removed)
        return RemovedModel(model=event.model, path=event.path, freed_bytes=event.freed_bytes)

    def clean_models(self, *, dry_run: bool = False) -> CleanedModels:
        """Deletes the remains of interrupted downloads, and cached files of no model.

        With `dry_run`, it only lists them.
        """
        event = self._ask(self._core.clean(dry_run), Cleaned)
        return CleanedModels(removed=event.removed, freed_bytes=event.freed_bytes)

    def describe_model(
        self, model: ModelLike | None = None, *, revision: str | None = None
    ) -> ModelDescription:
        """Returns a model's size, licence and commit on the hub. It downloads nothing.

        Raises:
            EngineError: MODEL_NOT_FOUND, MODEL_GATED, ACCESS_DENIED, DOWNLOAD_FAILED, UNSUPPORTED
                (no weights for MLX), INVALID_REQUEST (the model is not from the hub).
        """
        return self._ask(self._core.describe(model, revision), Described).model

    def close(self) -> None:
        """Ends the engine and frees its models. Calls in progress fail with DISPOSED."""
        self._core.worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _stream(
        self,
        doing: str,
        prompt: str | None,
        options: Mapping[str, Any],
        part: Callable[[Chunk], Part],
        schema: type[BaseModel] | None = None,
    ) -> Stream[Part]:
        request = self._core.generate(doing, prompt, options, schema)
        return Stream(self._core.worker, request, options.get("on_prompt_progress"), part)

    def _ask(
        self, request: Request, kind: type[Answered], on_progress: OnLoadProgress | None = None
    ) -> Answered:
        """Returns the answer to a request. Ctrl-C cancels it."""
        check_callback("The call", "on_progress", on_progress)
        mailbox = Mailbox()
        call_id = self._core.worker.submit(request, mailbox.put)
        try:
            while True:
                answer = answer_of(mailbox.get(), on_progress, kind)
                if answer is not None:
                    return answer
        finally:
            self._core.worker.cancel(call_id)
