"""A model in the cache of Hugging Face tools, of which only one commit is on disk."""

import shutil
from pathlib import Path

import pytest

COMMIT = "c" * 40
PINNED = "somebody/pinned"


def add_pinned_model(folder: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a folder the cache, with a commit of the hello model. There is no network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    name = f"models--{PINNED.replace('/', '--')}"
    shutil.copytree(models / "hello", folder / name / "snapshots" / COMMIT)
