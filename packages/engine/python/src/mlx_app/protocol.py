"""The worker's protocol, one JSON object a line. Generated from protocol.ts: edit that file."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

PROTOCOL_VERSION = 6
LINE_BYTES = 33_554_432

Count = Annotated[int, Meta(ge=0)]
PenaltyContext = Annotated[int, Meta(ge=1, le=32_768)]
Penalty = Annotated[float, Meta(ge=-2.0, le=2.0)]
CallId = Annotated[int, Meta(ge=0)]
ModelName = Annotated[str, Meta(min_length=1, max_length=1_024)]
ToolName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")]
StopString = Annotated[str, Meta(min_length=1, max_length=1_024)]
Milliseconds = Annotated[float, Meta(ge=0.0)]
ErrorCode = Literal[
    "ABORTED",
    "ACCESS_DENIED",
    "CONTEXT_LENGTH_EXCEEDED",
    "DEADLINE_EXCEEDED",
    "DISK_FULL",
    "DISPOSED",
    "DOWNLOAD_FAILED",
    "INTERNAL",
    "INVALID_OUTPUT",
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
    "REMOTE_FAILED",
    "SETUP_NEEDED",
    "UNSUPPORTED",
    "WORKER_EXITED",
    "WORKER_STALLED",
]


class _Object(
    Struct,
    rename="camel",
    forbid_unknown_fields=True,
    kw_only=True,
    omit_defaults=True,
    frozen=True,
):
    """Fields are snake_case here and camelCase in JSON."""


class SamplingSettings(_Object, frozen=True):
    """Options of sampling for calls that leave them out."""

    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    top_k: Count | None = None
    min_p: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    xtc_probability: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    xtc_threshold: Annotated[float, Meta(ge=0.0, le=0.5)] | None = None
    repetition_penalty: Annotated[float, Meta(gt=0.0, le=10.0)] | None = None
    repetition_context: PenaltyContext | None = None
    presence_penalty: Penalty | None = None
    presence_context: PenaltyContext | None = None
    frequency_penalty: Penalty | None = None
    frequency_context: PenaltyContext | None = None


class ModelSettings(_Object, frozen=True):
    """The settings of a model."""

    sampling: SamplingSettings | None = None
    template_options: dict[str, Any] | None = None
    context_tokens: Annotated[int, Meta(ge=1)] | None = None
    pinned: bool | None = None


class WorkerSettings(_Object, frozen=True):
    """The settings of models, by the name that calls give them."""

    all: ModelSettings | None = None
    models: dict[str, ModelSettings] = {}


class Load(_Object, tag_field="type", tag="load", frozen=True):
    """Loads a model into memory, and downloads it first if necessary."""

    id: CallId
    model: ModelName
    revision: Annotated[str, Meta(min_length=1)] | None = None
    adapter: Annotated[str, Meta(min_length=1, max_length=1_024)] | None = None
    download: bool = True
    pinned: bool = False


class TextPart(_Object, tag_field="type", tag="text", frozen=True):
    """Text in a message."""

    text: str


class ImagePart(_Object, tag_field="type", tag="image", frozen=True):
    """A PNG, JPEG or WebP file in base64, for a vision model."""

    data: Annotated[str, Meta(min_length=1)]


class PastCall(_Object, frozen=True):
    """A call that the assistant made in an earlier turn."""

    id: str
    name: ToolName
    arguments: dict[str, Any]


class Message(_Object, frozen=True):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[TextPart | ImagePart]
    reasoning: str | None = None
    tool_calls: Annotated[list[PastCall], Meta(max_length=128)] = []
    tool_call_id: str | None = None
    name: str | None = None


class ToolGrammar(_Object, frozen=True):
    """The grammar of a text, in Lark or as a regular expression."""

    syntax: Literal["lark", "regex"]
    definition: Annotated[str, Meta(min_length=1, max_length=100_000)]


class Tool(_Object, frozen=True):
    """A function that the model may call. `parameters` is a JSON Schema."""

    name: ToolName
    parameters: dict[str, Any]
    description: str = ""
    grammar: ToolGrammar | None = None


class JsonObjectFormat(_Object, tag_field="type", tag="json_object", frozen=True):
    """Any JSON object."""


class JsonSchemaFormat(_Object, tag_field="type", tag="json_schema", frozen=True):
    """JSON that matches a JSON Schema."""

    schema: dict[str, Any]


class RegexFormat(_Object, tag_field="type", tag="regex", frozen=True):
    """Text that a regular expression matches as a whole."""

    pattern: Annotated[str, Meta(min_length=1, max_length=100_000)]


class GrammarFormat(_Object, tag_field="type", tag="grammar", frozen=True):
    """Text of a grammar in llguidance's variant of Lark, or in GBNF."""

    grammar: Annotated[str, Meta(min_length=1, max_length=100_000)]


