"""What langchain-openai makes of the server at the address given, printed as JSON."""

import json
import sys

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import BaseModel

base_url, story, weather = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
settings = {"model": "hello", "base_url": base_url, "api_key": "none", "max_retries": 0}


class Description(BaseModel):
    model: str
    layers: int
    tiny: bool


@tool
def get_weather(city: str) -> str:
    """Current weather in a city"""
    return weather["result"] if city == weather["city"] else ""


def over(chat: ChatOpenAI) -> dict:
    answer = chat.invoke("Say hello.")
    pieces = [piece.text for piece in chat.stream(story)]
    question = HumanMessage(weather["question"])
    caller = chat.bind_tools([get_weather])
    asked = caller.invoke([question])
    (call,) = asked.tool_calls
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    structured = chat.with_structured_output(Description, method="json_schema").invoke(
        "Write JSON."
    )
    return {
        "text": answer.text,
        "usage": answer.usage_metadata,
        "pieces": len(pieces),
        "story": "".join(pieces),
        "call": [call["name"], call["args"]],
        "answer": caller.invoke([question, asked, result]).text,
        "structured": structured.model_dump(),
    }


def failure() -> list:
    try:
        ChatOpenAI(**{**settings, "model": "gpt-5"}).invoke("Say hello.")
    except Exception as error:  # whatever it is, it is what the caller sees
        return [type(error).__name__, error.status_code, error.code]
    return []


sys.stdout.write(
    json.dumps(
        {
            "chat": over(ChatOpenAI(**settings)),
            "responses": over(ChatOpenAI(**settings, use_responses_api=True)),
            "text": OpenAI(**settings, max_tokens=64).invoke(weather["prompt"]),
            "failure": failure(),
        }
    )
)
