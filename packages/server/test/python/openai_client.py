"""What OpenAI's own Python client makes of the server at the address given, printed as JSON.

The names after the other arguments are those of calls to leave out.
"""

import json
import sys

import openai
from pydantic import BaseModel

base_url, story, weather = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
client = openai.OpenAI(base_url=base_url, api_key="none", max_retries=0)
model = "hello"


def ask(question: str) -> list:
    return [{"role": "user", "content": question}]


def answer() -> dict:
    return client.chat.completions.create(model=model, messages=ask("Say hello.")).model_dump()


def streamed() -> dict:
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(
            model=model, messages=ask(story), stream=True, stream_options=options
        )
    )
    choices = [choice for chunk in chunks for choice in chunk.choices]
    return {
        "text": "".join(choice.delta.content or "" for choice in choices),
        "ends": [choice.finish_reason for choice in choices if choice.finish_reason],
        "ids": len({chunk.id for chunk in chunks}),
        "usage": chunks[-1].usage.model_dump(),
    }


def several() -> list:
    choices = client.chat.completions.create(model=model, messages=ask("Say hello."), n=2).choices
    return [[choice.index, choice.message.content] for choice in choices]


def logprobs() -> list:
    reply = client.chat.completions.create(
        model=model, messages=ask("Say hello."), logprobs=True, top_logprobs=2
    )
    content = reply.choices[0].logprobs.content
    return [
        [entry.token, bytes(entry.bytes).decode(), len(entry.top_logprobs)] for entry in content
    ]


class Description(BaseModel):
    model: str
    layers: int
    tiny: bool


def parsed() -> dict:
    reply = client.chat.completions.parse(
        model=model, messages=ask("Write JSON."), response_format=Description, max_tokens=100
    )
    return reply.choices[0].message.parsed.model_dump()


def tools() -> dict:
    given = [{"type": "function", "function": weather["tool"]}]
    messages = ask(weather["question"])
    asked = client.chat.completions.create(model=model, messages=messages, tools=given)
    message = asked.choices[0].message
    (call,) = message.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": weather["result"]}
    after = client.chat.completions.create(
        model=model, messages=[*messages, message, result], tools=given
    )
    return {
        "end": asked.choices[0].finish_reason,
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "answer": after.choices[0].message.content,
    }


def streamed_tools() -> dict:
    given = [openai.pydantic_function_tool(Weather, name=weather["tool"]["name"])]
    with client.chat.completions.stream(
        model=model, messages=ask(weather["question"]), tools=given
    ) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    (call,) = final.choices[0].message.tool_calls
    return {
        "city": call.function.parsed_arguments.city,
        "done": kinds.count("tool_calls.function.arguments.done"),
    }


class Weather(BaseModel):
    """Current weather in a city"""

    city: str


def text() -> dict:
    reply = client.completions.create(model=model, prompt=weather["prompt"], stop=["!"])
    return {"text": reply.choices[0].text, "end": reply.choices[0].finish_reason}


def responses() -> dict:
    reply = client.responses.create(model=model, input="Say hello.")
    after = client.responses.create(
        model=model, input="Count to ten.", previous_response_id=reply.id
    )
    with client.responses.stream(model=model, input=story) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    return {
        "text": reply.output_text,
        "after": after.output_text,
        "streamed": final.output_text,
        "first": kinds[0],
        "last": kinds[-1],
        "usage": final.usage.model_dump(),
    }


def models() -> list:
    return [entry.id for entry in client.models.list()] + [client.models.retrieve(model).id]


def errors() -> dict:
    calls = {
        "value": lambda: client.chat.completions.create(
            model=model, messages=ask("Say hello."), temperature=7
        ),
        "model": lambda: client.chat.completions.create(model="gpt-5", messages=ask("Say hello.")),
        "embeddings": lambda: client.embeddings.create(model=model, input="Say hello."),
        "stream": lambda: list(client.completions.create(model="gpt-5", prompt="a", stream=True)),
    }
    raised = {}
    for name, call in calls.items():
        try:
            call()
        except openai.APIStatusError as error:
            raised[name] = [type(error).__name__, error.status_code, error.code, error.param]
    return raised


programs = [
    answer,
    streamed,
    several,
    logprobs,
    parsed,
    tools,
    streamed_tools,
    text,
    responses,
    models,
    errors,
]
asked = [program for program in programs if program.__name__ not in sys.argv[4:]]
sys.stdout.write(json.dumps({program.__name__: program() for program in asked}))
