"""The worker's protocol: one JSON object a line. Made from protocol.ts: edit that one."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

PROTOCOL_VERSION = 1
LINE_BYTES = 33_554_432

CallId = Annotated[int, Meta(ge=0)]
ModelName = Annotated[str, Meta(min_length=1, max_length=1_024)]
Count = Annotated[int, Meta(ge=0)]
PenaltyContext = Annotated[int, Meta(ge=1, le=32_768)]
Penalty = Annotated[float, Meta(ge=-2.0, le=2.0)]
StopString = Annotated[str, Meta(min_length=1, max_length=1_024)]
Milliseconds = Annotated[float, Meta(ge=0.0)]
ErrorCode = Literal[
    "ABORTED",
    "CONTEXT_LENGTH_EXCEEDED",
    "DISPOSED",
    "DOWNLOAD_FAILED",
    "INTERNAL",
    "INVALID_REQUEST",
    "MLX_NOT_WORKING",
    "MODEL_CORRUPT",
    "MODEL_GATED",
    "MODEL_NOT_FOUND",
    "OUT_OF_MEMORY",
    "PROTOCOL_MISMATCH",
    "PYTHON_NOT_FOUND",
    "PYTHON_TOO_OLD",
    "QUEUE_FULL",
    "SETUP_NEEDED",
    "UNSUPPORTED",
    "WORKER_EXITED",
]


class _Object(Struct, rename="camel", forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Fields are snake_case here and camelCase in JSON."""


class Load(_Object, tag_field="type", tag="load", frozen=True):
    """Reads a model into memory, from disk or, where that is allowed, from the hub."""

    id: CallId
    model: ModelName
    revision: Annotated[str, Meta(min_length=1)] | None = None
    download: bool = True


class Message(_Object, frozen=True):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class Generate(_Object, tag_field="type", tag="generate", frozen=True):
    """One text from a raw prompt, or from a chat by the template of the model: one of the two."""

    id: CallId
    model: ModelName
    prompt: Annotated[str, Meta(min_length=1)] | None = None
    messages: Annotated[list[Message], Meta(min_length=1, max_length=10_000)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=1_048_576)] = 1024
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] = 0
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] = 1
    top_k: Count = 0
    min_p: Annotated[float, Meta(ge=0.0, le=1.0)] = 0
    xtc_probability: Annotated[float, Meta(ge=0.0, le=1.0)] = 0
    xtc_threshold: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.1
    repetition_penalty: Annotated[float, Meta(gt=0.0, le=10.0)] = 1
    repetition_context: PenaltyContext = 20
    presence_penalty: Penalty = 0
    presence_context: PenaltyContext = 20
    frequency_penalty: Penalty = 0
    frequency_context: PenaltyContext = 20
    logit_bias: dict[
        Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")], Annotated[float, Meta(ge=-100.0, le=100.0)]
    ] = {}
    seed: Annotated[int, Meta(ge=0, le=4_294_967_295)] | None = None
    stop: Annotated[list[StopString], Meta(max_length=64)] = []


class Cancel(_Object, tag_field="type", tag="cancel", frozen=True):
    """Ends the call of that id wherever it is. It gets no more events."""

    id: CallId


class Unload(_Object, tag_field="type", tag="unload", frozen=True):
    """Frees a model, or all of them. Calls that still use it fail with ABORTED."""

    id: CallId
    model: ModelName | None = None


class Status(_Object, tag_field="type", tag="status", frozen=True):
    """Asks for a StatusReport."""

    id: CallId


class Models(_Object, tag_field="type", tag="models", frozen=True):
    """Asks for a ModelsReport."""

    id: CallId


class Ready(_Object, tag_field="type", tag="ready", frozen=True):
    """The first event: the versions and the device at the other end."""

    protocol: int
    pid: int
    python: str
    mlx: str
    mlx_lm: str
    device: Literal["gpu", "cpu"]


class Progress(_Object, tag_field="type", tag="progress", frozen=True):
    """Bytes of a download or of weights; total_bytes is 0 as long as it is unknown."""

    id: CallId
    stage: Literal["download", "load"]
    loaded_bytes: Count
    total_bytes: Count


class LoadedModel(_Object, frozen=True):
    """A model in memory. context_tokens bounds prompt and answer together; null if unknown."""

    model: ModelName
    path: str
    memory_bytes: Count
    context_tokens: Annotated[int, Meta(ge=1)] | None


class Loaded(_Object, tag_field="type", tag="loaded", frozen=True):
    """The end of a load."""

    id: CallId
    model: LoadedModel


class Piece(_Object, frozen=True):
    """New text of one call."""

    id: CallId
    text: str


class Tokens(_Object, tag_field="type", tag="tokens", frozen=True):
    """The text of one step of the batch: at most one piece for each call."""

    pieces: list[Piece]


class Usage(_Object, frozen=True):
    """Tokens that were read and written."""

    prompt_tokens: Annotated[int, Meta(ge=0)]
    completion_tokens: Annotated[int, Meta(ge=0)]


class WorkerTimings(_Object, frozen=True):
    """Waiting for a place; prefill up to the first token; first to last token."""

    queue_ms: Milliseconds
    prompt_ms: Milliseconds
    generation_ms: Milliseconds


class Done(_Object, tag_field="type", tag="done", frozen=True):
    """The end of a call. `text` had been held back as the possible start of a stop string."""

    id: CallId
    text: str
    finish_reason: Literal["stop", "length"]
    usage: Usage
    timings: WorkerTimings


class Unloaded(_Object, tag_field="type", tag="unloaded", frozen=True):
    """The models that were freed."""

    id: CallId
    models: list[ModelName]


class StatusReport(_Object, tag_field="type", tag="statusReport", frozen=True):
    """Calls in the batch (active) and in front of it (queued), memory as MLX counts it."""

    id: CallId
    models: list[LoadedModel]
    active: Count
    queued: Count
    memory_bytes: Count
    cache_bytes: Count
    peak_memory_bytes: Count
    steps: Count


class ModelOnDisk(_Object, frozen=True):
    """A model that can be loaded without a download."""

    model: ModelName
    path: str
    bytes: Count
    place: Literal["project", "cache"]


class ModelsReport(_Object, tag_field="type", tag="modelsReport", frozen=True):
    """What lies on disk."""

    id: CallId
    models: list[ModelOnDisk]


class Failure(_Object, tag_field="type", tag="error", frozen=True):
    """The end of a call that failed or, without an id, a line that could not be understood."""

    id: CallId | None
    code: ErrorCode
    message: str
    hint: str | None = None


class Fatal(_Object, tag_field="type", tag="fatal", frozen=True):
    """The worker ends: before Ready a set-up that lacks something, later a bug."""

    code: ErrorCode
    message: str
    hint: str | None = None


Request = Load | Generate | Cancel | Unload | Status | Models
Event = (
    Ready
    | Progress
    | Loaded
    | Tokens
    | Done
    | Unloaded
    | StatusReport
    | ModelsReport
    | Failure
    | Fatal
)
