"""`mlx-app chat`, in a pipe and in a terminal."""

import json
from pathlib import Path

from .program import OpenTerminal, Run

CONTROL_C, CONTROL_D = "\x03", "\x04"


def test_each_line_of_a_pipe_is_a_question(run: Run, answers: dict[str, str]) -> None:
    chatted = run("chat", text="Count to ten.\n\nWho are you?\n")
    assert chatted.exit_code == 0
    assert chatted.stdout == f"{answers['Count to ten.']}\n{answers['Who are you?']}\n"


def test_a_failure_in_a_pipe_ends_the_chat(run: Run) -> None:
    chatted = run("chat", "--model", "missing", text="Hello\n")
    assert chatted.exit_code == 1
    assert 'There is no model "missing".' in chatted.stderr


def test_a_chat_in_a_terminal(terminal: OpenTerminal, home: Path, answers: dict[str, str]) -> None:
    chat = terminal("chat")
    # There is no model on this machine, so it offers the one that is included and a small one.
    chat.see("1 (h)  The hello model")
    chat.see("2 (d)  Download mlx-community/")
    chat.see("Which one? [1] ")
    chat.type("3\n")
    chat.see("Type a number from 1 to 2, or one of h, d.")
    chat.type("\n")
    chat.see("Chat with hello. /help lists the commands, and Ctrl-D leaves.")
    chat.see("> ")
    chat.type("Count to ten.\n")
    chat.see(answers["Count to ten."])
    chat.see("> ")
    chat.type("/help\n")
    for name in ("/clear", "/save [FILE]", "/exit"):
        chat.see(name)
    chat.see("> ")
    chat.press_until(CONTROL_C, "To leave the chat, press Ctrl-D or type /exit.")
    chat.see("> ")
    chat.type("/save chat.json\n")
    chat.see("Saved to chat.json.")
    chat.see("> ")
    chat.type("/save chat.json\n")
    chat.see("chat.json exists and was not changed.")
    chat.see("> ")
    chat.type("/clear\n")
    chat.see("Started a new chat.")
    chat.see("> ")
    chat.type("/save cleared.json\n")
    chat.see("Saved to cleared.json.")
    chat.see("> ")
    chat.type(CONTROL_D)
    assert chat.exit_code() == 0
    saved = json.loads((home / "chat.json").read_text("utf-8"))
    assert saved["messages"] == [
        {"role": "user", "content": "Count to ten."},
        {"role": "assistant", "content": answers["Count to ten."]},
    ]
    assert json.loads((home / "cleared.json").read_text("utf-8"))["messages"] == []


LONG = "Count to ten. " * 600


def test_a_long_prompt_shows_how_much_of_it_is_read(terminal: OpenTerminal) -> None:
    generate = terminal("generate", "--max-tokens", "5", LONG)
    generate.see("Reading the prompt: ")
    generate.see(" %")
    # The line is cleared before the answer.
    generate.see("\r\x1b[K")
    assert generate.exit_code() == 0
    assert "Reading" not in generate.text.rpartition("\x1b[K")[2]


def test_a_chat_shows_how_much_of_a_long_prompt_is_read(terminal: OpenTerminal) -> None:
    chat = terminal("chat", "--model", "hello", "--system", LONG, "--max-tokens", "5")
    chat.see("> ")
    chat.type("Say hello.\n")
    chat.see("Reading the prompt: ")
    chat.see("\r\x1b[K")
    chat.see("> ")
    chat.type("/exit\n")
    assert chat.exit_code() == 0


def test_control_c_stops_an_answer_and_the_chat_goes_on(
    terminal: OpenTerminal, endless: list[str]
) -> None:
    chat = terminal("chat", *endless)
    chat.see("> ")
    chat.type("Tell me a story.\n")
    chat.see("<|im_end|><|im_end|>")
    chat.type(CONTROL_C)
    chat.see("Stopped.")
    chat.see("> ")
    chat.type("/exit\n")
    assert chat.exit_code() == 0


def test_control_c_at_the_question_leaves(terminal: OpenTerminal) -> None:
    chat = terminal("chat")
    chat.see("Which one? [1] ")
    chat.type(CONTROL_C)
    assert chat.exit_code() == 130
    assert "Traceback" not in chat.text
