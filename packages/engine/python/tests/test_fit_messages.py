"""Histories as clients send them, with the chat templates of model families."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mlx_app.errors import EngineError
from mlx_app.models.text_model import TextModel
from mlx_app.prompt.chat_prompt import chat_prompt, template_message
from mlx_app.prompt.fit_messages import fit_messages
from mlx_app.prompt.probe_template import rules_of
from mlx_app.prompt.template_rules import STRICTEST, TemplateRules, Turn
from mlx_app.protocol import Message, PastCall
from tool_formats import TOOLS, family

FOLDER = Path(__file__).parent / "templates"
FAMILIES = sorted(path.stem for path in FOLDER.glob("*.jinja"))


def template(hello: TextModel, text: str) -> Any:  # noqa: ANN401 — mlx-lm's wrapper
    wrapper = family(hello, "json_tools")
    wrapper._tokenizer.chat_template = text
    return wrapper


@pytest.fixture(scope="session", params=FAMILIES)
def named(hello: TextModel, request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param, template(hello, (FOLDER / f"{request.param}.jinja").read_text("utf-8"))


def system(text: str) -> Message:
    return Message(role="system", content=text)


def user(text: str) -> Message:
    return Message(role="user", content=text)


def assistant(text: str = "", *cities: str, reasoning: str | None = None) -> Message:
    calls = [
        PastCall(id=f"call_{city}_24_characters", name="get_weather", arguments={"city": city})
        for city in cities
    ]
    return Message(role="assistant", content=text, tool_calls=calls, reasoning=reasoning)


def result(city: str, text: str) -> Message:
    return Message(
        role="tool",
        content=text,
        tool_call_id=f"call_{city}_24_characters",
        name="get_weather",
    )


TURN = [user("Compare them."), assistant("Bern is warmer."), user("Thanks.")]
HISTORIES = {
    "system": [system("Be brief."), user("Hello."), assistant("Hi."), user("Who are you?")],
    "two systems": [system("Be brief."), system("Be kind."), *TURN],
    "system in the middle": [system("Be brief."), *TURN, system("Tokens: 5."), user("Go on.")],
    "system after the question": [system("Be brief."), user("Hello."), system("Tokens: 5.")],
    "system before an answer": [user("Hello."), system("Be kind."), *TURN[1:]],
    "two users": [*TURN, user("Are you there?"), assistant("Yes."), user("Good."), user("Bye.")],
    "two assistants": [user("Hello."), assistant("Hi."), assistant("I listen."), *TURN],
    "assistant first": [assistant("How can I help?"), *TURN],
    "only a system": [system("Say hello.")],
    "system and answer": [system("Say hello."), assistant("Hello."), user("Again.")],
    "call": [user("Weather?"), assistant("", "Bern"), result("Bern", "Sunny"), *TURN[1:]],
    "call in progress": [
        system("Be brief."),
        user("?"),
        assistant("", "Bern"),
        result("Bern", "9"),
    ],
    "text, reasoning and call": [
        user("Weather?"),
        assistant("Let me see.", "Bern", reasoning="A tool knows."),
        result("Bern", "Sunny"),
        assistant("It is fine."),
        user("Thanks."),
    ],
    "two calls": [
        user("Weather?"),
        assistant("Both.", "Bern", "Rome"),
        result("Bern", "Sunny"),
        result("Rome", "Rainy"),
        assistant("Done."),
        *TURN,
    ],
    "call after call": [
        user("Weather?"),
        assistant("", "Bern"),
        result("Bern", "Sunny"),
        assistant("Next.", "Rome"),
        result("Rome", "Rainy"),
        assistant("Done."),
        user("Thanks."),
    ],
    "interrupted": [user("Weather?"), assistant("I look.", "Bern"), user("Stop."), *TURN[1:]],
    "reminder after a result": [
        user("Weather?"),
        assistant("", "Bern"),
        result("Bern", "Sunny"),
        user("Remember the rules."),
        assistant("Yes."),
        user("Go on."),
    ],
    "system after a result": [
        user("Weather?"),
        assistant("", "Bern"),
        result("Bern", "Sunny"),
        system("Tokens: 5."),
        assistant("Yes."),
        user("Go on."),
    ],
    "result without a call": [user("Weather?"), result("Bern", "Sunny"), *TURN[1:]],
    "starts with a result": [system("Be brief."), result("Bern", "Sunny"), *TURN],
}


def texts_of(messages: list[Message]) -> list[str]:
    texts: list[str] = []
    for message in messages:
        assert isinstance(message.content, str)
        texts.append(message.content)
        texts += [str(call.arguments["city"]) for call in message.tool_calls]
    return [text for text in texts if text]


def shown(tokenizer: Any, messages: list[Message], **options: Any) -> str:  # noqa: ANN401
    decoded: str = tokenizer.decode(chat_prompt(tokenizer, messages, **options).tokens)
    return decoded


# What the families do not take, without tools.
RULES = {
    "chatml": {},
    "deepseek": {"system": "first", "text_and_calls": "split"},
    "gemma2": {"system": "nowhere", "neighbours": False, "user_first": True, "calls": "text"},
    "gemma3": {"system": "first", "neighbours": False, "user_first": True, "calls": "text"},
    "gpt_oss": {
        "system": "first",
        "text_and_calls": "split",
        "parallel_calls": "split",
        "lone_results": False,
    },
    "granite": {"system": "first"},
    "llama2": {"system": "first", "neighbours": False, "user_first": True, "calls": "text"},
    "llama3": {"text_and_calls": "split", "parallel_calls": "split"},
    "mistral_v1": {"system": "nowhere", "neighbours": False, "user_first": True, "calls": "text"},
    "mistral_v3": {
        "system": "nowhere",
        "neighbours": False,
        "user_first": True,
        "short_ids": True,
        "text_and_calls": "text",
        "unanswered_calls": False,
        "lone_results": False,
        "user_after_result": False,
    },
    "mistral_v7": {
        "system": "first",
        "neighbours": False,
        "user_first": True,
        "unanswered_calls": False,
        "lone_results": False,
        "user_after_result": False,
    },
    "phi3": {"system": "nowhere", "calls": "text"},
    "qwen3": {},
    "qwen3_5": {"system": "first", "user_first": True},
    "smollm2": {"calls": "text"},
}


def test_the_rules_of_each_family_are_found(named: tuple[str, Any]) -> None:
    name, tokenizer = named
    assert rules_of(tokenizer, []) == TemplateRules(**RULES[name])  # type: ignore[arg-type]
    assert rules_of(tokenizer, []) is rules_of(tokenizer, [])


@pytest.mark.parametrize("with_tools", [False, True])
def test_each_template_shows_each_text_in_order(named: tuple[str, Any], with_tools: bool) -> None:
    for history, messages in HISTORIES.items():
        prompt = shown(named[1], messages, tools=TOOLS[2:3] if with_tools else [])
        end = 0
        for text in texts_of(messages):
            place = prompt.find(text, end)
            assert place >= 0, f"{history}: {text!r} is not in its place in {prompt!r}"
            end = place + len(text)


@pytest.mark.parametrize("with_tools", [False, True])
def test_the_prompt_of_a_turn_begins_that_of_the_next_one(
    named: tuple[str, Any], with_tools: bool
) -> None:
    name, tokenizer = named
    if name == "mistral_v3" and with_tools:
        return  # Its template shows the tools before the last question only.
    tools = TOOLS[2:3] if with_tools else []
    for history, given in HISTORIES.items():
        # Some templates drop earlier reasoning, as their models were trained.
        messages = [replace(message, reasoning=None) for message in given]
        whole = shown(tokenizer, messages, tools=tools)
        for end, message in enumerate(messages):
            if message.role == "assistant" and end > 0 and messages[end - 1].role != "assistant":
                prompt = shown(tokenizer, messages[:end], tools=tools)
                assert whole.startswith(prompt), history


def family_template(hello: TextModel, name: str) -> Any:  # noqa: ANN401 — mlx-lm's wrapper
    return template(hello, (FOLDER / f"{name}.jinja").read_text("utf-8"))


def test_a_later_system_message_is_part_of_the_next_question(hello: TextModel) -> None:
    tokenizer = family_template(hello, "qwen3_5")
    given = [*HISTORIES["system in the middle"][:3], system("Tokens: 5."), user("Go on.")]
    assert shown(tokenizer, given) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nCompare them.<|im_end|>\n"
        "<|im_start|>assistant\nBern is warmer.<|im_end|>\n"
        "<|im_start|>user\nTokens: 5.\n\nGo on.<|im_end|>\n<|im_start|>assistant\n"
    )


def test_calls_keep_their_form_where_the_template_has_one(hello: TextModel) -> None:
    prompt = shown(family_template(hello, "mistral_v3"), HISTORIES["call"])
    *_, calls, results = prompt.split("[TOOL_")
    assert calls.startswith(
        'CALLS] [{"name": "get_weather", "arguments": {"city": "Bern"}, "id": "'
    )
    short = calls[calls.index('"id": "') + 7 :][:9]
    assert results.startswith(f'RESULTS] {{"content": "Sunny", "call_id": "{short}"}}')
    one, two = (
        shown(family_template(hello, "llama3"), HISTORIES[name]).split("<|eot_id|>")
        for name in ("call", "two calls")
    )
    assert any('{"name": "get_weather", "parameters": {"city": "Bern"}}' in turn for turn in one)
    assert sum('"get_weather"' in turn for turn in two) == 2


def test_calls_without_a_form_become_text(hello: TextModel) -> None:
    assert shown(family_template(hello, "gemma2"), HISTORIES["call"]) == (
        "<start_of_turn>user\nWeather?<end_of_turn>\n<start_of_turn>model\n<tool_call>\n"
        '{"name": "get_weather", "arguments": {"city": "Bern"}}\n</tool_call><end_of_turn>\n'
        "<start_of_turn>user\n<tool_response>\nSunny\n</tool_response><end_of_turn>\n"
        "<start_of_turn>model\nBern is warmer.<end_of_turn>\n"
        "<start_of_turn>user\nThanks.<end_of_turn>\n<start_of_turn>model\n"
    )


def test_a_template_that_takes_everything_gets_what_was_given(hello: TextModel) -> None:
    tokenizer = template(hello, "{{ messages | tojson }}")
    for messages in HISTORIES.values():
        given = [template_message(message) for message in messages]
        for turn in given:
            turn.pop("reasoning_content", None)
        shown_turns = json.loads(shown(tokenizer, [replace(m, reasoning=None) for m in messages]))
        assert shown_turns == given


def test_a_template_that_is_stricter_than_in_small_chats_gets_the_simplest_form(
    hello: TextModel,
) -> None:
    long = "{% if messages | length > 7 %}{{ raise_exception('Too many turns.') }}{% endif %}"
    tokenizer = template(hello, long + (FOLDER / "chatml.jinja").read_text("utf-8"))
    many = [user(f"Question {number}.") for number in range(8)]
    assert shown(tokenizer, many).count("<|im_start|>user") == 1
    with pytest.raises(EngineError, match=r"refuses these messages: Too many turns\."):
        chat_prompt(tokenizer, [user("Question."), assistant("Answer.")] * 4)


def test_images_keep_their_place_between_merged_texts() -> None:
    image = {"type": "image"}
    turns: list[Turn] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [image, {"type": "text", "text": "This?"}]},
        {"role": "user", "content": "Or that?"},
    ]
    before = copy.deepcopy(turns)
    (fitted,) = fit_messages(turns, TemplateRules(system="nowhere", neighbours=False))
    texts = [{"type": "text", "text": text} for text in ("Be brief.", "This?", "Or that?")]
    assert fitted == {"role": "user", "content": [texts[0], image, *texts[1:]]}
    assert turns == before


def test_rules_are_told_in_words() -> None:
    assert TemplateRules().in_words() == []
    assert TemplateRules(system="first", parallel_calls="split").in_words() == [
        "a system message after the start becomes part of the next user message",
        "a message with several tool calls is split",
    ]
    assert STRICTEST.in_words()[-1] == "tool calls and results become text"
