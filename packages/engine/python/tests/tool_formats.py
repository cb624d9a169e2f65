"""Examples of tool calls in the formats of models, from their documentation."""

import copy
import importlib
from dataclasses import dataclass, field
from typing import Any

from mlx_lm.chat_templates import muse_spark
from mlx_lm.tokenizer_utils import BPEStreamingDetokenizer, TokenizerWrapper

from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Tool


def tool(name: str, **types: str) -> Tool:
    return Tool(
        name=name,
        parameters={
            "type": "object",
            "properties": {argument: {"type": kind} for argument, kind in types.items()},
        },
    )


TOOLS = [
    tool("get_current_temperature", location="string", unit="string"),
    tool("get_temperature_date", location="string", date="string", unit="string"),
    tool("get_weather", city="string", location="string", days="integer"),
    tool("get_current_weather", location="string", format="string"),
    tool("search_web", query_tag="array", query_list="array"),
    tool("write_file", path="string", content="string"),
    tool("weather.get", city="string", days="integer"),
    tool("get_candidate_status", candidate_id="string"),
    tool("trip", legs="array", options="object", dry="boolean"),
    tool("now"),
]


@dataclass(frozen=True)
class Example:
    """`text` with its markers, the (name, arguments) in it, and what of it is no call."""

    format: str
    text: str
    calls: list[tuple[str, dict[str, Any]]]
    before: str = ""
    after: str = ""
    ids: list[str] = field(default_factory=list)


def weather(city: str) -> tuple[str, dict[str, Any]]:
    return "get_weather", {"city": city}


TAGS = {"query_tag": ["technology", "events"]}
WEB = [
    ("search_web", {**TAGS, "query_list": ['"OpenAI" "latest" "release"']}),
    ("search_web", {**TAGS, "query_list": ['"Gemini" "latest" "release"']}),
]
NEW_YORK = [("weather.get", {"city": "New York", "days": 3})]
SOURCE = 'if a < b && "c":\n    print("}")\n'