ResponseFormat = JsonObjectFormat | JsonSchemaFormat | RegexFormat | GrammarFormat


class Generate(_Object, tag_field="type", tag="generate", frozen=True):
    """Generates an answer to either a raw prompt or a chat."""

    id: CallId
    model: ModelName
    prompt: Annotated[str, Meta(min_length=1)] | None = None
    messages: Annotated[list[Message], Meta(min_length=1, max_length=10_000)] | None = None
    tools: Annotated[list[Tool], Meta(max_length=128)] = []
    template_options: dict[str, Any] = {}
    volatile_lines: Literal["keep", "move"] = "keep"
    tool_choice: Literal["auto", "none", "required"] = "auto"
    tool_name: ToolName | None = None
    prompt_progress: bool = False
    n: Annotated[int, Meta(ge=1, le=32)] = 1
    logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    parallel_tool_calls: bool = True
    reasoning_tokens: Annotated[int, Meta(ge=0, le=1_048_576)] | None = None
    truncation: Literal["none", "middle"] = "none"
    priority: Literal["interactive", "normal", "batch"] = "normal"
    caller: Annotated[str, Meta(max_length=256)] = ""
    deadline_ms: Annotated[float, Meta(gt=0.0)] | None = None
    prompt_cache: bool = True
    cache_file: Annotated[str, Meta(min_length=1)] | None = None
    adapter: Annotated[str, Meta(min_length=1, max_length=1_024)] | None = None
    draft_model: ModelName | None = None
    draft_tokens: Annotated[int, Meta(ge=1, le=32)] = 3
    kv_bits: Annotated[int, Meta(ge=2, le=8)] | None = None
    kv_group_size: Annotated[int, Meta(ge=32, le=128)] = 64
    max_tokens: Annotated[int, Meta(ge=1, le=1_048_576)] = 1024
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    top_k: Count | None = None
    min_p: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    xtc_probability: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    xtc_threshold: Annotated[float, Meta(ge=0.0, le=0.5)] | None = None
    repetition_penalty: Annotated[float, Meta(gt=0.0, le=10.0)] | None = None
    repetition_context: PenaltyContext | None = None
    presence_penalty: Penalty | None = None
    presence_context: PenaltyContext | None = None
    frequency_penalty: Penalty | None = None
    frequency_context: PenaltyContext | None = None
    logit_bias: dict[
        Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")], Annotated[float, Meta(ge=-100.0, le=100.0)]
    ] = {}
    seed: Annotated[int, Meta(ge=0, le=4_294_967_295)] | None = None
    stop: Annotated[list[StopString], Meta(max_length=64)] = []


class Cancel(_Object, tag_field="type", tag="cancel", frozen=True):
    """Ends the request with this id, which then gets no more events."""

    id: CallId


class Unload(_Object, tag_field="type", tag="unload", frozen=True):
    """Unloads a model, or all of them. Calls that use it fail with ABORTED."""

    id: CallId
    model: ModelName | None = None


class Status(_Object, tag_field="type", tag="status", frozen=True):
    """Asks for the state of the worker."""

    id: CallId


class Models(_Object, tag_field="type", tag="models", frozen=True):
    """Asks for the models on disk."""

    id: CallId


class Embed(_Object, tag_field="type", tag="embed", frozen=True):
    """Asks for the embeddings of texts."""

    id: CallId
    model: ModelName
    inputs: Annotated[
        list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1, max_length=2_048)
    ]


class Tokenise(_Object, tag_field="type", tag="tokenise", frozen=True):
    """Asks for the token ids of a prompt."""

    id: CallId
    model: ModelName
    prompt: str | None = None
    messages: Annotated[list[Message], Meta(min_length=1, max_length=10_000)] | None = None
    tools: Annotated[list[Tool], Meta(max_length=128)] = []
    template_options: dict[str, Any] = {}
    volatile_lines: Literal["keep", "move"] = "keep"
    special: bool = True
    count_only: bool = False


class Detokenise(_Object, tag_field="type", tag="detokenise", frozen=True):
    """Asks for the text of token ids."""

    id: CallId
    model: ModelName
    tokens: Annotated[list[Count], Meta(max_length=1_048_576)]


class Download(_Object, tag_field="type", tag="download", frozen=True):
    """Downloads the files of a model and checks them, without loading it."""

    id: CallId
    model: ModelName
    revision: Annotated[str, Meta(min_length=1)] | None = None
    output: Annotated[str, Meta(min_length=1)] | None = None


class Verify(_Object, tag_field="type", tag="verify", frozen=True):
    """Compares the files of a model with the hashes of the hub."""

    id: CallId
    model: ModelName
    revision: Annotated[str, Meta(min_length=1)] | None = None


