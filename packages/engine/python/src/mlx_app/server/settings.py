"""The settings of the server."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EngineError
from .loopback import is_loopback

if TYPE_CHECKING:
    from ..engine.model_options import ModelOptions, SamplingOptions
    from ..engine.options import Aliases, ModelLike
    from ..engine.settings import Device

#: Why there is no second process, for a command line that has `--workers`.
ONE_PROCESS = (
    "The server runs in one process. It decodes all requests together (continuous batching), which "
    "is faster than separate processes: each of them would load the model into memory again and "
    "compete for the same GPU. To use several machines, run one server on each behind a load "
    "balancer."
)

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The settings of the server. The defaults are safe on a computer that others can't reach.

    Raises EngineError INVALID_REQUEST for a value that is not valid.
    """

    #: The address to listen on. One that other machines can reach requires `api_key`.
    host: str = "127.0.0.1"
    #: The port to listen on; 0 uses any free port.
    port: int = 8000
    #: The key that requests must send. Default: none.
    api_key: str | None = field(default=None, repr=False)
    #: Host names, in addition to localhost, that a server without a key accepts.
    allowed_hosts: Sequence[str] = ()
    #: Origins of web pages that may use the server (CORS), such as `https://example.org`.
    allowed_origins: Sequence[str] = ()
    #: The model that answers requests without a model.
    model: "ModelLike" = "hello"
    #: The branch, tag or commit of `model` on the Hugging Face hub. Default: the main branch.
    revision: str | None = None
    #: Where MLX computes. Default: the environment variable MLX_DEVICE, or `auto`.
    device: "Device | None" = None
    #: The folder of your own models.
    models_directory: str | os.PathLike[str] = "models"
    #: Names for models; see `MLXEngine`.
    aliases: "Aliases" = field(default_factory=dict)
    #: Models on disk and aliases that requests can name beside `model`. Default: all.
    served_models: Sequence[str] = ()
    #: Memory for models, caches and requests together. Default: see `MLXEngine`.
    memory_limit_bytes: int | None = None
    #: Memory for the prompt cache of one model. Default: see `MLXEngine`.
    prompt_cache_bytes: int | None = None
    #: Unloads models that have not been used for this long, such as `10m`. Default: never.
    keep_alive: str | float | None = None
    #: How long there may be work without a step of a model; then 503, until there is one.
    stall_timeout_ms: int = 60_000
    #: Sampling for requests that leave its options out. Default: see `MLXEngine`.
    sampling: "SamplingOptions | None" = None
    #: Chat template variables for requests that don't set them.
    template_defaults: "Mapping[str, Any] | None" = None
    #: The most tokens of prompt and answer together. Default: what the model's config.json says.
    context_tokens: int | None = None
    #: Settings of single models, by name; see `MLXEngine`.
    model_settings: "Mapping[str, ModelOptions] | None" = None
    #: The most requests that wait for a place in the batch; further ones get 429.
    queue_limit: int = 512
    #: The most concurrent requests of one caller; further ones get 429.
    streams_per_key: int = 64
    #: The token limit of an answer if the request sets none.
    default_tokens: int = 4096
    #: The largest token limit that a request can set.
    max_tokens: int = 131_072
    #: The most messages in a request.
    max_messages: int = 2048
    #: The most parts, which are texts and images, in a message.
    max_parts: int = 256
    #: Chat template variables that requests can set.
    template_options: Sequence[str] = ("enable_thinking", "reasoning_effort")
    #: Whether lines of the system prompt that change between requests, such as the time, `move`
    #: behind the last message, so that the prefix stays cached, or `keep` their place.
    volatile_lines: "Literal['move', 'keep']" = "move"
    #: The largest request body.
    max_body_bytes: int = 16 * _MEBIBYTE
    #: The most JSON values in a request body, nested values included.
    max_body_values: int = 50_000
    #: The time that a client has to send its headers.
    headers_timeout_ms: int = 10_000
    #: The time that a client has to send its body.
    body_timeout_ms: int = 30_000
    #: The time that a connection can stay open without a request.
    idle_timeout_ms: int = 65_000
    #: The most open connections; further ones are closed.
    max_connections: int = 4096
    #: The time to the first token, including time in the queue; then 504.
    first_token_timeout_ms: int = 120_000
    #: The time for a complete answer; then 504.
    request_timeout_ms: int = 600_000
    #: The time after which a silent stream gets a heartbeat.
    heartbeat_ms: int = 5_000
    #: The time that running requests have to finish after SIGTERM.
    grace_ms: int = 30_000
    #: The level of the log: debug, info, warning, error or silent.
    log_level: str = "info"

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise _invalid(f"{name} is {value}, but must be from {least} to {most}.")
        if self.log_level not in LOG_LEVELS:
            raise _invalid(
                f"log_level is {self.log_level!r}, but must be one of {', '.join(LOG_LEVELS)}."
            )
        if self.volatile_lines not in ("move", "keep"):
            raise _invalid(f"volatile_lines is {self.volatile_lines!r}, but must be move or keep.")
        for origin in self.allowed_origins:
            scheme, separator, host = origin.partition("://")
            if not scheme or not separator or not host or "/" in host or "*" in host:
                raise _invalid(
                    f"allowed_origins has {origin!r}, but must have origins such as "
                    "https://example.org."
                )
        if self.api_key == "":
            raise _invalid("api_key is empty.", "Leave it out for a server without a key.")

    def require_key(self) -> None:
        """Raises EngineError if other machines can reach a server that has no key."""
        if self.api_key is None and not is_loopback(self.host):
            raise EngineError(
                "INVALID_REQUEST",
                f"Other machines can reach the address {self.host}, so the server needs a key.",
                "Choose one with --api-key KEY, or listen on this machine only: --host 127.0.0.1",
            )


LOG_LEVELS = ("debug", "info", "warning", "error", "silent")

_MILLISECONDS = (1, 2**31 - 1)
_RANGES = {
    "port": (0, 65_535),
    "queue_limit": (1, 1_000_000),
    "streams_per_key": (1, 1_000_000),
    "default_tokens": (1, 1_048_576),
    "max_tokens": (1, 1_048_576),
    "max_messages": (1, 10_000),
    "max_parts": (1, 10_000),
    "max_body_bytes": (1, 1024 * _MEBIBYTE),
    "max_body_values": (1, 100_000_000),
    "headers_timeout_ms": _MILLISECONDS,
    "body_timeout_ms": _MILLISECONDS,
    "idle_timeout_ms": _MILLISECONDS,
    "max_connections": (1, 1_000_000),
    "first_token_timeout_ms": _MILLISECONDS,
    "request_timeout_ms": _MILLISECONDS,
    "heartbeat_ms": _MILLISECONDS,
    "grace_ms": _MILLISECONDS,
    "stall_timeout_ms": _MILLISECONDS,
}


def _invalid(message: str, hint: str | None = None) -> EngineError:
    return EngineError("INVALID_REQUEST", message, hint)
