"""A Jupyter kernel, driven as a front end does it: with messages on its channels."""

import ast
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jupyter_client.manager import start_new_kernel

SOURCE = Path(__file__).parents[1] / "src"
TIMEOUT = 180


class Kernel:
    """A running kernel."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        self._manager, self._client = start_new_kernel(kernel_name="python3", env=environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def start(self, code: str) -> "Cell":
        """Starts code as a cell."""
        return Cell(self._client, self._client.execute(code))

    def run(self, code: str) -> "Cell":
        """Runs code as a cell."""
        cell = self.start(code)
        cell.wait()
        return cell

    def value(self, expression: str) -> Any:  # noqa: ANN401 - any literal
        """Returns the value of an expression, which must be a literal."""
        return ast.literal_eval(self.run(f"print(repr({expression}))").printed)

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def click(self, button: str) -> None:
        """Sends the click of a button."""
        self._to_widget(button, {"method": "custom", "content": {"event": "click"}})

    def type_text(self, box: str, text: str) -> None:
        """Sends a new text of a text box."""
        self._to_widget(box, {"method": "update", "state": {"value": text}})

    def _to_widget(self, widget: str, data: dict[str, Any]) -> None:
        message = self._client.session.msg("comm_msg", {"comm_id": widget, "data": data})
        self._client.shell_channel.send(message)


class Cell:
    """The outputs and widgets of a cell, as a front end would show them."""

    def __init__(self, client: Any, request: str) -> None:  # noqa: ANN401 - has no types
        self._client = client
        self._request = request
        self._outputs: dict[str, dict[str, str]] = {}
        self._ended = False
        self._error: str | None = None
        self.printed = ""
        #: The states of the widgets by their ids.
        self.states: dict[str, dict[str, Any]] = {}

    @property
    def markdown(self) -> list[str]:
        """The Markdown that is shown."""
        outputs = self._outputs.values()
        return [data["text/markdown"] for data in outputs if "text/markdown" in data]

    @property
    def buttons(self) -> dict[str, str]:
        """The ids of the buttons by what is written on them."""
        return {
            state["description"]: widget
            for widget, state in self.states.items()
            if state["_model_name"] == "ButtonModel"
        }

    @property
    def text_box(self) -> str:
        """The id of the text box."""
        models = {state["_model_name"]: widget for widget, state in self.states.items()}
        return models["TextModel"]

    def wait(self) -> None:
        """Waits for the end of the cell. Fails with its error."""
        self._read_until(lambda: self._ended)
        assert self._error is None, self._error

    def wait_for_error(self) -> str:
        """Returns the name of the error with which the cell ends."""
        self._read_until(lambda: self._ended)
        assert self._error is not None
        return self._error

    def wait_for_markdown(self, text: str) -> None:
        """Waits until the Markdown has this text in it; if it is empty, until nothing is shown."""
        self._read_until(
            lambda: any(text in shown if text else shown == "" for shown in self.markdown)
        )

    def wait_for_enabled(self, button: str) -> None:
        """Waits until a button can be used."""
        self._read_until(lambda: not self.states[self.buttons[button]]["disabled"])

    def _read_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            message = self._client.get_iopub_msg(timeout=TIMEOUT)
            self._read(message["header"]["msg_type"], message["content"], message["parent_header"])

    def _read(self, kind: str, content: dict[str, Any], parent: dict[str, Any]) -> None:
        """Takes in a message. Those of other cells, whose threads may still run, are ignored."""
        own = parent.get("msg_id") == self._request
        match kind:
            case "display_data" if own:
                self._outputs[content["transient"].get("display_id", "")] = content["data"]
            case "update_display_data":
                if content["transient"]["display_id"] in self._outputs:
                    self._outputs[content["transient"]["display_id"]] = content["data"]
            case "stream" if own:
                self.printed += content["text"]
            case "error" if own:
                self._error = content["ename"]
            case "comm_open" if own:
                self.states[content["comm_id"]] = content["data"]["state"]
            case "comm_msg" if content["data"]["method"] == "update":
                if content["comm_id"] in self.states:
                    self.states[content["comm_id"]] |= content["data"]["state"]
            case "comm_close":
                self.states.pop(content["comm_id"], None)
            case "status" if own:
                self._ended = content["execution_state"] == "idle"