class Remove(_Object, tag_field="type", tag="remove", frozen=True):
    """Deletes a model from the cache or the folder of models."""

    id: CallId
    model: ModelName


class Clean(_Object, tag_field="type", tag="clean", frozen=True):
    """Deletes interrupted downloads, and cached files that no model refers to."""

    id: CallId
    dry_run: bool = False


class Describe(_Object, tag_field="type", tag="describe", frozen=True):
    """Asks the hub about a model, and checks how much of it is missing on disk."""

    id: CallId
    model: ModelName
    revision: Annotated[str, Meta(min_length=1)] | None = None


Request = (
    Load
    | Generate
    | Cancel
    | Unload
    | Status
    | Models
    | Embed
    | Tokenise
    | Detokenise
    | Download
    | Verify
    | Remove
    | Clean
    | Describe
)


class Ready(_Object, tag_field="type", tag="ready", frozen=True):
    """The first event, with the versions and the device of the worker."""

    protocol: int
    pid: int
    python: str
    mlx: str
    mlx_lm: str
    device: Literal["gpu", "cpu"]
    mlx_app: str | None = None


class Progress(_Object, tag_field="type", tag="progress", frozen=True):
    """Bytes processed in a stage. The total is 0 as long as it is unknown."""

    id: CallId
    stage: Literal["download", "verify", "load"]
    loaded_bytes: Count
    total_bytes: Count


class ModelDefault(_Object, frozen=True):
    """A default of a model, and where it comes from."""

    value: float | dict[str, Any]
    source: Literal["settings", "generation_config.json", "config.json", "library"]


class LoadedModel(_Object, frozen=True):
    """A model in memory."""

    model: ModelName
    adapter: str | None
    path: str
    memory_bytes: Count
    context_tokens: Annotated[int, Meta(ge=1)] | None
    capabilities: list[Literal["tools", "reasoning", "images", "embeddings"]]
    pinned: bool
    defaults: dict[str, ModelDefault]
    active: Count


class Loaded(_Object, tag_field="type", tag="loaded", frozen=True):
    """A model that is now in memory."""

    id: CallId
    model: LoadedModel


class PromptProgress(_Object, tag_field="type", tag="promptProgress", frozen=True):
    """Progress of the prefill of a prompt, including cached tokens."""

    id: CallId
    processed_tokens: Count
    total_tokens: Count


class Alternative(_Object, frozen=True):
    """A token that was likely in this place, with its log-probability."""

    token: str
    bytes: list[Annotated[int, Meta(ge=0, le=255)]]
    token_id: Count
    logprob: float


class TokenLogprob(_Object, frozen=True):
    """A sampled token and the likeliest ones. Penalties, biases and grammar apply."""

    token: str
    bytes: list[Annotated[int, Meta(ge=0, le=255)]]
    token_id: Count
    logprob: float
    top: list[Alternative]


class ToolCall(_Object, frozen=True):
    """A complete call that the model made."""

    id: str
    name: str
    arguments: dict[str, Any]


class ToolError(_Object, frozen=True):
    """Text in the place of a call that can't be parsed as one, and the reason."""

    raw: str
    message: str


class Piece(_Object, frozen=True):
    """The new part of one sequence of a call."""

    id: CallId
    index: Count = 0
    text: str = ""
    reasoning: str = ""
    logprobs: list[TokenLogprob] = []
    tool_calls: list[ToolCall] = []
    tool_errors: list[ToolError] = []


class Tokens(_Object, tag_field="type", tag="tokens", frozen=True):
    """The new pieces of all calls that took part in one step of a model."""

    pieces: list[Piece]


class Usage(_Object, frozen=True):
    """Token counts of a call."""

    prompt_tokens: Annotated[int, Meta(ge=0)]
    cached_tokens: Annotated[int, Meta(ge=0)]
    completion_tokens: Annotated[int, Meta(ge=0)]
    reasoning_tokens: Annotated[int, Meta(ge=0)]
    draft_tokens: Annotated[int, Meta(ge=0)]


class WorkerTimings(_Object, frozen=True):
    """Time of waiting, of the prefill up to the first token, and of decoding."""

    queue_ms: Milliseconds
    prompt_ms: Milliseconds
    generation_ms: Milliseconds


class Done(_Object, tag_field="type", tag="done", frozen=True):
    """The end of one sequence. The call ends with the last of its `n` sequences."""

    id: CallId
    finish_reason: Literal["stop", "length", "tool_calls"]
    usage: Usage
    timings: WorkerTimings
    index: Count = 0
    stop_string: StopString | None = None
    moved_lines: Count = 0


