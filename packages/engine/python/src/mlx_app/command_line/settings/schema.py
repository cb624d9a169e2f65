"""All settings, with their environment variables and limits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ...duration import DURATION, parse_duration


def _split(value: object) -> object:
    """Returns the parts of a text with commas, as environment variables and flags have it."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _setting(
    default: object,
    variable: str | None,
    meaning: str,
    **limits: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401 - a field has the type of its annotation
    """Declares a setting. `variable` is its environment variable."""
    return Field(
        default, description=meaning, json_schema_extra={"variable": variable or ""}, **limits
    )


def _duration(value: object) -> object:
    """Returns a time as it is written. Raises ValueError for what is none."""
    if value is None or parse_duration(value) is not None:
        return value if value is None else str(value)
    raise ValueError(DURATION)


def _expand(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str | Path) else value


Folder = Annotated[Path, BeforeValidator(_expand)]
KeepAlive = Annotated[str, BeforeValidator(_duration), Field(json_schema_extra={"format": "time"})]
Names = Annotated[list[str], BeforeValidator(_split)]
Name = Annotated[str, Field(min_length=1)]
_MOST_MS = 2**31 - 1
_MOST_TOKENS = 1_048_576


class Settings(BaseSettings):
    """The settings of all commands. `read_settings` fills them in."""

    model_config = SettingsConfigDict(extra="forbid", protected_namespaces=())

    model: Name = _setting(
        "hello", "MLX_MODEL", "a folder in the models folder, a path, or a Hugging Face ID"
    )
    device: Literal["auto", "gpu", "cpu"] = _setting("auto", "MLX_DEVICE", "where MLX computes")
    models_dir: Folder = _setting(Path("models"), "MLX_MODELS_DIR", "the folder of your own models")
    aliases: dict[str, Any] = _setting({}, None, "names for models")
    memory_limit_bytes: int | None = _setting(
        None, "MLX_MEMORY_LIMIT_BYTES", "memory for models, caches and calls together", ge=1
    )
    prompt_cache_bytes: int | None = _setting(
        None, "MLX_PROMPT_CACHE_BYTES", "memory for the prompt cache of one model", ge=0
    )
    keep_alive: KeepAlive | None = _setting(
        None, "MLX_KEEP_ALIVE", "unloads models that have not been used for this long"
    )
    stall_timeout_ms: int = _setting(
        60_000,
        "STALL_TIMEOUT_MS",
        "time without a step of a model after which waiting requests fail",
        ge=1,
        le=_MOST_MS,
    )
    sampling: dict[str, Any] | None = _setting(
        None, None, "sampling for requests that leave its options out; else the model's own"
    )
    template_defaults: dict[str, Any] | None = _setting(
        None, None, "chat template variables for requests that don't set them"
    )
    context_tokens: int | None = _setting(
        None, "MLX_CONTEXT_TOKENS", "maximum tokens of prompt and answer together", ge=1
    )
    model_settings: dict[str, Any] | None = _setting(
        None, None, "the same for single models, by name, with pinned and aliases"
    )
    default_tokens: int = _setting(
        4096,
        "DEFAULT_TOKENS",
        "maximum tokens of an answer, if a request sets no limit",
        ge=1,
        le=_MOST_TOKENS,
    )
    host: Name = _setting(
        "127.0.0.1",
        "HOST",
        "address to listen on; one that other machines can reach requires a key",
    )
    port: int = _setting(8000, "PORT", "port to listen on; 0 uses any free port", ge=0, le=65_535)
    api_key: SecretStr | None = _setting(
        None, "API_KEY", "key that requests must send", min_length=1
    )
    allowed_hosts: Names = _setting(
        [],
        "ALLOWED_HOSTS",
        "host names, in addition to localhost, that a server without key accepts",
    )
    allowed_origins: Names = _setting(
        [], "ALLOWED_ORIGINS", "origins of web pages that can use the server (CORS)"
    )
    served_models: Names = _setting(
        [], "SERVED_MODELS", "models and aliases that requests can name; empty: all on disk"
    )
    max_tokens: int = _setting(
        131_072, "MAX_TOKENS", "largest token limit that a request can set", ge=1, le=_MOST_TOKENS
    )
    queue_limit: int = _setting(
        512,
        "QUEUE_LIMIT",
        "maximum number of requests that wait; further ones get 429",
        ge=1,
        le=1_000_000,
    )
    streams_per_key: int = _setting(
        64,
        "STREAMS_PER_KEY",
        "maximum number of concurrent requests of one caller; further ones get 429",
        ge=1,
        le=1_000_000,
    )
    max_connections: int = _setting(
        4096, "MAX_CONNECTIONS", "maximum number of open connections", ge=1, le=1_000_000
    )
    max_body_bytes: int = _setting(
        16 * 1024**2, "MAX_BODY_BYTES", "maximum size of a request body", ge=1, le=1024**3
    )
    first_token_timeout_ms: int = _setting(
        120_000, "FIRST_TOKEN_TIMEOUT_MS", "maximum time to the first token", ge=1, le=_MOST_MS
    )
    request_timeout_ms: int = _setting(
        600_000, "REQUEST_TIMEOUT_MS", "maximum time for a complete answer", ge=1, le=_MOST_MS
    )
    heartbeat_ms: int = _setting(
        5_000,
        "HEARTBEAT_MS",
        "time after which a silent stream gets a heartbeat",
        ge=1,
        le=_MOST_MS,
    )
    grace_ms: int = _setting(
        30_000,
        "GRACE_MS",
        "time running requests have to finish after SIGTERM",
        ge=1,
        le=_MOST_MS,
    )
    log_level: Literal["debug", "info", "warning", "error", "silent"] = _setting(
        "info", "LOG_LEVEL", "log level of the server"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - as pydantic-settings calls it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leaves the order of the sources to `read_settings`, which notes where a value is from."""
        return (init_settings,)


#: The settings that only the server uses, in the order of the file.
SERVER: Sequence[str] = tuple(Settings.model_fields)[list(Settings.model_fields).index("host") :]


def variable_of(name: str) -> str:
    """Returns the environment variable of a setting; empty if it has none."""
    extra = Settings.model_fields[name].json_schema_extra
    return str(extra["variable"]) if isinstance(extra, dict) else ""


def expected_value(name: str) -> str:
    """Returns what the value of a setting must be, such as `a whole number from 0 to 65535`."""
    schema = Settings.model_json_schema()["properties"][name]
    # A setting that can be left out is this or null.
    kind = schema.get("anyOf", [schema])[0]
    if "enum" in kind:
        return f"{', '.join(kind['enum'][:-1])} or {kind['enum'][-1]}"
    match kind["type"]:
        case "integer":
            least, most = kind["minimum"], kind.get("maximum")
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            return f"a whole number {limits}"
        case "array":
            return "a list of names"
        case "object":
            return "names with a model each" if name == "aliases" else "keys with values"
    if kind.get("format") == "time":
        return DURATION
    return "a path" if kind.get("format") == "path" else "a text that is not empty"
