"""Checks whether a model can use what only unbatched decoding has: drafts and quantised caches."""

from ..errors import EngineError
from ..mlx_lm_adapter.abilities import (
    kv_row_sizes,
    try_quantised,
    unquantisable_cache,
    untrimmable_cache,
)
from .kv_sizes import KV_BITS, KV_GROUP_SIZES
from .text_model import TextModel


def check_draft(model: TextModel, draft: TextModel) -> None:
    """Checks that a draft model can propose tokens for a model.

    Raises EngineError INVALID_REQUEST for another vocabulary, UNSUPPORTED if a cache of either
    model can't be trimmed.
    """
    if draft.vocabulary_hash != model.vocabulary_hash:
        _check_vocabularies(model, draft)
    for each in (model, draft):
        cache = untrimmable_cache(each.network)
        if cache is not None:
            raise EngineError(
                "UNSUPPORTED",
                f"The model in {each.path} keeps a {cache}, which can't take back tokens that a "
                "draft model proposed wrongly.",
                "Leave draftModel out.",
            )


def _check_vocabularies(model: TextModel, draft: TextModel) -> None:
    ours = {token: text for text, token in model.tokenizer.get_vocab().items()}
    theirs = {token: text for text, token in draft.tokenizer.get_vocab().items()}
    # One of the two may have more tokens: some models of a family add tokens for images or tools.
    both = ours.keys() & theirs.keys()
    different = sorted(token for token in both if ours[token] != theirs[token])
    if different or not both:
        example = "they share no token"
        if different:
            first = different[0]
            example = f"token {first} is {theirs[first]!r} there and {ours[first]!r} here"
        raise EngineError(
            "INVALID_REQUEST",
            f"The draft model in {draft.path} has another vocabulary than the model in "
            f"{model.path}: {example}.",
            "Choose a smaller model of the same family.",
        )


def check_kv_bits(model: TextModel, bits: int, group_size: int) -> None:
    """Checks that a model's KV caches can be quantised in this way; computes nothing.

    Raises EngineError INVALID_REQUEST for numbers that don't fit, UNSUPPORTED for a model whose
    caches mlx-lm can't quantise at all.
    """
    _among("kvBits", bits, KV_BITS)
    _among("kvGroupSize", group_size, KV_GROUP_SIZES)
    cache = unquantisable_cache(model.network)
    if cache is not None:
        raise _unquantisable(model, f"it keeps a {cache}")
    rows = sorted(kv_row_sizes(model.network))
    odd = next((row for row in rows if row % group_size), None)
    if odd is not None:
        fitting = [str(size) for size in KV_GROUP_SIZES if all(row % size == 0 for row in rows)]
        raise EngineError(
            "INVALID_REQUEST" if fitting else "UNSUPPORTED",
            f"kvGroupSize {group_size} does not divide the {odd} numbers that a head of the model "
            f"in {model.path} has.",
            f"kvGroupSize can be {' or '.join(fitting)} here." if fitting else "Leave kvBits out.",
        )
    try:
        try_quantised(model.network, bits, group_size)
    except Exception as error:
        raise _unquantisable(model, f"{type(error).__name__}: {error}") from error


def _among(option: str, value: int, choice: tuple[int, ...]) -> None:
    if value not in choice:
        names = ", ".join(map(str, choice))
        raise EngineError("INVALID_REQUEST", f"{option} is {value}; it can be one of {names}.")


def _unquantisable(model: TextModel, reason: str) -> EngineError:
    return EngineError(
        "UNSUPPORTED",
        f"The KV cache of the model in {model.path} can't be quantised: {reason}.",
        "Leave kvBits out.",
    )
