"""The functions for notebooks, in a kernel with widgets and without one."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from mlx_app import EngineError, MLXEngine
from mlx_app.engine.options import Message
from mlx_app.notebook import StoppedAnswer, chat, stream
from notebook_kernel import Kernel

GUIDE = Path(__file__).parents[2] / "docs" / "python-notebook.md"
EXAMPLE = Path(__file__).parents[1] / "examples" / "notebook.ipynb"
HELLO: list[Message] = [{"role": "user", "content": "Say hello."}]
STORY = '[{"role": "user", "content": "Tell me a story."}]'
# The tokens that end an answer are out of the question.
ENDLESS = "max_tokens=100_000, logit_bias={0: -100, 1: -100, 2: -100}"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        kernel.run(
            "from mlx_app import AsyncMLXEngine, MLXEngine\n"
            "from mlx_app.notebook import chat, stream\n"
            'engine = MLXEngine(model="hello", device="cpu")'
        )
        yield kernel


class TestExample:
    def test_has_no_outputs_in_the_repository(self) -> None:
        for cell in read_example().cells:
            assert cell.get("outputs", []) == []
            assert cell.get("execution_count") is None

    def test_gives_the_outputs_that_it_describes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLX_DEVICE", "cpu")
        monkeypatch.setenv("PYTHONPATH", str(EXAMPLE.parents[1] / "src"))
        notebook = read_example()
        NotebookClient(notebook, timeout=180, kernel_name="python3").execute()
        outputs = [texts(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]
        code = "```python\nimport mlx.core as mx\n\nprint(mx.array([1, 2, 3]).sum())\n```"
        answers = (
            "['MLX is an array framework for machine learning, made for Apple silicon. It runs on "
            "Linux too.',\n 'one two three four five six seven eight nine ten']"
        )
        languages, button = outputs[3]
        assert languages == "Hello, Grüezi, Привет, こんにちは, مرحبا 👋🏽🌍"
        assert button == ""
        assert outputs[6].pop().startswith("HBox(")
        assert outputs == [
            ["'hello'"],
            [code],
            ["('stop', 49)"],
            [languages, button],
            ["Model(model='hello', layers=2, tiny=True)"],
            [answers],
            [""],
            [],
        ]


def test_the_snippets_of_the_guide_run(kernel: Kernel) -> None:
    snippets = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert len(snippets) == 4
    for snippet in snippets:
        kernel.run(snippet)
    assert kernel.value("answer.text").startswith("```python\nimport mlx.core")
    assert kernel.value("conversation.messages") == []


def read_example() -> nbformat.NotebookNode:
    text = EXAMPLE.read_text("utf-8")
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    assert isinstance(notebook, nbformat.NotebookNode)
    return notebook


def texts(outputs: list[Any]) -> list[str]:
    return [output.data.get("text/markdown", output.data["text/plain"]) for output in outputs]


class TestStream:
    def test_shows_markdown(self, kernel: Kernel) -> None:
        cell = kernel.run(f"answer = stream(engine, {STORY})")
        assert kernel.value("answer.text").startswith("Once upon a time")
        assert cell.markdown == [kernel.value("answer.text")]
        assert kernel.value("answer.usage.completion_tokens") == 216

    def test_stops_at_an_interrupt_of_the_kernel(self, kernel: Kernel) -> None:
        cell = kernel.start(f"answer = stream(engine, {STORY}, {ENDLESS})")
        cell.wait_for_markdown("Once upon")
        kernel.interrupt()
        cell.wait()
        assert kernel.value("type(answer).__name__") == "StoppedAnswer"
        assert cell.markdown == [kernel.value("answer.text")]
        assert kernel.value("engine.status().active") == 0

    def test_removes_the_button_at_the_end(self, kernel: Kernel) -> None:
        cell = kernel.run(f"answer = await stream(AsyncMLXEngine.of(engine), {STORY})")
        assert cell.markdown == [kernel.value("answer.text")]
        assert cell.buttons == {}
        assert kernel.value("answer.usage.completion_tokens") == 216

    def test_stops_at_the_button_while_the_cell_runs(self, kernel: Kernel) -> None:
        cell = kernel.start(f"answer = await stream(AsyncMLXEngine.of(engine), {STORY}, {ENDLESS})")
        cell.wait_for_markdown("Once upon")
        kernel.click(cell.buttons["Stop"])
        cell.wait()
        assert kernel.value("type(answer).__name__") == "StoppedAnswer"
        assert kernel.value("answer.text").startswith("Once upon")
        assert cell.markdown == [kernel.value("answer.text")]
        assert cell.buttons == {}
        assert kernel.value("engine.status().active") == 0

    def test_leaves_nothing_behind_if_an_awaiting_cell_is_interrupted(self, kernel: Kernel) -> None:
        cell = kernel.start(f"await stream(AsyncMLXEngine.of(engine), {STORY}, {ENDLESS})")
        cell.wait_for_markdown("Once upon")
        kernel.interrupt()
        assert cell.wait_for_error() in {"CancelledError", "KeyboardInterrupt"}
        assert cell.markdown[0].startswith("Once upon")
        assert cell.buttons == {}
        assert kernel.value("engine.status().active") == 0

    def test_reports_an_error_and_removes_the_button(self, kernel: Kernel) -> None:
        cell = kernel.start(
            f'await stream(AsyncMLXEngine.of(engine), {STORY}, adapter="./nothing")'
        )
        assert cell.wait_for_error() == "EngineError"
        assert cell.buttons == {}

    def test_is_plain_text_in_a_kernel_on_request(self, kernel: Kernel) -> None:
        cell = kernel.run(f"answer = stream(engine, {HELLO}, widgets=False)")
        assert (cell.printed, cell.markdown) == ("Hello from a real MLX model!\n", [])

    def test_is_plain_text_in_a_kernel_without_ipywidgets(self, kernel: Kernel) -> None:
        kernel.run('import sys; ipywidgets = sys.modules["ipywidgets"]')
        kernel.run('sys.modules["ipywidgets"] = None')
        cell = kernel.run(f"answer = stream(engine, {HELLO})")
        kernel.run('sys.modules["ipywidgets"] = ipywidgets')
        assert (cell.printed, cell.markdown) == ("Hello from a real MLX model!\n", [])

    def test_is_plain_text_outside_a_kernel(
        self, engine: MLXEngine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = stream(engine, messages=HELLO)
        assert capsys.readouterr().out == "Hello from a real MLX model!\n"
        assert answer.text == "Hello from a real MLX model!"
        assert not isinstance(answer, StoppedAnswer)

    def test_needs_a_kernel_for_widgets(self, engine: MLXEngine) -> None:
        with pytest.raises(EngineError, match="ipywidgets") as raised:
            stream(engine, "a", widgets=True)
        assert raised.value.code == "SETUP_NEEDED"


class TestChat:
    def test_answers_stops_and_clears_after_the_cell_has_ended(self, kernel: Kernel) -> None:
        system = '[{"role": "system", "content": "You are a helpful assistant."}]'
        cell = kernel.start(f"conversation = chat(engine, messages={system})")
        cell.wait()
        kernel.type_text(cell.text_box, "Say hello.")
        kernel.click(cell.buttons["Send"])
        cell.wait_for_markdown("**You:** Say hello.\n\n**Model:** Hello from a real MLX model!")
        cell.wait_for_enabled("Send")
        assert kernel.value("[message['role'] for message in conversation.messages]") == [
            "system",
            "user",
            "assistant",
        ]
        kernel.click(cell.buttons["Clear"])
        cell.wait_for_markdown("")
        assert kernel.value("len(conversation.messages)") == 1

    def test_stops_an_answer(self, kernel: Kernel) -> None:
        cell = kernel.start(f"conversation = chat(engine, {ENDLESS})")
        cell.wait()
        kernel.type_text(cell.text_box, "Tell me a story.")
        kernel.click(cell.buttons["Send"])
        cell.wait_for_markdown("Once upon")
        kernel.click(cell.buttons["Stop"])
        cell.wait_for_enabled("Send")
        last = kernel.value("conversation.messages[-1]")
        assert last["content"].startswith("Once upon")
        assert kernel.value("engine.status().active") == 0

    def test_shows_an_error_and_keeps_the_question(self, kernel: Kernel) -> None:
        cell = kernel.start('conversation = chat(engine, adapter="./nothing")')
        cell.wait()
        kernel.type_text(cell.text_box, "Say hello.")
        kernel.click(cell.buttons["Send"])
        cell.wait_for_markdown("**Error:** ")
        cell.wait_for_enabled("Send")
        assert kernel.value("conversation.messages") == []
        assert cell.states[cell.text_box]["value"] == "Say hello."

    def test_is_a_loop_outside_a_kernel(
        self,
        engine: MLXEngine,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("Count to ten.\n/clear\n\nSay hello.\n"))
        conversation = chat(engine)
        assert [message["content"] for message in conversation.messages] == [
            "Say hello.",
            "Hello from a real MLX model!",
        ]
        lines = capsys.readouterr().out.splitlines()
        assert lines == [
            "/clear starts again, /quit ends the chat, Ctrl-C stops an answer.",
            "> one two three four five six seven eight nine ten",
            "> > > Hello from a real MLX model!",
            "> ",
        ]
