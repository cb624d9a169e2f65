"""Whether a model that is not on disk may be downloaded."""

import os
from typing import Literal, get_args

from ...errors import EngineError
from ...own_command import own_command

PullPolicy = Literal["ask", "always", "never"]


def read_pull_policy() -> PullPolicy:
    """Reads MLX_PULL: `ask` (the default) asks in a terminal and downloads otherwise.

    Raises EngineError INVALID_REQUEST for a value other than ask, always and never.
    """
    value = os.environ.get("MLX_PULL") or "ask"
    for policy in get_args(PullPolicy):
        if value == policy:
            return policy  # type: ignore[no-any-return]
    raise EngineError(
        "INVALID_REQUEST",
        f"MLX_PULL must be one of {', '.join(get_args(PullPolicy))}, but it is {value}.",
    )


def check_pull_allowed(model: str, *, revision: str | None = None) -> PullPolicy:
    """Returns the policy. Raises EngineError MODEL_NOT_FOUND if it allows no download."""
    policy = read_pull_policy()
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise EngineError(
            "MODEL_NOT_FOUND",
            f"{model} is not on this machine, and HF_HUB_OFFLINE prevents its download.",
            "Unset HF_HUB_OFFLINE, or use the hello model: MLX_MODEL=hello",
        )
    if policy == "never":
        raise not_downloaded(model, "MLX_PULL=never prevents its download", revision=revision)
    return policy


def not_downloaded(
    model: str, reason: str | None = None, *, revision: str | None = None
) -> EngineError:
    """Returns the error for a model that is not on disk, with the command that downloads it."""
    pinned = "" if revision is None else f" --revision {revision}"
    return EngineError(
        "MODEL_NOT_FOUND",
        f"{model} is not on this machine{f', and {reason}' if reason else ''}.",
        f"To download it, run: {own_command(f'models download {model}{pinned}')}",
    )
