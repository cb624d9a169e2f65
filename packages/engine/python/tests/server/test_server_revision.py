"""A server whose model is pinned to a commit."""

from pathlib import Path

import pytest

from pinned_model import COMMIT, PINNED, add_pinned_model
from server_process import ask, serve


def test_the_pinned_commit_is_served(
    tmp_path: Path, models: Path, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pinned_model(tmp_path, models, monkeypatch)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with serve(model=PINNED, revision=COMMIT) as server:
        answer = server.post("/v1/chat/completions", ask("Who are you?"))
        assert answer.status == 200, answer.body
        assert answer.json["choices"][0]["message"]["content"] == answers["Who are you?"]
