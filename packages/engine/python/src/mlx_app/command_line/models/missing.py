"""What a command does at its start if its model is not on disk."""

from typing import TYPE_CHECKING

from ..terminal.format import format_bytes
from ..terminal.output import note
from ..terminal.progress import show_progress
from ..terminal.prompts import can_prompt, confirm
from .disk import free_disk_bytes, hub_cache
from .policy import check_pull_allowed, not_downloaded

if TYPE_CHECKING:
    from ...engine.mlx_engine import MLXEngine
    from ...protocol import ModelDescription

INTERRUPTED = "Interrupted. To resume the download, run the same command again."


def get_missing_model(engine: "MLXEngine", model: str, revision: str | None = None) -> None:
    """Downloads a model. In a terminal it asks first and shows the size.

    Raises EngineError MODEL_NOT_FOUND if the download is not allowed or the user refuses it,
    ABORTED on Ctrl-C, and what `describe_model` and `download_model` raise.
    """
    if check_pull_allowed(model, revision=revision) == "ask" and can_prompt():
        with show_progress(f"Looking up {model}"):
            facts = engine.describe_model(model, revision=revision)
        if not _confirm_download(facts, engine.status().memory_limit_bytes):
            raise not_downloaded(model, revision=revision)
    with show_progress(f"Looking up {model}") as update:
        try:
            engine.download_model(model, revision=revision, on_progress=update)
        except KeyboardInterrupt:
            note(INTERRUPTED)
            raise


def _confirm_download(facts: "ModelDescription", memory_limit_bytes: int) -> bool:
    if facts.missing_bytes == 0:
        return True
    free = free_disk_bytes(hub_cache())
    note(f"{facts.model} is not on this machine yet.")
    if facts.licence is not None:
        note(f"Licence: {facts.licence}")
    if facts.gated:
        note("This model is gated. To download it, set HF_TOKEN to your access token.")
    fits = facts.fits and facts.missing_bytes < free
    if not facts.fits:
        note(
            f"Memory: it does not fit. It needs {format_bytes(facts.weight_bytes)} for its "
            f"weights; the limit for models is {format_bytes(memory_limit_bytes)}."
        )
    if facts.missing_bytes >= free:
        note(f"Disk: it does not fit. {format_bytes(free)} free.")
    size = format_bytes(facts.missing_bytes)
    if facts.missing_bytes < facts.download_bytes:
        size += f" left of {format_bytes(facts.download_bytes)}"
    return confirm(f"Download {facts.model}? ({size})", default=fits)
