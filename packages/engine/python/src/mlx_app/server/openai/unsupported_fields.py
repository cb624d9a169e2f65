"""Fields of other servers that would change the answer. Their default values are accepted."""

import json
from typing import Annotated

from pydantic import BeforeValidator

from ..http.validation import RequestModel, only, unsupported

_OWN_END = "the model decides where its answer ends."
_OWN_TURN = "an answer is always a turn of its own."
_SAMPLERS = "use temperature, top_p, top_k, min_p or XTC instead."
_SETTINGS = "settings of the server choose the models."


def _default(value: float | bool, reason: str) -> BeforeValidator:
    return only(value, f"only {json.dumps(value)} is supported: {reason}")


def _empty(reason: str) -> BeforeValidator:
    return only([], f"not supported: {reason}")


class UnsupportedFields(RequestModel):
    """Fields that only have their default values."""

    min_tokens: Annotated[float | None, _default(0, _OWN_END)] = None
    ignore_eos: Annotated[bool | None, _default(False, _OWN_END)] = None
    stop_token_ids: Annotated[list[object] | None, _empty("use stop instead.")] = None
    include_stop_str_in_output: Annotated[
        bool | None, _default(False, "an answer ends before its stop string.")
    ] = None
    bad_words: Annotated[list[object] | None, _empty("use logit_bias instead.")] = None
    allowed_token_ids: Annotated[
        list[object] | None, _empty("use guided_choice or logit_bias instead.")
    ] = None
    logits_processors: Annotated[list[object] | None, _empty(_SAMPLERS)] = None
    prompt_logprobs: Annotated[None, unsupported("prompts have no log probabilities.")] = None
    use_beam_search: Annotated[bool | None, _default(False, _SAMPLERS)] = None
    length_penalty: Annotated[float | None, _default(1, "beam search is not available.")] = None
    repeat_penalty: Annotated[float | None, _default(1, "use repetition_penalty instead.")] = None
    typical_p: Annotated[float | None, _default(1, _SAMPLERS)] = None
    tfs_z: Annotated[float | None, _default(1, _SAMPLERS)] = None
    mirostat: Annotated[float | None, _default(0, _SAMPLERS)] = None
    dynatemp_range: Annotated[float | None, _default(0, _SAMPLERS)] = None
    dry_multiplier: Annotated[float | None, _default(0, "use repetition_penalty instead.")] = None
    skip_special_tokens: Annotated[bool | None, _default(True, "special tokens are not text.")] = (
        None
    )
    add_generation_prompt: Annotated[bool | None, _default(True, _OWN_TURN)] = None
    continue_final_message: Annotated[bool | None, _default(False, _OWN_TURN)] = None
    documents: Annotated[list[object] | None, _empty("put them into a message.")] = None
    adapters: Annotated[None, unsupported(_SETTINGS)] = None
    draft_model: Annotated[None, unsupported(_SETTINGS)] = None
