"""Speculative decoding: a draft model changes the speed and not the text."""

import json
import shutil
from pathlib import Path

import mlx.core as mx
import pytest
from mlx_lm.models.cache import ArraysCache

from decoding import Caching, encode, ids, run, text_of, tiny_llama, with_network
from mlx_app.decoding.sampling import make_processors, make_sampler
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch, Token
from mlx_app.mlx_lm_adapter.sampling import Sampler, greedy
from mlx_app.models.text_model import TextModel, read_text_model
from mlx_app.models.unbatched_checks import check_draft
from mlx_app.protocol import Generate


def test_a_good_draft_model_changes_no_word(hello: TextModel, answers: dict[str, str]) -> None:
    for question, answer in answers.items():
        tokens = run(hello, encode(hello, question), draft=hello.network, draft_tokens=3)
        assert text_of(hello, tokens) == answer
        # Of each pass three tokens come from the draft, the fourth from the model.
        assert sum(token.from_draft for token in tokens) >= len(tokens) * 3 // 4 - 3


@pytest.mark.parametrize("draft_tokens", [1, 2, 5])
def test_a_bad_draft_model_changes_no_word(
    hello: TextModel, answers: dict[str, str], draft_tokens: int
) -> None:
    bad = tiny_llama()
    for question in ("Who are you?", "Count to ten."):
        tokens = run(hello, encode(hello, question), draft=bad, draft_tokens=draft_tokens)
        assert text_of(hello, tokens) == answers[question]


@pytest.mark.parametrize("vocabulary", [300, 900])
def test_a_draft_model_with_fewer_or_more_probabilities_changes_no_word(
    hello: TextModel, answers: dict[str, str], vocabulary: int
) -> None:
    padded = tiny_llama(vocab_size=vocabulary)
    tokens = run(hello, encode(hello, "Who are you?"), draft=padded)
    assert text_of(hello, tokens) == answers["Who are you?"]


def test_a_seed_repeats_with_and_without_a_draft_model_and_in_a_batch(hello: TextModel) -> None:
    prompt = encode(hello, "Tell me a story.")

    def wild() -> Sampler:
        return make_sampler(Generate(id=1, model="hello", temperature=2, seed=7), 512)

    plain = ids(run(hello, prompt, 60, wild()))
    assert ids(run(hello, prompt, 60, wild())) == plain
    assert ids(run(hello, prompt, 60, wild(), draft=hello.network)) == plain
    assert ids(run(hello, prompt, 60, greedy)) != plain
    batch = Batch(hello.network, hello.tokenizer)
    batch.insert(prompt, 60, wild())
    batched: list[Token] = []
    while not batched or batched[-1].finish_reason is None:
        batched += batch.step().tokens
    assert ids(batched) == plain


def test_penalties_are_the_same_with_a_draft_model(hello: TextModel) -> None:
    request = Generate(id=1, model="hello", repetition_penalty=3.0, repetition_context=400)
    prompt = encode(hello, "Count to ten.")
    plain = run(hello, prompt, 60, processors=make_processors(request))
    drafted = run(
        hello, prompt, 60, processors=make_processors(request), draft=hello.network, draft_tokens=4
    )
    assert ids(drafted) == ids(plain)
    assert ids(plain) != ids(run(hello, prompt, 60))


def test_a_draft_model_rests_where_a_sliding_window_is_full(hello: TextModel) -> None:
    sliding = tiny_llama(sliding_window=64, layer_types=["sliding_attention", "full_attention"])
    model = with_network(hello, sliding)
    check_draft(model, model)
    plain = run(model, list(range(5, 45)), 60)
    drafted = run(model, list(range(5, 45)), 60, draft=sliding)
    assert ids(drafted) == ids(plain)
    assert len(plain) > 30
    assert any(token.from_draft for token in drafted[:15])
    assert not any(token.from_draft for token in drafted[25:])


def test_a_draft_model_of_another_vocabulary_is_refused(
    hello: TextModel, models: Path, tmp_path: Path
) -> None:
    shutil.copytree(models / "hello", tmp_path / "other")
    file = tmp_path / "other" / "tokenizer.json"
    tokenizer = json.loads(file.read_text("utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    first, second = [text for text, token in vocabulary.items() if token in (300, 301)]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    file.write_text(json.dumps(tokenizer), "utf-8")
    check_draft(hello, read_text_model(models / "hello"))
    with pytest.raises(EngineError, match=r"another vocabulary.*token 300 is") as raised:
        check_draft(hello, read_text_model(tmp_path / "other"))
    assert raised.value.code == "INVALID_REQUEST"


@pytest.mark.parametrize("drafted", [False, True])
@pytest.mark.parametrize("prefill_tokens", [4, 512])
def test_processors_see_the_prompt_and_each_token_once(
    hello: TextModel, drafted: bool, prefill_tokens: int
) -> None:
    prompt = encode(hello, "Count to ten.")
    seen: list[list[int]] = []

    def record(tokens: mx.array, logits: mx.array, /) -> mx.array:
        seen.append(tokens.tolist())  # type: ignore[arg-type]
        return logits

    draft = tiny_llama() if drafted else None
    tokens = run(hello, prompt, 8, processors=[record], draft=draft, prefill_tokens=prefill_tokens)
    assert seen == [prompt + ids(tokens)[:made] for made in range(8)]


def test_a_cache_that_can_not_go_back_is_refused(hello: TextModel) -> None:
    recurrent = with_network(hello, Caching(lambda: ArraysCache(2)))
    for model, draft in ((hello, recurrent), (recurrent, hello)):
        with pytest.raises(EngineError, match="ArraysCache") as raised:
            check_draft(model, draft)
        assert raised.value.code == "UNSUPPORTED"
