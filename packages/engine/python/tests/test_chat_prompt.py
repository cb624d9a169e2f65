"""From messages to a prompt, by the chat templates of models."""

import inspect
from itertools import pairwise
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import render_jinja_template

from mlx_app.errors import EngineError
from mlx_app.models.text_model import TextModel
from mlx_app.prompt.chat_prompt import RESERVED_OPTIONS, chat_prompt, images_of
from mlx_app.protocol import ImagePart, Message, PastCall, TextPart
from thinking_hello import thinking_hello
from tool_formats import TOOLS, family

USER = Message(role="user", content="What is the weather in Bern?")
SYSTEM = Message(role="system", content="Be brief.")
CHAT = [
    USER,
    Message(
        role="assistant",
        content="",
        reasoning="The tool knows.",
        tool_calls=[PastCall(id="call_1", name="get_weather", arguments={"city": "Bern"})],
    ),
    Message(role="tool", content='{"sky": "sunny"}', tool_call_id="call_1", name="get_weather"),
]
# A template that shows all that it is given, as JSON.
SHOW = (
    "{{ messages | tojson }}|{{ tools | tojson }}|{{ add_generation_prompt }}"
    "|{{ enable_thinking }}|{{ city }}"
)


def with_template(hello: TextModel, template: str | None, tools: bool = True) -> Any:  # noqa: ANN401
    """mlx-lm's wrapper of hello's tokenizer with another template."""
    wrapper = family(hello, "json_tools")
    wrapper._tokenizer.chat_template = template
    wrapper.has_chat_template = template is not None
    if not tools:
        wrapper._tool_parser = wrapper._tool_call_start = None
    return wrapper


def text(tokenizer: Any, tokens: list[int]) -> str:  # noqa: ANN401
    decoded: str = tokenizer.decode(tokens)
    return decoded


def refused(tokenizer: Any, *messages: Message, **options: Any) -> EngineError:  # noqa: ANN401
    with pytest.raises(EngineError) as caught:
        chat_prompt(tokenizer, messages or [USER], **options)
    return caught.value


def test_the_prompt_is_that_of_the_template(hello: TextModel) -> None:
    prompt = chat_prompt(hello.tokenizer, [SYSTEM, USER])
    assert text(hello.tokenizer, prompt.tokens) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
        "What is the weather in Bern?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert prompt.starts_in == "normal"


def test_the_template_sees_calls_results_and_reasoning(hello: TextModel) -> None:
    tokenizer = with_template(hello, SHOW)
    prompt = chat_prompt(tokenizer, CHAT, tools=TOOLS[2:3], template_options={"city": "Bern"})
    messages, tools, generation, thinking, city = text(tokenizer, prompt.tokens).split("|")
    assert messages == (
        '[{"role": "user", "content": "What is the weather in Bern?"}, {"thinking": '
        '"The tool knows.", "role": "assistant", "content": "", "reasoning_content": '
        '"The tool knows.", "tool_calls": [{"id": "call_1", "type": "function", "function": '
        '{"name": "get_weather", "arguments": {"city": "Bern"}}}]}, {"role": "tool", "content": '
        '"{\\"sky\\": \\"sunny\\"}", "tool_call_id": "call_1", "name": "get_weather"}]'
    )
    assert tools.startswith('[{"type": "function", "function": {"name": "get_weather", ')
    assert (generation, thinking, city) == ("True", "False", "Bern")


def test_the_hello_model_gets_its_call_back(hello: TextModel) -> None:
    tools = family(hello, "json_tools")
    shown = text(hello.tokenizer, chat_prompt(tools, CHAT, tools=TOOLS[:1]).tokens)
    assert '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Bern"}}\n</tool_call>' in (
        shown
    )
    assert '"name": "get_current_temperature"' in shown


def test_parts_are_joined(hello: TextModel) -> None:
    parts: list[TextPart | ImagePart] = [TextPart(text="What is"), TextPart(text=" MLX?")]
    joined = chat_prompt(hello.tokenizer, [Message(role="user", content=parts)])
    assert joined == chat_prompt(hello.tokenizer, [Message(role="user", content="What is MLX?")])


def test_images_are_refused_and_found(hello: TextModel) -> None:
    image = ImagePart(data="iVBORw0KGgo=")
    message = Message(role="user", content=[TextPart(text="What is this?"), image])
    error = refused(hello.tokenizer, USER, message)
    assert (error.code, error.message) == (
        "UNSUPPORTED",
        "This model takes no images, only text.",
    )
    assert images_of([USER, message, message]) == [image, image]


def test_tools_need_a_format_that_is_known(hello: TextModel) -> None:
    tokenizer = with_template(hello, SHOW, tools=False)
    error = refused(tokenizer, tools=TOOLS)
    assert error.code == "UNSUPPORTED"
    assert "function_gemma, gemma4, glm47, json_tools, kimi_k2" in error.message
    unseen = chat_prompt(tokenizer, [USER], tools=TOOLS, tool_choice="none")
    assert unseen == chat_prompt(tokenizer, [USER])


