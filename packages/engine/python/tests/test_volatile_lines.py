"""Lines of a system prompt that change between requests stand behind the last message."""

import pytest

from mlx_app.prompt.volatile_lines import move_volatile_lines
from mlx_app.protocol import ImagePart, Message, TextPart

STAYING = "You fix code.\nBe brief."


def moved_of(system: str) -> tuple[str, str]:
    """What stays of a system prompt, and what is moved to the end of the question."""
    messages = [
        Message(role="system", content=f"You fix code.\n{system}\nBe brief."),
        Message(role="user", content="Go on."),
    ]
    moved = move_volatile_lines(messages)
    staying, question = (message.content for message in moved.messages)
    assert isinstance(staying, str)
    assert isinstance(question, str)
    assert [message.content for message in moved.lasting] == [staying, "Go on."]
    return staying, question.removeprefix("Go on.").removeprefix("\n\n")


@pytest.mark.parametrize(
    "line",
    [
        "Today\u2019s date is Mon Nov 30 2026, 18:30.",
        "- **Current date and time:** 2026-11-30T18:30:01Z",
        "Current time: 18:30:01",
        "Current time: Mon Nov 30 2026 18:30:01 GMT+0100 (Central European Standard Time)",
        "The current time is 6:30 p.m. Europe/Berlin",
        "Date: Nov 30, 2026 at 6:30 PM",
        "Timestamp: 1764527401",
        "It is currently 18:30.",
        "<current_time>2026-11-30 18:30</current_time>",
        "Token usage: 34,120/200,000; 165,880 remaining",
        "<system_warning>Token usage: 34120/200000; 165880 remaining</system_warning>",
        "Tokens used: ~12k",
        "Token budget: 165,880 of 200,000 left",
        "You have used 12,000 of 200,000 tokens so far",
        "Context left: 88%",
        "Session cost: $0.12",
        "Elapsed time: 3m 20s",
        "Request ID: 0f3a-11",
        "Turn: 7",
        "Current turn: 7 of 20",
        "git status: clean",
        "gitStatus:\n M src/a.py\n?? notes.md\n\nRecent commits:\n1a2b3c4 Add a test",
        '## Git status\nCurrent branch: main\nM  a.py\nR  a.py -> b.py\nA  "my file.md"',
        "<git_status>\nOn branch main\nnothing to commit, working tree clean\n</git_status>",
    ],
)
def test_a_volatile_line_is_moved(line: str) -> None:
    staying, question = moved_of(line)
    assert staying == STAYING
    assert question == "\n".join(part.strip() for part in line.split("\n"))


@pytest.mark.parametrize(
    "line",
    [
        "Platform: linux",
        "Is directory a git repo: Yes",
        "Knowledge cutoff date: 2025-05",
        "Date: always write dates as ISO 8601.",
        "Time: be quick.",
        "Tokens: keep the answer under 200 of them.",
        "Tokens: 200",
        "12,000 tokens left is when you must stop.",
        "Check the git status before you commit.",
        "Git status must be clean before you commit.\na dog",
        "Git status:\na dog",
        "`git status` first, then commit.",
        "## Git status\nAlways read it first.",
        "The time is 10:30 in the story.",
        "It is now 10:30 in the story.",
        "Today is a good day to write tests.",
        "Say what the date 2026-11-30 means for the tests.",
        "gitStatus: This is a snapshot of the start, and will not update.\nStatus:\nM src/a.py",
        "The cost of an error is high: ask first.",
        "Turn: take it when the user asks.",
        "# Context\n3 files",
    ],
)
def test_another_line_stays(line: str) -> None:
    stays(line)


@pytest.mark.parametrize(
    "line",
    [
        "Today's date: 2026-11-30",
        "Today is Monday, November 30, 2026.",
        "<current_date>2026-11-30</current_date>",
        "Working directory: /home/me/my project",
        " - Primary working directory: C:\\work",
        "<cwd>/work</cwd>",
        "Current branch: main",
        "Session ID: 0f3a-11",
        "<budget:token_budget>200000</budget:token_budget>",
        "Context window: 200000",
    ],
)
def test_a_line_that_lasts_for_many_turns_stays(line: str) -> None:
    stays(line)


