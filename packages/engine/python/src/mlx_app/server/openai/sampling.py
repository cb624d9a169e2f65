"""The sampling fields of chat completions and completions."""

import re
from typing import Annotated, Any, cast

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AfterValidator, Tag
from pydantic_core import PydanticCustomError

from ...engine.options import GenerateOptions
from ..http.validation import (
    Count,
    Integer,
    RequestModel,
    Share,
    by_type,
    text_or_list,
)
from . import limits

_TOKEN_ID = re.compile(r"\d{1,9}")
# Replaces a top_p of 0, which OpenAI allows and the engine does not: the likeliest token only.
_LEAST_TOP_P = 1e-6


def _token_id(key: str) -> str:
    if _TOKEN_ID.fullmatch(key):
        return key
    raise PydanticCustomError("token_id", "expected token ids as keys")


Penalty = Annotated[float, Ge(-limits.PENALTY), Le(limits.PENALTY)]
PenaltyContext = Annotated[Integer, Ge(1), Le(limits.PENALTY_CONTEXT)]
Bias = Annotated[float, Ge(-limits.LOGIT_BIAS), Le(limits.LOGIT_BIAS)]
StopString = Annotated[str, MinLen(1), MaxLen(limits.STOP_CHARACTERS)]
StopStrings = Annotated[list[StopString], MaxLen(limits.STOP_STRINGS)]
# What JavaScript writes for a number of 64 bits may be a little larger.
Seed = Annotated[Integer, Ge(-(2**63) - 1024), Le(2**63 + 1024)]
Stop = Annotated[
    Annotated[StopString, Tag("<text>")] | Annotated[StopStrings, Tag("<list>")],
    by_type(text_or_list, "Invalid input: expected a string or a list of strings"),
]


class SamplingFields(RequestModel):
    """The sampling fields of a request."""

    max_tokens: Count | None = None
    temperature: Annotated[float, Ge(0), Le(limits.TEMPERATURE)] | None = None
    top_p: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[Annotated[str, AfterValidator(_token_id)], Bias] | None = None
    seed: Seed | None = None
    stop: Stop | None = None
    n: Annotated[Integer, Ge(1), Le(limits.SEQUENCES)] | None = None
    top_k: Annotated[Integer, Ge(-1)] | None = None
    min_p: Share | None = None
    repetition_penalty: Annotated[float, Gt(0), Le(limits.REPETITION_PENALTY)] | None = None
    repetition_context_size: PenaltyContext | None = None
    presence_context_size: PenaltyContext | None = None
    frequency_context_size: PenaltyContext | None = None
    xtc_probability: Share | None = None
    xtc_threshold: Annotated[float, Ge(0), Le(0.5)] | None = None


def _seed(seed: int) -> int:
    """Returns the lower 32 bits of a seed, which is rounded as JSON numbers are in JavaScript."""
    return int(float(seed)) & 0xFFFF_FFFF


def to_sampling(body: SamplingFields) -> GenerateOptions:
    """Returns the engine's options of the sampling fields, except for the token limit."""
    options: dict[str, Any] = {
        "temperature": body.temperature,
        "top_p": None if body.top_p is None else max(body.top_p, _LEAST_TOP_P),
        "top_k": None if body.top_k is None else max(body.top_k, 0),
        "min_p": body.min_p,
        "frequency_penalty": body.frequency_penalty,
        "presence_penalty": body.presence_penalty,
        "repetition_penalty": body.repetition_penalty,
        "repetition_context": body.repetition_context_size,
        "presence_context": body.presence_context_size,
        "frequency_context": body.frequency_context_size,
        "xtc_probability": body.xtc_probability,
        "xtc_threshold": body.xtc_threshold,
        "logit_bias": body.logit_bias,
        "seed": None if body.seed is None else _seed(body.seed),
        "stop": body.stop,
        "n": body.n,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return cast(GenerateOptions, given)
