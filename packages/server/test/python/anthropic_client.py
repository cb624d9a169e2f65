"""What Anthropic's own Python client makes of the server at the address given, printed as JSON."""

import json
import sys

import anthropic
from pydantic import BaseModel

base_url, told = sys.argv[1], json.loads(sys.argv[2])
tool, question = told["tool"], told["question"]
model = "hello"
common = {"model": model, "max_tokens": 500}


def connect(address: str, **options: str) -> anthropic.Anthropic:
    # It would hide a failure by trying again.
    return anthropic.Anthropic(base_url=address, max_retries=0, **options)


client = connect(base_url, api_key="none")


def ask(words: str) -> list:
    return [{"role": "user", "content": words}]


def answer() -> dict:
    message = client.messages.create(**common, messages=ask("What can you do?"))
    return {"message": message.model_dump(), "request": message._request_id}


def system() -> str:
    blocks = [{"type": "text", "text": "You are hello.", "cache_control": {"type": "ephemeral"}}]
    message = client.messages.create(**common, system=blocks, messages=ask("Say hello."))
    return message.content[0].text


def streamed() -> dict:
    events = list(client.messages.create(**common, messages=ask("Count to ten."), stream=True))
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    return {
        "text": "".join(delta.text for delta in deltas),
        "types": list(dict.fromkeys(event.type for event in events)),
        "read": events[0].message.usage.model_dump(),
        "end": events[-2].delta.stop_reason,
        "written": events[-2].usage.output_tokens,
    }


def gathered() -> dict:
    with client.messages.stream(**common, messages=ask(told["story"])) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    return {"text": text, "final": final.content[0].text, "end": final.stop_reason}


def ends() -> list:
    stopped = client.messages.create(
        **common, messages=ask("Count to ten."), stop_sequences=["seven", "five"]
    )
    cut = client.messages.create(model=model, max_tokens=7, messages=ask(told["story"]))
    return [
        [stopped.content[0].text, stopped.stop_reason, stopped.stop_sequence],
        [cut.stop_reason, cut.usage.output_tokens],
    ]


def tools() -> dict:
    messages = ask(question)
    asked = client.messages.create(**common, messages=messages, tools=[tool])
    (call,) = asked.content
    result = {"type": "tool_result", "tool_use_id": call.id, "content": told["result"]}
    after = client.messages.create(
        **common,
        tools=[tool],
        messages=[
            *messages,
            {"role": "assistant", "content": asked.content},
            {"role": "user", "content": [result]},
        ],
    )
    return {
        "call": [call.type, call.name, call.input, asked.stop_reason],
        "answer": [after.content[0].text, after.stop_reason],
    }


def streamed_tools() -> list:
    with client.messages.stream(**common, messages=ask(question), tools=[tool]) as stream:
        pieces = [event.partial_json for event in stream if event.type == "input_json"]
        final = stream.get_final_message()
    (call,) = final.content
    return [call.name, call.input, json.loads("".join(pieces)), final.stop_reason]


def runner() -> dict:
    cities = []

    @anthropic.beta_tool(name=tool["name"], description=tool["description"])
    def look(city: str) -> str:
        cities.append(city)
        return told["result"]

    final = client.beta.messages.tool_runner(
        **common, messages=ask(question), tools=[look], max_iterations=3
    ).until_done()
    return {"cities": cities, "answer": final.content[0].text}


class Description(BaseModel):
    model: str
    layers: int
    tiny: bool


def parsed() -> dict:
    message = client.messages.parse(
        **common, messages=ask("Write JSON."), output_format=Description
    )
    return message.parsed_output.model_dump()


def count() -> list:
    words = {"model": model, "messages": ask("What can you do?")}
    plain = client.messages.count_tokens(**words)
    return [plain.input_tokens, client.messages.count_tokens(**words, tools=[tool]).input_tokens]


def errors() -> dict:
    words = {**common, "messages": ask("Say hello.")}
    locked, key = told["locked"], told["key"]
    calls = {
        "value": lambda: client.messages.create(**{**words, "max_tokens": -1}),
        "model": lambda: client.messages.create(**{**words, "model": "claude"}),
        "stream": lambda: client.messages.create(**{**words, "model": "claude"}, stream=True),
        "key": lambda: connect(locked, api_key="none").messages.create(**words),
        "rate": lambda: connect(locked, api_key=key).messages.create(**words),
        "bearer": lambda: connect(locked, auth_token=key).messages.create(**words),
    }
    raised = {}
    for name, call in calls.items():
        try:
            call()
        except anthropic.APIStatusError as error:
            told_by = error.body["error"]
            raised[name] = [
                type(error).__name__,
                error.status_code,
                told_by["type"],
                told_by["message"],
            ]
    return raised


programs = [
    answer,
    system,
    streamed,
    gathered,
    ends,
    tools,
    streamed_tools,
    runner,
    parsed,
    count,
    errors,
]
sys.stdout.write(json.dumps({program.__name__: program() for program in programs}))
