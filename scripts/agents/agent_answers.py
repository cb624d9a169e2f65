"""What the agent model does: the answer to each state of the task in the scratch repository."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

# The names of the shell tools of coding agents, with the argument for the command.
SHELLS: Final = {
    "Bash": "command",
    "bash": "command",
    "exec_command": "cmd",
    "run_shell_command": "command",
}

TEST: Final = "node test.js"
FIX: Final = "echo 'module.exports = (a, b) => a + b' > sum.js && echo Fixed sum.js."

LISTING: Final = "sum.js\n```\nmodule.exports = (a, b) => a + b\n```"


class State(NamedTuple):
    """What the last message contains, and the command or the text that follows."""

    name: str
    phrase: str
    command: str | None = None
    text: str = ""


REQUEST: Final = State("request", "Run the tests and fix what fails.", command=TEST)
PASSED: Final = State("passed", "All tests passed.", text="The tests pass: sum now adds.")
OTHER: Final = State("other", "", text="I can only fix sum.js.")
# States with tools.
STATES: Final = (
    REQUEST,
    State("failed", "1 test failed: sum(2, 2) is 0, not 4", command=FIX),
    State("fixed", "Fixed sum.js.", command=TEST),
    PASSED,
    OTHER,
)

# What aider writes below the request. It has no tools and reads files from the answer.
LISTING_RULES: Final = (
    '*NEVER* skip, omit or elide content from a *file listing* using "..." or by adding comments '
    'like "... rest of code..."!\nCreate a new file you MUST return a *file listing* which '
    "includes an appropriate filename, including any appropriate path.\n\nReply in English."
)
# States without tools. Agents also ask for titles.
TEXT_STATES: Final = (
    State("listing", LISTING_RULES, text=LISTING),
    State("title", REQUEST.phrase, text="A wrong sum"),
    OTHER._replace(text="A wrong sum"),
)


def answer_to(state: State, tool: str | None) -> str:
    """Returns a text, or a call of a shell tool in the format of the chat template."""
    if tool is None or state.command is None:
        return state.text
    arguments = json.dumps({"name": tool, "arguments": {SHELLS[tool]: state.command}})
    return f"<tool_call>\n{arguments}\n</tool_call>"
