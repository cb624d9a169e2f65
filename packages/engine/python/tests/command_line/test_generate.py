"""`mlx-app generate`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .program import Run

QUESTION = "Count to ten."


def test_it_prints_the_answer_alone(run: Run, answers: dict[str, str]) -> None:
    answered = run("generate", QUESTION)
    assert answered.exit_code == 0
    assert answered.stdout == f"{answers[QUESTION]}\n"
    # The user has chosen no model, and learns how.
    assert "--model" in answered.stderr
    assert run("generate", QUESTION, "--model", "hello").stderr == ""


@pytest.mark.parametrize(
    ("words", "text"),
    [([], f"{QUESTION}\n"), (["-"], f"{QUESTION}\n"), (["Count to", "-"], "ten.")],
)
def test_the_question_comes_from_standard_input(
    run: Run, answers: dict[str, str], words: list[str], text: str
) -> None:
    # The model knows the question as one line.
    answered = run("generate", *words, "--model", "hello", text=text)
    assert answered.exit_code == 0
    if words != ["Count to", "-"]:
        assert answered.stdout == f"{answers[QUESTION]}\n"


def test_json_has_the_answer_and_its_tokens(run: Run, answers: dict[str, str]) -> None:
    answer = json.loads(run("generate", QUESTION, "--json").stdout)
    assert answer["model"] == "hello"
    assert answer["text"] == answers[QUESTION]
    assert answer["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] == 21
    assert answer["timings"]["total_ms"] > 0


def test_an_answer_that_was_cut_off_says_so(run: Run, answers: dict[str, str]) -> None:
    answered = run("generate", QUESTION, "--max-tokens", "3")
    assert answers[QUESTION].startswith(answered.stdout.strip())
    assert "raise --max-tokens" in answered.stderr


def test_a_seed_repeats_a_random_answer(run: Run) -> None:
    flags = ["--temperature", "2", "--max-tokens", "20"]
    one, two, other = (run("generate", "Hi", *flags, "--seed", seed).stdout for seed in "778")
    assert one == two
    assert one != other


def test_a_system_message_is_part_of_the_prompt(run: Run) -> None:
    plain, with_system = (
        json.loads(run("generate", QUESTION, "--json", *flags).stdout)["usage"]["prompt_tokens"]
        for flags in ([], ["--system", "Be brief."])
    )
    assert with_system > plain


def test_a_schema_shapes_the_answer(run: Run, home: Path) -> None:
    schema = home / "schema.json"
    schema.write_text(
        json.dumps({"type": "object", "properties": {"good": {"type": "boolean"}}}).replace(
            "}}}", '}}, "required": ["good"], "additionalProperties": false}'
        ),
        "utf-8",
    )
    answer = json.loads(run("generate", "Hello", "--schema", str(schema)).stdout)
    assert answer in ({"good": True}, {"good": False})


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ([], "", "The text is empty."),
        ([" "], None, "The text is empty."),
        (["Sum up:", "-"], "\n", "The text is empty."),
        (["k\udcf6ln"], None, "This is not UTF-8 text."),
        (["Hi", "--system", "k\udcf6ln"], None, "This is not UTF-8 text."),
        (["Hi", "--schema", "latin.json"], None, "latin.json is not UTF-8 text."),
        (["Hi", "--schema", "missing.json"], None, "missing.json can't be read"),
        (["Hi", "--schema", "broken.json"], None, "broken.json is not valid JSON"),
        (["Hi", "--image", "missing.png"], None, "There is no file missing.png."),
    ],
)
def test_what_is_missing_is_wrong_usage(
    run: Run, home: Path, words: list[str], text: str | None, expected: str
) -> None:
    (home / "broken.json").write_text("{", "utf-8")
    (home / "latin.json").write_bytes(b'{"title": "k\xf6ln"}')
    failed = run("generate", *words, text=text)
    assert failed.exit_code == 2
    assert expected in failed.stderr


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("command", ["generate", "chat"])
def test_standard_input_in_another_encoding_is_wrong_usage(command: str, locale: str) -> None:
    failed = subprocess.run(
        [sys.executable, "-m", "mlx_app", command, "--model", "hello"],
        input="k\u00f6ln\n".encode("latin-1"),
        capture_output=True,
        env={**os.environ, "LC_ALL": locale},
    )
    assert failed.returncode == 2
    assert b"is not UTF-8 text." in failed.stderr
    assert b"Traceback" not in failed.stderr


def test_an_image_needs_a_model_that_takes_images(run: Run, home: Path) -> None:
    (home / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    failed = run("generate", "What is this?", "--image", "cat.png", "--model", "hello")
    assert failed.exit_code == 1
    assert failed.stderr == "✗ This model takes no images, only text.\n"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("MLX_PULL", "never", "is not on this machine, and MLX_PULL=never prevents its download."),
        (
            "HF_HUB_OFFLINE",
            "1",
            "is not on this machine, and HF_HUB_OFFLINE prevents its download.",
        ),
        ("MLX_PULL", "maybe", "MLX_PULL must be one of ask, always, never, but it is maybe."),
    ],
)
def test_a_missing_model_is_not_downloaded_against_a_wish(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv(variable, value)
    failed = run("generate", "Hi", "--model", "somebody/model")
    assert failed.exit_code == 1
    assert expected in failed.stderr
    assert failed.stdout == ""