EXAMPLES = [
    # Qwen3: Qwen's documentation, "Function Calling", and the chat template of Qwen3-8B.
    Example(
        "json_tools",
        '<tool_call>\n{"name": "get_current_temperature", "arguments": {"location": '
        '"San Francisco, CA, USA"}}\n</tool_call>\n<tool_call>\n{"name": "get_temperature_date", '
        '"arguments": {"location": "San Francisco, CA, USA", "date": "2024-10-01"}}\n</tool_call>',
        [
            ("get_current_temperature", {"location": "San Francisco, CA, USA"}),
            (
                "get_temperature_date",
                {"location": "San Francisco, CA, USA", "date": "2024-10-01"},
            ),
        ],
    ),
    # Qwen3-Coder-30B-A3B-Instruct: chat template.
    Example(
        "qwen3_coder",
        "I'll look.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\nDallas\n</parameter>"
        "\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>",
        [("get_weather", {"city": "Dallas", "days": 3})],
        before="I'll look.",
    ),
    Example(
        "qwen3_coder",
        "<tool_call>\n<function=write_file>\n<parameter=path>\na.py\n</parameter>\n"
        f"<parameter=content>\n{SOURCE}\n</parameter>\n</function>\n</tool_call>\n"
        "<tool_call>\n<function=now>\n</function>\n</tool_call>",
        [("write_file", {"path": "a.py", "content": SOURCE}), ("now", {})],
    ),
    # GLM-4.7: chat template. GLM-4.5 writes line breaks between the tags.
    Example(
        "glm47",
        "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Beijing</arg_value>"
        "<arg_key>days</arg_key><arg_value>2</arg_value></tool_call>",
        [("get_weather", {"city": "Beijing", "days": 2})],
    ),
    Example(
        "glm47",
        "Two things.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>12</arg_value>\n"
        "</tool_call>\n<tool_call>now</tool_call>\nSo.",
        [weather("12"), ("now", {})],
        before="Two things.",
        after="\nSo.",
    ),
    # Laguna (Poolside): chat template; vLLM's parser poolside_v1 reads the same tags.
    Example(
        "laguna",
        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>",
        [weather("Paris")],
    ),
    # LongCat-Flash-Chat (Meituan): model card (JSON) and the chat template of 2601 (tags).
    Example(
        "longcat",
        '<longcat_tool_call>\n{"name": "get_weather", "arguments": {"city": "Beijing"}}\n'
        "</longcat_tool_call>",
        [weather("Beijing")],
    ),
    Example(
        "longcat",
        "<longcat_tool_call>get_weather\n<longcat_arg_key>city</longcat_arg_key>\n"
        "<longcat_arg_value>Tokyo</longcat_arg_value>\n<longcat_arg_key>days</longcat_arg_key>\n"
        "<longcat_arg_value>3</longcat_arg_value>\n</longcat_tool_call>\n"
        "<longcat_tool_call>now\n</longcat_tool_call>",
        [("get_weather", {"city": "Tokyo", "days": 3}), ("now", {})],
    ),
    # Kimi-K2-Instruct (Moonshot): docs/tool_call_guidance.md.
    Example(
        "kimi_k2",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0"
        '<|tool_call_argument_begin|>{"city": "Beijing"}<|tool_call_end|>'
        "<|tool_call_begin|>functions.now:1<|tool_call_argument_begin|>{}<|tool_call_end|>"
        "<|tool_calls_section_end|>",
        [weather("Beijing"), ("now", {})],
        ids=["functions.get_weather:0", "functions.now:1"],
    ),
    # Kimi K3 (Moonshot): the tool-call format as mlx-lm's kimi_k3.py and vLLM describe it.
    Example(
        "kimi_k3",
        "<|open|>response<|sep|>Sure.<|close|>response<|sep|><|open|>tools<|sep|><|open|>call "
        'tool="get_weather" index="1"<|sep|><|open|>argument key="city" type="string"<|sep|>Tokyo'
        '<|close|>argument<|sep|><|open|>argument key="days" type="number"<|sep|>3<|close|>argument'
        '<|sep|><|close|>call<|sep|><|open|>call tool="get_weather" index="2"<|sep|><|open|>json '
        'type="object"<|sep|>{"city": "Rome"}<|close|>json<|sep|><|close|>call<|sep|>'
        "<|close|>tools<|sep|><|close|>message<|sep|>",
        [("get_weather", {"city": "Tokyo", "days": 3}), weather("Rome")],
        before="Sure.",
    ),
    # MiniMax-M2: docs/tool_calling_guide.md.
    Example(
        "minimax_m2",
        '<minimax:tool_call>\n<invoke name="search_web">\n<parameter name="query_tag">'
        '["technology", "events"]</parameter>\n<parameter name="query_list">'
        '["\\"OpenAI\\" \\"latest\\" \\"release\\""]</parameter>\n</invoke>\n'
        '<invoke name="search_web">\n<parameter name="query_tag">["technology", "events"]'
        '</parameter>\n<parameter name="query_list">["\\"Gemini\\" \\"latest\\" \\"release\\""]'
        "</parameter>\n</invoke>\n</minimax:tool_call>",
        WEB,
    ),
    # MiniCPM5 (OpenBMB): chat template.
    Example(
        "minicpm5",
        '<function name="get_weather"><param name="city">Beijing</param><param name="days">3'
        f'</param></function>\n<function name="write_file"><param name="path">a.py</param>'
        f'<param name="content"><![CDATA[{SOURCE}]]></param></function>',
        [
            ("get_weather", {"city": "Beijing", "days": 3}),
            ("write_file", {"path": "a.py", "content": SOURCE}),
        ],
    ),
    # Mistral-7B-Instruct-v0.3: model card. Nothing but the end of the text ends a call.
    Example(
        "mistral",
        'Wait.[TOOL_CALLS] [{"name": "get_current_weather", "arguments": {"location": '
        '"Paris, France", "format": "celsius"}, "id": "VvvODy9mT"}]',
        [("get_current_weather", {"location": "Paris, France", "format": "celsius"})],
        before="Wait.",
        ids=["VvvODy9mT"],
    ),
    # Mistral-Small-3.2 and Ministral 3: chat template.
    Example(
        "mistral",
        '[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}[TOOL_CALLS]now[ARGS]{}',
        [weather("Paris"), ("now", {})],
    ),
    # Muse Spark (Meta): chat template; messages name their reader.
    Example(
        "muse_spark",
        "to=self<|message|>Hm.<|eom|><|start|>assistant to=weather.get<|message|>"
        '<atem:function_calls>\n<atem:invoke name="weather.get">\n<atem:parameter name="city">'
        'New York</atem:parameter>\n<atem:parameter name="days">3</atem:parameter>\n</atem:invoke>'
        "\n</atem:function_calls><|eot|>",
        NEW_YORK,
    ),
    # FunctionGemma: ai.google.dev, "FunctionGemma formatting and best practices".
    Example(
        "function_gemma",
        "<start_function_call>call:get_current_temperature{location:<escape>London<escape>}"
        "<end_function_call>",
        [("get_current_temperature", {"location": "London"})],
    ),
    Example(
        "function_gemma",
        "<start_function_call>call:trip{dry:true,legs:[<escape>a}<escape>,<escape>b<escape>],"
        "options:{seat:<escape>aisle<escape>}}<end_function_call><start_function_call>call:now{}"
        "<end_function_call>",
        [
            ("trip", {"dry": True, "legs": ["a}", "b"], "options": {"seat": "aisle"}}),
            ("now", {}),
        ],
    ),
    # Gemma 4: ai.google.dev, "Function calling with Gemma 4".
    Example(
        "gemma4",
        '<|tool_call>call:get_current_temperature{location:<|"|>London<|"|>}<tool_call|>',
        [("get_current_temperature", {"location": "London"})],
    ),
    Example(
        "gemma4",
        '<|tool_call>call:trip{dry:true,legs:[<|"|>a}<|"|>,2],options:{seat:<|"|>aisle<|"|>}}'
        "<tool_call|><|tool_call>call:now{}<tool_call|>",
        [("trip", {"dry": True, "legs": ["a}", 2], "options": {"seat": "aisle"}}), ("now", {})],
    ),
    # LFM2-8B-A1B (Liquid AI): model card.
    Example(
        "pythonic",
        '<|tool_call_start|>[get_candidate_status(candidate_id="12345")]<|tool_call_end|>'
        "Checking the current status of candidate ID 12345.",
        [("get_candidate_status", {"candidate_id": "12345"})],
        after="Checking the current status of candidate ID 12345.",
    ),
    Example(
        "pythonic",
        '<|tool_call_start|>[trip(legs=["a", "b"], options={"x": null}, dry=True), now()]'
        "<|tool_call_end|>",
        [("trip", {"legs": ["a", "b"], "options": {"x": None}, "dry": True}), ("now", {})],
    ),
]