@pytest.mark.parametrize(
    "lines",
    [
        "```\nInvoice 7\nTime: 18:30\nSession cost: $12\n```",
        "~~~yaml\nturn: 3\n```\ntime: 10:30\n~~~",
        "  ````\n```\nturn: 3\n```\ntime: 10:30\n  ````",
        "```\nx-anthropic-billing-header: cc_version=2.1;\ngit status\nM src/a.py",
        "Q: when?\nTime: 1999-01-01 10:30\nQ2: when?\nTime: 2001-01-01 11:45",
        "Time: 18:30\n```\nTime: 10:30\n```",
        "git status: clean\n\nAfter a change:\ngit status:\nM src/a.py",
    ],
)
def test_lines_of_code_and_of_examples_stay(lines: str) -> None:
    stays(lines)


def stays(lines: str) -> None:
    staying, question = moved_of(lines)
    assert staying == f"You fix code.\n{lines}\nBe brief."
    assert question == ""


def test_a_sentence_about_something_else_does_not_count_as_repeated() -> None:
    staying, question = moved_of("It is important to be brief.\nIt is now 18:30.")
    assert staying == "You fix code.\nIt is important to be brief.\nBe brief."
    assert question == "It is now 18:30."


def test_a_line_behind_code_is_moved() -> None:
    staying, question = moved_of("```sh\npytest\n```\nCurrent time: 18:30")
    assert staying == "You fix code.\n```sh\npytest\n```\nBe brief."
    assert question == "Current time: 18:30"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\n\n  def f():", "\n\n  def f():\n\nTurn: 7"),
        ("", "Turn: 7"),
    ],
)
def test_the_words_of_the_user_stay_as_they_are(content: str, expected: str) -> None:
    messages = [
        Message(role="system", content="Be brief.\nTurn: 7"),
        Message(role="user", content=content),
    ]
    assert move_volatile_lines(messages).messages[-1].content == expected


def test_what_follows_the_state_of_git_stays() -> None:
    status = "gitStatus: M src/a.py\n\nStatus:\nM src/b.py"
    staying, question = moved_of(f"{status}\n\n# Style\nA line of it.")
    assert staying == "You fix code.\n\n# Style\nA line of it.\nBe brief."
    assert question == "gitStatus: M src/a.py\n\nStatus:\nM src/b.py"


def test_a_billing_header_is_left_out() -> None:
    assert moved_of("x-anthropic-billing-header: cc_version=2.1; cch=1a2b3;") == (STAYING, "")


def test_lines_of_all_leading_system_messages_follow_a_tool_result() -> None:
    system: list[TextPart | ImagePart] = [
        TextPart(text="Time: 18:30\n"),
        TextPart(text="You fix code."),
    ]
    messages = [
        Message(role="system", content=system),
        Message(role="system", content="Project rules.\nTurn: 7"),
        Message(role="user", content="Fix it."),
        Message(role="assistant", content="I look."),
        Message(role="tool", content="3 errors", tool_call_id="a", name="run"),
    ]
    moved = move_volatile_lines(messages)
    assert moved.count == 2
    assert moved.messages[-1].content == "3 errors\n\nTime: 18:30\nTurn: 7"
    assert moved.messages[1].content == "Project rules.\n"
    assert moved.messages[2:4] == messages[2:4]


@pytest.mark.parametrize(
    "messages",
    [
        [Message(role="system", content="Time: 18:30"), Message(role="user", content="Hi")],
        [Message(role="system", content="Be brief.\nTime: 18:30")],
        [Message(role="user", content="Time: 18:30")],
    ],
)
def test_a_chat_that_nothing_can_be_moved_in_stays(messages: list[Message]) -> None:
    moved = move_volatile_lines(messages)
    assert (moved.messages, moved.lasting, moved.count) == (messages, messages, 0)


def test_a_long_line_takes_no_long_time() -> None:
    for piece in (
        "a",
        "<a>",
        "today's ",
        "git status ",
        "git status\n",
        "\n",
        " is",
        ":",
        "0",
        "* ",
        "`",
        "M a\n",
    ):
        moved_of(piece * 50_000)
