"""Each request gets the answer that the protocol's table names."""

import shutil
from pathlib import Path
from typing import Any, get_args

import pytest

from mlx_app.protocol import ANSWERS, Cancel, Event, Request
from worker_process import worker_process

HELLO = Path(__file__).resolve().parents[1] / "src" / "mlx_app" / "hello"

# The hello model writes no vectors, and only a hub describes models.
ELSEWHERE = {"embed", "describe"}

FIELDS: dict[str, dict[str, Any]] = {
    "load": {"model": "hello"},
    "generate": {"model": "hello", "prompt": "Hello", "maxTokens": 1},
    "tokenise": {"model": "hello", "prompt": "Hello"},
    "detokenise": {"model": "hello", "tokens": [398]},
    "status": {},
    "models": {},
    "download": {"model": "hello"},
    "verify": {"model": "hello"},
    "clean": {"dryRun": True},
    "unload": {"model": "hello"},
    "remove": {"model": "mine"},
}


def _tag(struct: type[Any]) -> str:
    tag: str = struct.__struct_config__.tag
    return tag


def test_the_table_has_each_request_but_cancel() -> None:
    assert set(ANSWERS) == set(get_args(Request)) - {Cancel}
    assert set(ANSWERS.values()) < set(get_args(Event))


def test_the_worker_answers_as_the_table_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    models = tmp_path / "models"
    for name in ("hello", "mine"):
        shutil.copytree(HELLO, models / name)
    answers = {_tag(request): _tag(answer) for request, answer in ANSWERS.items()}
    assert set(FIELDS) == set(answers) - ELSEWHERE
    with worker_process(models) as worker:
        for kind, fields in FIELDS.items():
            assert worker.ask(kind, **fields)["type"] == answers[kind]
