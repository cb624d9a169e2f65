"""Sessions of coding agents: twelve requests each, with what the agents change between them.

The words are our own. The shape is theirs: where the system prompt, the tools, the reminders and
the files stand, and which lines are others in each request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlx_app.protocol import Message, PastCall, TextPart, Tool

TURNS = 12

RULES = """You change code for the user, step by step, with the tools that you have.
Read a file before you change it, and run the tests after each change.
Answer in one or two sentences. Never invent a file, a function or a result.
Keep to the style of the code that is there. Add no comment that repeats the code.
If a tool fails, read what it says, then try another way. Ask only if you can't go on.
"""


@dataclass(frozen=True)
class Request:
    """What an agent sends in one turn."""

    messages: list[Message]
    tools: list[Tool]


def _tool(name: str, description: str, *parameters: str) -> Tool:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {key: {"type": "string"} for key in parameters},
        "required": list(parameters),
    }
    return Tool(name=name, description=description, parameters=schema)


TOOLS = [
    _tool("read", "Reads a file of the project, with the number of each line.", "path"),
    _tool("edit", "Puts a new text in the place of an old one in a file.", "path", "old", "new"),
    _tool("run", "Runs a command in the shell, and gives what it prints.", "command"),
]


def _system(text: str) -> Message:
    return Message(role="system", content=text)


def _user(*texts: str) -> Message:
    content: Any = texts[0] if len(texts) == 1 else [TextPart(text=text) for text in texts]
    return Message(role="user", content=content)


def _step(turn: int) -> list[Message]:
    """A call of a tool, and what it gave."""
    name, path = ("read", "edit", "run")[turn % 3], f"src/part_{turn}.py"
    arguments = {"path": path} if name == "read" else {"command": f"pytest {path}"}
    if name == "edit":
        arguments = {"path": path, "old": f"return {turn}", "new": f"return {turn + 1}"}
    call = PastCall(id=f"call_{turn}", name=name, arguments=arguments)
    lines = "\n".join(f"{line}  value_{turn}_{line} = load({line * turn})" for line in range(1, 8))
    return [
        Message(role="assistant", content=f"Next is {path}.", tool_calls=[call]),
        Message(role="tool", content=lines, tool_call_id=call.id, name=name),
    ]


def _steps(turn: int) -> list[Message]:
    return [message for step in range(1, turn) for message in _step(step)]


def _date(turn: int) -> str:
    return "2026-11-30" if turn < 7 else "2026-12-01"


def claude_code(turn: int) -> Request:
    """A billing header first, an environment at the end, a reminder in the first message."""
    directory = "/code/shop" if turn < 9 else "/code/shop/api"
    environment = (
        f"<env>\nWorking directory: {directory}\nIs directory a git repo: Yes\n"
        f"Platform: linux\nToday's date: {_date(turn)}\n</env>\n"
        f"<system_warning>Token usage: {turn * 3001}/200000; {200000 - turn * 3001} remaining"
        "</system_warning>\n\n"
        "gitStatus: This is the state at the start, and will not update.\n"
        "Current branch: main\n\nStatus:\nM src/part_1.py\n\nRecent commits:\n1a2b3c4 Add parts"
    )
    system = [
        f"x-anthropic-billing-header: cc_version=2.1.{turn}; cch={turn * 7919:x};",
        "You are an agent in a terminal.",
        RULES,
        environment,
    ]
    question = _user(
        "<system-reminder>\nThe project's own rules: use pytest.\n</system-reminder>",
        "Make the tests green.",
    )
    return Request([_system("\n".join(system)), question, *_steps(turn)], TOOLS)


def codex(turn: int) -> Request:
    """Fixed instructions; the environment is a message, and a change of it another one."""
    environment = (
        "<environment_context>\n<cwd>/code/shop</cwd>\n<shell>bash</shell>\n"
        "<current_date>2026-11-30</current_date>\n</environment_context>"
    )
    change = (
        "<environment_context>\n<current_date>2026-12-01</current_date>\n</environment_context>"
    )
    steps = _steps(turn)
    if turn >= 7:
        steps[12:12] = [_user(change)]
    start = [_system(f"You are an agent.\n{RULES}"), _system("Sandbox: write to the project only.")]
    return Request([*start, _user(environment), _user("Make the tests green."), *steps], TOOLS)


def opencode(turn: int) -> Request:
    """The environment stands before the rules of the project, with the state of git of now."""
    changed = "\n".join(f" M src/part_{part}.py" for part in range(max(1, turn - 1), turn + 1))
    start = _system(f"You are an agent.\n{RULES}")
    environment = _system(
        "Here is where you run:\n<env>\n  Working directory: /code/shop\n"
        f"  Is directory a git repo: yes\n  Platform: linux\n  Current time: 18:{turn + 10}:07\n"
        f"</env>\nGit status:\n{changed}\n\n# Rules of the project\nUse pytest. Keep lines short."
    )
    return Request([start, environment, _user("Make the tests green."), *_steps(turn)], TOOLS)


def aider(turn: int) -> Request:
    """No tools; the files follow what was said, anew in each turn, before the last question."""
    examples = [
        _user("Change the greeting."),
        Message(role="assistant", content="hello.py\n<<<<<<< SEARCH\nhi\n=======\nhello\n>>>>>>>"),
    ]
    repository = [
        _user("These parts of the repository are read-only:\nsrc/part_1.py:\n  def load(n):\n"),
        Message(role="assistant", content="I will ask before I change them."),
    ]
    done = [
        message
        for step in range(1, turn)
        for message in (
            _user(f"Double value {step} in shop.py."),
            Message(
                role="assistant",
                content=f"shop.py\n<<<<<<< SEARCH\nv{step} = {step}\n=======\n"
                f"v{step} = {2 * step}\n>>>>>>>\nValue {step} is now {2 * step}.",
            ),
        )
    ]
    values = "\n".join(f"v{n} = {2 * n if n < turn else n}" for n in range(1, 13))
    files = [
        _user(f"The files of the chat, as they are now:\nshop.py\n{values}"),
        Message(role="assistant", content="I will use these."),
    ]
    question = _user(f"Double value {turn} in shop.py.", "\nReply with search and replace blocks.")
    start = _system(f"You are a pair programmer. Today's date: is not given.\n{RULES}")
    return Request([start, *examples, *repository, *done, *files, question], [])


SESSIONS: dict[str, Callable[[int], Request]] = {
    "claude_code": claude_code,
    "codex": codex,
    "opencode": opencode,
    "aider": aider,
}
