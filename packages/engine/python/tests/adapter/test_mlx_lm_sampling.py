"""The contract with mlx-lm's sample_utils: filters over log-probabilities, and penalties."""

import mlx.core as mx
import pytest

from mlx_app.mlx_lm_adapter import sampling
from mlx_app.mlx_lm_adapter.sampling import Processor

FOUR = mx.log(mx.array([[0.5, 0.3, 0.15, 0.05]]))
NOTHING = (0.0, 20)


@pytest.mark.mlx_lm("mlx_lm.sample_utils.greedy_sampler")
def test_greedy_takes_the_likeliest_of_each_row() -> None:
    assert sampling.greedy(mx.concatenate([FOUR, FOUR[:, ::-1]])).tolist() == [0, 3]


@pytest.mark.mlx_lm(
    "mlx_lm.sample_utils.apply_top_p",
    "mlx_lm.sample_utils.apply_min_p",
    "mlx_lm.sample_utils.apply_top_k",
)
@pytest.mark.parametrize("option", ["top_p", "min_p", "top_k"])
def test_filters_leave_the_likeliest(option: str) -> None:
    kept = {
        "top_p": sampling.keep_top_p(FOUR, 0.6),
        "min_p": sampling.keep_min_p(FOUR, 0.5),
        "top_k": sampling.keep_top_k(FOUR, 2),
    }[option]
    assert mx.isinf(kept).tolist() == [[False, False, True, True]]
    assert mx.array_equal(kept[:, :2], FOUR[:, :2]).item()


@pytest.mark.mlx_lm("mlx_lm.sample_utils.apply_top_p")
def test_compilation_is_as_it_was_after_a_filter() -> None:
    traced: list[int] = []

    def count(x: mx.array) -> mx.array:
        traced.append(1)
        return x * 2 + 1

    compiled = mx.compile(count)
    sampling.keep_top_p(FOUR, 0.3)
    assert [compiled(mx.array(number)).item() for number in (2.0, 3.0)] == [5, 7]
    assert len(traced) == 1


def run(processors: list[Processor], tokens: list[int]) -> object:
    logits = mx.array([[0.0, 1.0, 2.0, -3.0]])
    for processor in processors:
        logits = processor(mx.array(tokens), logits)
    return logits.tolist()


def penalties(**given: object) -> list[Processor]:
    options: dict[str, object] = {
        "logit_bias": {},
        "repetition": (1.0, 20),
        "presence": NOTHING,
        "frequency": NOTHING,
    }
    return sampling.penalties(**(options | given))  # type: ignore[arg-type]


@pytest.mark.mlx_lm("mlx_lm.sample_utils.make_logits_processors")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"logit_bias": {1: 5.0, 3: -5.0}}, [[0, 6, 2, -8]]),
        ({"repetition": (2.0, 20)}, [[0, 0.5, 1, -3]]),
        ({"repetition": (0.5, 1)}, [[0, 1, 4, -3]]),
        ({"presence": (1.0, 20)}, [[0, 0, 1, -3]]),
        ({"frequency": (1.0, 20)}, [[0, -1, 1, -3]]),
        ({"frequency": (1.0, 2)}, [[0, 0, 1, -3]]),
        ({"frequency": (-1.0, 20)}, [[0, 3, 3, -3]]),
    ],
)
def test_penalties_change_the_logits(given: dict[str, object], expected: object) -> None:
    assert run(penalties(**given), [1, 1, 2]) == expected


@pytest.mark.mlx_lm("mlx_lm.sample_utils.make_logits_processors")
def test_what_is_not_asked_for_costs_nothing() -> None:
    assert penalties() == []
