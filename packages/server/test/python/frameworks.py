"""What frameworks for agents make of tools with a format at the address given, printed as JSON.

Each offers a tool and asks for an object. The tool is there until it was called, because the hello
model would call it again and again.
"""

import json
import sys
from collections.abc import Callable

from pydantic import BaseModel

base_url, weather = sys.argv[1], json.loads(sys.argv[2])
called: list[str] = []


class Report(BaseModel):
    sunny: bool


def get_weather(city: str) -> str:
    """The weather of a city, now."""
    called.append(city)
    return json.dumps(weather["result"])


def pydantic_ai(question: str, responses: bool) -> BaseModel:
    from pydantic_ai import Agent, NativeOutput, Tool
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    async def offered(_: object, definition: object) -> object:
        return None if called else definition

    provider = OpenAIProvider(base_url=base_url, api_key="none")
    model = (OpenAIResponsesModel if responses else OpenAIChatModel)("hello", provider=provider)
    tool = Tool(get_weather, prepare=offered)
    agent = Agent(model, output_type=NativeOutput(Report), tools=[tool])
    return agent.run_sync(question).output


def openai_agents(question: str, responses: bool) -> BaseModel:
    from agents import (
        Agent,
        OpenAIChatCompletionsModel,
        OpenAIResponsesModel,
        Runner,
        function_tool,
        set_tracing_disabled,
    )
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    kind = OpenAIResponsesModel if responses else OpenAIChatCompletionsModel
    model = kind("hello", openai_client=AsyncOpenAI(base_url=base_url, api_key="none"))
    tool = function_tool(get_weather, is_enabled=lambda *_: not called)
    agent = Agent(name="agent", model=model, tools=[tool], output_type=Report)
    return Runner.run_sync(agent, question, max_turns=3).final_output


def haystack(question: str, responses: bool) -> BaseModel | None:
    from haystack.components.agents import Agent
    from haystack.components.generators.chat import (
        OpenAIChatGenerator,
        OpenAIResponsesChatGenerator,
    )
    from haystack.dataclasses import ChatMessage
    from haystack.tools import create_tool_from_function
    from haystack.utils import Secret

    options = {
        "model": "hello",
        "api_base_url": base_url,
        "api_key": Secret.from_token("none"),
    }
    if responses:
        generator = OpenAIResponsesChatGenerator(
            **options, generation_kwargs={"text_format": Report}
        )
    else:
        # The client parses answers only if the tools are strict.
        generator = OpenAIChatGenerator(
            **options, generation_kwargs={"response_format": Report}, tools_strict=True
        )
    agent = Agent(
        chat_generator=generator,
        tools=[create_tool_from_function(get_weather)],
        max_agent_steps=1,
    )
    messages = agent.run(messages=[ChatMessage.from_user(question)])["messages"]
    return None if called else Report.model_validate_json(messages[-1].text)


def langchain(question: str, responses: bool) -> BaseModel:
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(model="hello", base_url=base_url, api_key="none", use_responses_api=responses)
    known = tool(get_weather)
    model = chat.with_structured_output(
        Report, method="json_schema", tools=[known], include_raw=True, strict=True
    )
    answer = model.invoke([HumanMessage(question)])
    results = [
        ToolMessage(known.invoke(call["args"]), tool_call_id=call["id"])
        for call in answer["raw"].tool_calls
    ]
    if not results:
        return answer["parsed"]
    without = chat.with_structured_output(Report, method="json_schema")
    return without.invoke([HumanMessage(question), answer["raw"], *results])


def instructor(question: str, responses: bool) -> BaseModel:
    from instructor import Mode, from_openai
    from openai import OpenAI

    client = OpenAI(base_url=base_url, api_key="none")
    mode = Mode.RESPONSES_TOOLS if responses else Mode.TOOLS
    asked = [{"role": "user", "content": question}]
    # Its only tool is the object itself.
    return from_openai(client, mode=mode).create(
        model="hello", messages=asked, response_model=Report
    )


def seen(run: Callable[[str, bool], BaseModel | None], responses: bool) -> dict:
    found = {}
    for question in ("Write JSON.", weather["question"]):
        called.clear()
        try:
            report = run(question, responses)
        except Exception as error:  # whatever it is, it is what the caller sees
            found[question] = f"{type(error).__name__}: {error}"
        else:
            known = report is None or isinstance(report, Report)
            found[question] = {"called": list(called), "known": known}
    return found


runs = [pydantic_ai, openai_agents, haystack, langchain, instructor]
apis = ["chat", "responses"]
sys.stdout.write(
    json.dumps({run.__name__: {api: seen(run, api == "responses") for api in apis} for run in runs})
)