class Embeddings(_Object, tag_field="type", tag="embeddings", frozen=True):
    """One vector of length 1 for each input, in the same order."""

    id: CallId
    vectors: list[list[float]]
    prompt_tokens: Count


class Tokenised(_Object, tag_field="type", tag="tokenised", frozen=True):
    """The token ids of a prompt, and their number."""

    id: CallId
    tokens: list[Count]
    count: Count


class Detokenised(_Object, tag_field="type", tag="detokenised", frozen=True):
    """The text of token ids."""

    id: CallId
    text: str


class Unloaded(_Object, tag_field="type", tag="unloaded", frozen=True):
    """The models that were unloaded. Without an id, to make room or because they were idle."""

    id: CallId | None
    models: list[ModelName]


class StatusReport(_Object, tag_field="type", tag="statusReport", frozen=True):
    """The loaded models, the calls in progress and the memory of the worker."""

    id: CallId
    models: list[LoadedModel]
    active: Count
    queued: Count
    memory_bytes: Count
    cache_bytes: Count
    peak_memory_bytes: Count
    memory_limit_bytes: Count
    prompt_cache_bytes: Count
    steps: Count
    last_step_at: float | None


class ModelOnDisk(_Object, frozen=True):
    """A model that can be loaded without a download."""

    model: ModelName
    path: str
    bytes: Count
    place: Literal["project", "path", "package", "cache"]


class ModelsReport(_Object, tag_field="type", tag="modelsReport", frozen=True):
    """The models on disk."""

    id: CallId
    models: list[ModelOnDisk]


class DownloadedModel(_Object, frozen=True):
    """A model whose files are on disk and have the right hashes."""

    model: ModelName
    path: str
    bytes: Count
    revision: str | None


class Downloaded(_Object, tag_field="type", tag="downloaded", frozen=True):
    """A model that is now on disk."""

    id: CallId
    model: DownloadedModel


class VerifiedFile(_Object, frozen=True):
    """A file of a model, and whether it has the hash of the hub."""

    path: str
    bytes: Count
    state: Literal["ok", "missing", "differs", "unknown"]


class Verified(_Object, tag_field="type", tag="verified", frozen=True):
    """The checked files of a model."""

    id: CallId
    model: ModelName
    path: str
    files: list[VerifiedFile]


class Removed(_Object, tag_field="type", tag="removed", frozen=True):
    """A model that is deleted."""

    id: CallId
    model: ModelName
    path: str
    freed_bytes: Count


class CleanedFile(_Object, frozen=True):
    """A file of an interrupted download, or one that no model refers to."""

    path: str
    bytes: Count
    reason: Literal["partial", "unreferenced"]


class Cleaned(_Object, tag_field="type", tag="cleaned", frozen=True):
    """The deleted files."""

    id: CallId
    removed: list[CleanedFile]
    freed_bytes: Count


class ModelDescription(_Object, frozen=True):
    """What the hub knows about a model, and how much of it is on disk."""

    model: ModelName
    revision: str
    download_bytes: Count
    missing_bytes: Count
    weight_bytes: Count
    fits: bool
    licence: str | None
    gated: bool


class Described(_Object, tag_field="type", tag="described", frozen=True):
    """The description of a model."""

    id: CallId
    model: ModelDescription


class Heartbeat(_Object, tag_field="type", tag="heartbeat", frozen=True):
    """Sent regularly while the worker has work, also in the middle of a long step."""

    stalled_ms: Milliseconds
    last_step_at: float | None


class Failure(_Object, tag_field="type", tag="error", frozen=True):
    """The error that ends a call. Without an id, a line could not be understood."""

    id: CallId | None
    code: ErrorCode
    message: str
    hint: str | None = None


class Fatal(_Object, tag_field="type", tag="fatal", frozen=True):
    """The worker ends. Before Ready, the setup is incomplete; afterwards, it is a bug."""

    code: ErrorCode
    message: str
    hint: str | None = None


Event = (
    Ready
    | Progress
    | Loaded
    | PromptProgress
    | Tokens
    | Done
    | Embeddings
    | Tokenised
    | Detokenised
    | Unloaded
    | StatusReport
    | ModelsReport
    | Downloaded
    | Verified
    | Removed
    | Cleaned
    | Described
    | Heartbeat
    | Failure
    | Fatal
)

# The event that answers each request. Generate gets one for each sequence, and Cancel gets none.
ANSWERS: dict[type[Request], type[Event]] = {
    Load: Loaded,
    Generate: Done,
    Unload: Unloaded,
    Status: StatusReport,
    Models: ModelsReport,
    Embed: Embeddings,
    Tokenise: Tokenised,
    Detokenise: Detokenised,
    Download: Downloaded,
    Verify: Verified,
    Remove: Removed,
    Clean: Cleaned,
    Describe: Described,
}
