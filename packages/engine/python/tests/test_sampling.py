"""From the options of a request to tokens."""

from typing import Any

import mlx.core as mx
import pytest

from mlx_app.decoding.sampling import check_tokens, make_processors, make_sampler
from mlx_app.errors import EngineError
from mlx_app.protocol import Generate


def _ints(array: mx.array) -> list[int]:
    numbers: list[int] = array.tolist()  # type: ignore[assignment]
    return numbers


def test_options_of_a_request_reach_the_sampler() -> None:
    logprobs = mx.log(mx.array([[0.5, 0.3, 0.15, 0.05]]))

    def drawn(**options: float) -> set[int]:
        request = Generate(id=1, model="hello", seed=1, **options)  # type: ignore[arg-type]
        sampler = make_sampler(request, 4)
        return {index for _ in range(200) for index in _ints(sampler(logprobs))}

    assert drawn(temperature=2) == {0, 1, 2, 3}
    assert drawn(temperature=0) == {0}
    assert drawn(temperature=2, top_k=2) == {0, 1}
    assert drawn(temperature=2, top_k=400) == {0, 1, 2, 3}
    assert drawn(temperature=2, top_p=0.6) == {0, 1}
    assert drawn(temperature=2, min_p=0.2) == {0, 1, 2}
    assert drawn(temperature=0.05) == {0}
    assert drawn(temperature=2, xtc_probability=1, xtc_threshold=0.1) == {2, 3}
    assert drawn(temperature=2, xtc_probability=0.5, xtc_threshold=0.1) == {0, 1, 2, 3}


def test_xtc_spares_the_tokens_that_are_named() -> None:
    logprobs = mx.log(mx.array([[0.5, 0.3, 0.15, 0.05]]))
    request = Generate(id=1, model="hello", temperature=2, xtc_probability=1, seed=1)
    sampler = make_sampler(request, 4, never_left_out=[0])
    assert {index for _ in range(200) for index in _ints(sampler(logprobs))} == {0, 2, 3}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"logit_bias": {"1": 5.0, "3": -5.0}}, [[0, 6, 2, -2]]),
        ({"repetition_penalty": 2.0}, [[0, 0.5, 1, 3]]),
        ({"presence_penalty": 1.0}, [[0, 0, 1, 3]]),
        ({"frequency_penalty": 1.0}, [[0, -1, 1, 3]]),
        ({"frequency_penalty": 1.0, "frequency_context": 2}, [[0, 0, 1, 3]]),
    ],
)
def test_processors_change_the_logits(options: dict[str, Any], expected: list[object]) -> None:
    processors = make_processors(Generate(id=1, model="hello", **options))
    result: list[object] = []
    for processor in processors:
        logits = processor(mx.array([1, 1, 2]), mx.array([[0.0, 1.0, 2.0, 3.0]]))
        result = logits.tolist()  # type: ignore[assignment]
    assert result == expected


def test_a_token_that_the_model_has_not_is_refused() -> None:
    check_tokens(Generate(id=1, model="hello", logit_bias={"3": 1.0}), 4)
    with pytest.raises(EngineError, match="token 4"):
        check_tokens(Generate(id=1, model="hello", logit_bias={"4": 1.0}), 4)
