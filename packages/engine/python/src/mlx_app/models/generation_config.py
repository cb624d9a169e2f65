"""What a model's own generation_config.json says about sampling."""

import json
import math
from pathlib import Path
from typing import Any

import msgspec

from ..protocol import SamplingSettings

# The fields that transformers and this package share, with their names in the protocol.
_FIELDS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "min_p": "minP",
    "repetition_penalty": "repetitionPenalty",
}


def read_generation_config(path: Path) -> SamplingSettings:
    """Returns the sampling that the model in a folder was published with.

    Values out of range are left out, and so is a file that can't be read: a model runs without it.
    Without `do_sample`, transformers always takes the likeliest token. Here, as in vLLM, a file
    that names a way of sampling asks for it.
    """
    try:
        config = json.loads((path / "generation_config.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return SamplingSettings()
    if not isinstance(config, dict):
        return SamplingSettings()
    found = {_FIELDS[name]: config[name] for name in _FIELDS if _is_valid(name, config.get(name))}
    if config.get("do_sample") is False:
        found["temperature"] = 0
    elif config.get("do_sample") is True or found.keys() & {"topP", "topK", "minP"}:
        # transformers' own default.
        found.setdefault("temperature", 1)
    return msgspec.convert(found, SamplingSettings)


def _is_valid(name: str, value: Any) -> bool:  # noqa: ANN401 - from a file
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        msgspec.convert({_FIELDS[name]: value}, SamplingSettings)
        return math.isfinite(value)
    except (msgspec.ValidationError, OverflowError):
        # A whole number may have more digits than any float.
        return False
