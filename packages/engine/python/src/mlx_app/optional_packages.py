"""Packages that are installed only with `npm run setup -- --with NAME`."""

from importlib.util import find_spec

from .errors import EngineError


def has_vision() -> bool:
    """Whether the packages for images and embeddings are installed. Imports nothing."""
    return find_spec("mlx_vlm") is not None and find_spec("PIL") is not None


def missing_vision_error(what: str) -> EngineError:
    """Returns SETUP_NEEDED with the command; `what` is the subject of "needs packages ..."."""
    return EngineError(
        "SETUP_NEEDED",
        f"{what} needs the packages for images and embeddings, which are not installed.",
        "npm run setup -- --with vision",
    )
