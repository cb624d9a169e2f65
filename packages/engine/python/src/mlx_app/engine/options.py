"""The options of calls."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from pydantic import BaseModel

from ..protocol import ToolCall

ModelLike = str | os.PathLike[str]
# A name for a model, or several models that share its calls by weight.
Aliases = Mapping[str, "str | Sequence[WeightedModel]"]


class WeightedModel(TypedDict):
    """One of several models that share an alias."""

    model: str
    weight: float


@dataclass(frozen=True)
class LoadProgress:
    """The bytes that one stage of loading or downloading a model has processed so far."""

    #: The current stage. Stages follow one another; those that aren't needed are left out.
    stage: Literal["download", "verify", "load"]
    #: A resumed download starts with the bytes that are already on disk.
    loaded_bytes: int
    #: All bytes of this stage; 0 as long as they are unknown.
    total_bytes: int


@dataclass(frozen=True)
class PromptProgress:
    """How much of a prompt the model has processed (prefill)."""

    #: Tokens processed so far, including those from the prompt cache.
    processed_tokens: int
    total_tokens: int


class TextPart(TypedDict):
    """Text in a message."""

    type: Literal["text"]
    text: str


class ImagePart(TypedDict):
    """An image in a message: the path of a PNG, JPEG or WebP file, a data URL, or its bytes."""

    type: Literal["image"]
    image: str | os.PathLike[str] | bytes


class Message(TypedDict):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | Sequence[TextPart | ImagePart]
    #: What the assistant thought, which some chat templates take back.
    reasoning: NotRequired[str]
    #: The calls of the assistant, as `Answer.tool_calls` has them.
    tool_calls: NotRequired[Sequence[ToolCall | Mapping[str, Any]]]
    #: The call that a tool's message answers.
    tool_call_id: NotRequired[str]
    #: The name of the tool.
    name: NotRequired[str]


class ToolGrammar(TypedDict):
    """The grammar of a text."""

    syntax: Literal["lark", "regex"]
    #: The part of Lark that OpenAI's custom tools support, or an expression for the whole text.
    definition: str


class Tool(TypedDict):
    """A function that the model may call. Your code runs it and returns its result to the model."""

    #: Up to 64 letters, digits, `_`, `.` and `-`.
    name: str
    #: When to use the tool, and what it returns.
    description: NotRequired[str]
    #: A pydantic model, or the JSON Schema of an object.
    parameters: NotRequired[type[BaseModel] | Mapping[str, Any]]
    #: The grammar of a tool that takes a text in place of JSON. Each call follows it, required or
    #: not. The text is the only parameter, `input`, which `parameters` may describe.
    grammar: NotRequired[ToolGrammar]


class NamedTool(TypedDict):
    """The tool that the model must call."""

    name: str


class ResponseFormat(TypedDict):
    """The form that an answer must have."""

    type: Literal["text", "json_object", "json_schema", "regex", "grammar"]
    #: A JSON Schema, for `json_schema`.
    schema: NotRequired[Mapping[str, Any]]
    #: A regular expression, for `regex`, which matches the text as a whole.
    pattern: NotRequired[str]
    #: A context-free grammar in llguidance's variant of Lark, for `grammar`.
    grammar: NotRequired[str]


class PromptOptions(TypedDict, total=False):
    """The input of the model beside `prompt`."""

    #: A folder under the models folder, a path, a Hugging Face ID, or an alias. Default: the
    #: engine's model, or the one loaded last. A model that is on disk is loaded if necessary.
    model: ModelLike
    #: A chat, which the model's own template turns into a prompt. Give either this or a prompt.
    messages: Sequence[Message]
    #: Functions that the model may call.
    tools: Sequence[Tool]
    #: Variables of the model's chat template, such as `{"enable_thinking": False}`.
    template_options: Mapping[str, Any]
    #: Where lines of the system prompt that change between requests stand, such as the time, a
    #: token count or the state of git. With `move`, they follow the last message, so that the
    #: prefix before them stays cached. Default: `keep`.
    volatile_lines: Literal["keep", "move"]


class ObjectOptions(PromptOptions, total=False):
    """The options of `generate_object`: those of `generate`, except `response_format`."""

    #: The most tokens to generate, 1 to 1,048,576; the model's context may allow fewer. Default:
    #: 1024.
    max_tokens: int
    #: Randomness, up to 2. With 0, the likeliest token is always taken. Default: 0.
    temperature: float
    #: Samples from the likeliest tokens that together have this probability, above 0 up to 1.
    #: Default: 1.
    top_p: float
    #: Samples from this many of the likeliest tokens. Default: 0, which means all.
    top_k: int
    #: Leaves out tokens with less than this share of the likeliest one's probability, 0 to 1.
    #: Default: 0.
    min_p: float
    #: The chance, 0 to 1, of leaving out all likely tokens except the least likely of them (XTC).
    #: Default: 0.
    xtc_probability: float
    #: The probability from which XTC counts a token as likely, 0 to 0.5. Default: 0.1.
    xtc_threshold: float
    #: Divides the score of tokens that occurred before, up to 10. Above 1, they become rarer.
    #: Default: 1.
    repetition_penalty: float
    #: The number of last tokens, including the prompt's, that `repetition_penalty` considers.
    #: Default: 20.
    repetition_context: int
    #: Subtracted once from the score of each token that occurred before, -2 to 2. Default: 0.
    presence_penalty: float
    #: The number of last tokens that `presence_penalty` considers. Default: 20.
    presence_context: int
    #: Subtracted from the score of a token for each time that it occurred before, -2 to 2.
    #: Default: 0.
    frequency_penalty: float
    #: The number of last tokens that `frequency_penalty` considers. Default: 20.
    frequency_context: int
    #: Added to the scores of tokens, -100 to 100, by token id.
    logit_bias: Mapping[int, float]
    #: An unsigned 32-bit number. The same seed gives the same text, whether or not other calls run
    #: at the same time. On a GPU, a batch may round differently, so two almost equally likely
    #: tokens may change places.
    seed: int
    #: Strings that end the text and are not part of it. They are found across and inside tokens.
    stop: str | Sequence[str]
    #: The number of sequences to generate from the prompt, 1 to 32. Each gets its own seed.
    #: Default: 1.
    n: int
    #: Returns the log-probability of each token and of this many alternatives, 0 to 20. They are
    #: taken after penalties, biases and grammar, but before temperature and the options that leave
    #: tokens out.
    logprobs: int
    #: Whether the model may or must call tools, or the tool that it must call. Default: `auto`.
    tool_choice: Literal["auto", "none", "required"] | NamedTool
    #: Whether one answer may have several calls. Default: true.
    parallel_tool_calls: bool
    #: The number of tokens after which the model must stop thinking and begin its answer. Default:
    #: no limit.
    reasoning_tokens: int
    #: What to do with a prompt that exceeds the context: fail (`none`, the default), or cut out its
    #: `middle`.
    truncation: Literal["none", "middle"]
    #: Which calls go first: `interactive`, then `normal` (the default), then `batch`. None waits
    #: forever.
    priority: Literal["interactive", "normal", "batch"]
    #: A name for whoever makes the call. Callers of the same priority take turns.
    caller: str
    #: The time after which the call fails with DEADLINE_EXCEEDED, in milliseconds.
    deadline_ms: float
    #: Whether to use the prompt cache: the work on a prompt is kept for later calls that begin
    #: alike. Default: true.
    prompt_cache: bool
    #: A file that keeps the processed prompt, for a long document with more than one question. It
    #: is read if it exists, and otherwise written once the prompt has been processed.
    cache_file: str | os.PathLike[str]
    #: A folder with a LoRA adapter as `mlx_lm.lora` makes it, or the name of one next to the
    #: models. A model with an adapter counts as a model of its own.
    adapter: ModelLike
    #: A small model with the same vocabulary that proposes tokens (speculative decoding).
    draft_model: ModelLike
    #: The number of tokens that the draft model proposes at a time, 1 to 32. Default: 3.
    draft_tokens: int
    #: Quantises the KV cache of this call to this many bits: 2, 3, 4, 5, 6 or 8. Default: no
    #: quantisation.
    kv_bits: int
    #: The number of values that share one scale in a quantised KV cache: 32, 64 (the default) or
    #: 128.
    kv_group_size: int
    #: Called with the progress of the prompt, on the thread or in the task that reads the answer.
    on_prompt_progress: Callable[[PromptProgress], None]


class GenerateOptions(ObjectOptions, total=False):
    """The options of `generate`, `stream` and `complete`. Only the input is required."""

    #: The form that the answer must have: a pydantic model, or one of `ResponseFormat`. Tokens that
    #: don't fit are never sampled. Default: any text.
    response_format: type[BaseModel] | ResponseFormat