# Calls that are none: cut off or broken inside, and a tool that nobody offered.
MALFORMED = {
    "json_tools": [
        '{"name": "get_weather", "arguments": {"city": "Par',
        "{'name': 'get_weather', 'arguments': {}}",
        '{"name": "delete_all", "arguments": {}}',
        '{"arguments": {}}',
        '{"name": "get_weather", "arguments": ["Paris"]}',
        '{"name": "get_weather", "arguments": "Paris"}',
        '{"name": "get_weather", "parameters": {"city": "Paris"}}',
        '{"name": "get_weather", "arguments": {"city": "\\ud800"}}',
        '{"name": "get_weather", "arguments": {"days": NaN}}',
        "[]",
        "",
    ],
    "qwen3_coder": [
        "<function=get_weather>\n<parameter=city>\nPar",
        "<function=get_weather>\n<parameter=city>\nPar\n</function>",
        "<function=get_weather>\ncity: Paris\n</function>",
        "<function=get_weather>\n<parameter=days>\nmany\n</parameter>\n</function>",
        "<function=delete_all>\n</function>",
        "<function=get_weather>\n<parameter=>\nParis\n</parameter>\n</function>",
        "<function=now please>\n</function>",
        "get_weather(Paris)",
    ],
    "glm47": [
        "get_weather<arg_key>city</arg_key><arg_value>Par",
        "get_weather<arg_key>city</arg_key>Paris",
        "get_weather<arg_key>city</arg_key>: <arg_value>Paris</arg_value>",
        'get_weather {"city": "Par',
        "delete_all<arg_key>city</arg_key><arg_value>Paris</arg_value>",
        "",
    ],
    "laguna": ["get_weather<arg_key>city</arg_key><arg_value>Par", "delete_all"],
    "longcat": [
        "get_weather<longcat_arg_key>city</longcat_arg_key><longcat_arg_value>Par",
        '{"name": "get_weather", "arguments": {"city": "Par',
        "get_weather<longcat_arg_key>city</longcat_arg_key>",
        "delete_all",
    ],
    "kimi_k2": [
        '<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city": "Par',
        (
            '<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city": "Par'
            "<|tool_call_end|>"
        ),
        "<|tool_call_begin|>functions.delete_all:0<|tool_call_argument_begin|>{}<|tool_call_end|>",
        "get_weather",
    ],
    "kimi_k3": [
        '<|open|>call tool="get_weather"<|sep|><|open|>argument key="city"<|sep|>Par',
        (
            '<|open|>call tool="get_weather"<|sep|><|open|>json type="object"<|sep|>{"city": '
            "<|close|>json<|sep|><|close|>call<|sep|>"
        ),
        '<|open|>call tool="delete_all"<|sep|><|close|>call<|sep|>',
    ],
    "minimax_m2": [
        '<invoke name="get_weather">\n<parameter name="city">Par',
        '<invoke name="get_weather">\n<parameter name="city">Par</invoke>',
        '<invoke name="delete_all"></invoke>',
        '<invoke name="get_weather"><parameter name=>Paris</parameter></invoke>',
        '<invoke name="get_weather">Paris</invoke>',
        "get_weather",
    ],
    "minicpm5": [
        '"get_weather"><param name="city">Par',
        '"get_weather"><param name="city"><![CDATA[Par</param>',
        '"write_file"><param name="content"><![CDATA[</param>]]></param>',
        '"delete_all">',
        '"get_weather" now>',
    ],
    "mistral": [
        'get_weather[ARGS]{"city": "Par',
        'get_weather[ARGS]{"city": "Paris"} or so',
        "a.now[ARGS]{}",
        '[{"name": "get_weather", "arguments": {"city": "Par',
        "delete_all[ARGS]{}",
        "",
    ],
    "muse_spark": [
        '<atem:invoke name="get_weather"><atem:parameter name="city">Par',
        '<atem:invoke name="get_weather"><atem:parameter name="city">Par</atem:invoke>',
        '<atem:invoke name="delete_all"></atem:invoke>',
        (
            '<atem:invoke name="get_weather"><atem:parameter key="city">Paris</atem:parameter>'
            "</atem:invoke>"
        ),
    ],
    "function_gemma": [
        "call:get_weather{city:<escape>Par",
        "call:get_weather{city:<escape>Paris<escape>",
        "call:delete_all{}",
        "get_weather",
    ],
    "gemma4": [
        'call:get_weather{city:<|"|>Par',
        'call:get_weather{city:<|"|>Paris<|"|>',
        'call:get_weather{city:<|"|>Paris<|"|>} call:now',
        "call:get_weather{city:Paris}",
        "call:delete_all{}",
    ],
    "pythonic": [
        '[get_weather(city="Par',
        "[get_weather(city=Paris)]",
        '[get_weather("Paris")]',
        '[get_weather(city="Paris", days=)]',
        "[get_weather(city={1})]",
        "[delete_all()]",
        "Paris",
    ],
}

# Tokens that mlx-lm recognises a family by.
VOCABULARY = {
    "kimi_k3": ["<|open|>", "<|close|>", "<|sep|>", "<|end_of_msg|>"],
    "longcat": ["<longcat_think>", "</longcat_think>"],
    "gemma4": ["<|channel>", "<channel|>"],
}


def family(hello: TextModel, name: str, *tokens: str) -> TokenizerWrapper:
    """The tokenizer of hello as mlx-lm would wrap that of a model with this format of calls."""
    module = importlib.import_module(f"mlx_lm.tool_parsers.{name}")
    wrapper: Any = hello.tokenizer
    inner = copy.deepcopy(wrapper._tokenizer)
    inner.add_tokens([*VOCABULARY.get(name, []), *tokens])
    return TokenizerWrapper(
        inner,
        BPEStreamingDetokenizer,
        tool_parser=module.parse_tool_call,
        tool_call_start=module.tool_call_start,
        tool_call_end=module.tool_call_end,
        response_format=muse_spark.RESPONSE_FORMAT if name == "muse_spark" else None,
    )