def test_with_the_choice_none_the_tools_are_not_shown(hello: TextModel) -> None:
    tokenizer = family(hello, "json_tools")
    prompt = chat_prompt(tokenizer, [USER], tools=TOOLS, tool_choice="none")
    assert prompt.tokens == chat_prompt(tokenizer, [USER]).tokens
    shown = chat_prompt(tokenizer, [USER], tools=TOOLS, tool_choice="required")
    assert len(shown.tokens) > len(prompt.tokens)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ raise_exception('Roles must alternate!') }}", "Roles must alternate!"),
        ("{% if %}", "Expected an expression"),
        ("{{ messages[9].content.name }}", "has no element 9"),
        ("{% for i in range(city) %}{% endfor %}", "int"),
        ("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}", "recursion"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_template_that_refuses_says_why(hello: TextModel, template: str, reason: str) -> None:
    error = refused(with_template(hello, template), template_options={"city": "Bern"})
    assert error.code == "INVALID_REQUEST"
    assert error.message.startswith("The model's chat template refuses these messages: ")
    assert reason in error.message


def test_a_model_without_a_template_takes_a_prompt(hello: TextModel) -> None:
    error = refused(with_template(hello, None))
    assert (error.code, error.message) == (
        "INVALID_REQUEST",
        "This model has no chat template, so it can't take messages.",
    )
    assert error.hint is not None
    assert "`prompt`" in error.hint


@pytest.mark.parametrize("name", [*sorted(RESERVED_OPTIONS), "__class__", "_x"])
def test_options_can_not_stand_in_for_the_call(hello: TextModel, name: str) -> None:
    error = refused(hello.tokenizer, template_options={name: "{{ 7 * 7 }}"})
    assert (error.code, error.message) == (
        "INVALID_REQUEST",
        f"templateOptions can't set {name!r}.",
    )


def test_what_transformers_takes_for_itself_is_reserved() -> None:
    functions = [PreTrainedTokenizerBase.apply_chat_template, render_jinja_template]
    names = {name for function in functions for name in inspect.signature(function).parameters}
    # Documents are for the template.
    assert names - RESERVED_OPTIONS == {"kwargs", "documents"}


def test_options_that_a_template_does_not_know_are_harmless(hello: TextModel) -> None:
    options = {"enable_thinking": True, "nobody knows": [1, {"a": None}], "documents": []}
    prompt = chat_prompt(hello.tokenizer, [USER], template_options=options)
    assert prompt == chat_prompt(hello.tokenizer, [USER])


def test_a_template_may_open_the_reasoning(
    models: Any,  # noqa: ANN401
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    thinking = thinking_hello(models, tmp_path_factory.mktemp("chat") / "hello")
    assert chat_prompt(thinking.tokenizer, [USER]).starts_in == "reasoning"
    closed = chat_prompt(thinking.tokenizer, [USER], template_options={"enable_thinking": False})
    assert closed.starts_in == "normal"
    # A user who writes the marker opens nothing, since the template closes it.
    sly = Message(role="user", content="<think>")
    options = {"enable_thinking": False}
    assert chat_prompt(thinking.tokenizer, [sly], template_options=options).starts_in == "normal"


def test_messages_with_headers_start_in_one(hello: TextModel) -> None:
    assert chat_prompt(family(hello, "muse_spark"), [USER]).starts_in == "header"


def pieces(tokenizer: Any, *messages: Message, **options: Any) -> list[str]:  # noqa: ANN401
    """The prompt, cut at its boundaries."""
    prompt = chat_prompt(tokenizer, messages, **options)
    assert prompt.boundaries == sorted(set(prompt.boundaries))
    ends = [0, *prompt.boundaries, len(prompt.tokens)]
    return [text(tokenizer, prompt.tokens[start:end]) for start, end in pairwise(ends)]


ASK = "<|im_start|>assistant\n"


def test_boundaries_are_where_chats_part(hello: TextModel) -> None:
    tokenizer = hello.tokenizer
    question = "What is the weather in Bern?<|im_end|>\n"
    assert pieces(tokenizer, USER) == [f"<|im_start|>user\n{question}", ASK]
    assert pieces(tokenizer, SYSTEM, USER) == [
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n",
        question,
        ASK,
    ]
    answer = Message(role="assistant", content="Sunny.")
    assert pieces(tokenizer, SYSTEM, USER, answer, USER) == [
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n",
        f"{question}<|im_start|>assistant\nSunny.<|im_end|>\n<|im_start|>user\n",
        question,
        ASK,
    ]
    assert pieces(tokenizer, SYSTEM) == ["<|im_start|>system\nBe brief.<|im_end|>\n", ASK]
    assert chat_prompt(tokenizer, [SYSTEM, USER], for_cache=False).boundaries == []


def test_tools_are_before_the_first_boundary(hello: TextModel) -> None:
    tokenizer = family(hello, "json_tools")
    first, *_ = pieces(tokenizer, *CHAT, tools=TOOLS)
    assert first.startswith("<|im_start|>system\nTools, one a line:\n")
    assert first.endswith("</tool_call><|im_end|>\n<|im_start|>user\n")


def test_boundaries_are_the_same_for_each_question(hello: TextModel) -> None:
    """What the cache keeps of one chat is a prefix of another one."""
    questions = [Message(role="user", content=c) for c in ("Hi", "Be brief.", "é")]
    prompts = [chat_prompt(hello.tokenizer, [SYSTEM, question]) for question in questions]
    first = prompts[0].tokens[: prompts[0].boundaries[0]]
    for prompt in prompts[1:]:
        assert any(prompt.tokens[:boundary] == first for boundary in prompt.boundaries)


def test_a_template_that_wants_another_order_has_fewer_boundaries(hello: TextModel) -> None:
    strict = (
        "{% if messages | length == 2 and not add_generation_prompt %}"
        "{{ raise_exception('no') }}{% endif %}" + str(hello.tokenizer.chat_template)  # type: ignore[attr-defined]
    )
    tokenizer = with_template(hello, strict)
    assert chat_prompt(tokenizer, [SYSTEM, USER]).boundaries == []
    assert chat_prompt(tokenizer, [USER]).boundaries != []
