"""Unbatched decoding."""

import json
import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx.utils import tree_flatten
from mlx_lm.models import llama4

from decoding import encode, finish, ids, run, text_of, tiny_llama, with_network
from mlx_app.mlx_lm_adapter.batch import Batch, PrefillProgress, Token
from mlx_app.mlx_lm_adapter.sampling import greedy
from mlx_app.mlx_lm_adapter.sequential import Failed, Sequential
from mlx_app.models.text_model import TextModel, read_text_model
from mlx_app.models.unbatched_checks import check_draft

LLAMA4_TEXT = {
    "attention_bias": False,
    "attention_chunk_size": 16,
    "head_dim": 16,
    "hidden_size": 32,
    "interleave_moe_layer_step": 2,
    "intermediate_size": 32,
    "intermediate_size_mlp": 32,
    "max_position_embeddings": 512,
    "model_type": "llama4_text",
    "num_attention_heads": 2,
    "num_experts_per_tok": 1,
    "num_hidden_layers": 4,
    "num_key_value_heads": 1,
    "num_local_experts": 2,
    "rms_norm_eps": 1e-5,
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "use_qk_norm": True,
    "vocab_size": 512,
}


@pytest.fixture(scope="module")
def llama4_model(models: Path, tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    """A family whose caches can't be batched, with random weights."""
    folder = tmp_path_factory.mktemp("llama4")
    config = {"model_type": "llama4", "text_config": LLAMA4_TEXT, "eos_token_id": 2}
    mx.random.seed(5)
    network = llama4.Model(llama4.ModelArgs.from_dict(json.loads(json.dumps(config))))
    arrays: Any = tree_flatten(network.parameters())
    mx.save_safetensors(str(folder / "model.safetensors"), dict(arrays), {"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(models / "hello" / name, folder)
    return read_text_model(folder)


def test_sequences_in_turn_give_each_its_answer(hello: TextModel, answers: dict[str, str]) -> None:
    sequential = Sequential(hello.network, hello.tokenizer)
    uids = {q: sequential.insert(encode(hello, q), 400, greedy) for q in answers}
    tokens = finish(sequential)
    assert {q: text_of(hello, tokens[uid]) for q, uid in uids.items()} == answers
    assert {tokens[uid][-1].finish_reason for uid in uids.values()} == {"stop"}
    assert len(sequential) == 0


@pytest.mark.parametrize("max_tokens", [1, 2, 7])
@pytest.mark.parametrize("drafted", [False, True])
def test_the_length_is_kept(hello: TextModel, max_tokens: int, drafted: bool) -> None:
    draft = hello.network if drafted else None
    tokens = run(hello, encode(hello, "Tell me a story."), max_tokens, draft=draft)
    assert len(tokens) == max_tokens
    assert tokens[-1].finish_reason == "length"


@pytest.mark.parametrize("drafted", [False, True])
def test_log_probabilities_are_those_of_the_token(hello: TextModel, drafted: bool) -> None:
    draft = hello.network if drafted else None
    for token in run(hello, encode(hello, "Say hello."), draft=draft):
        assert token.logprobs.shape == (512,)
        assert mx.argmax(token.logprobs).item() == token.token
        assert mx.exp(token.logprobs.astype(mx.float32)).sum().item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("prefill_tokens", [1, 7, 100])
@pytest.mark.parametrize("drafted", [False, True])
def test_the_size_of_a_chunk_changes_no_word(
    hello: TextModel, answers: dict[str, str], prefill_tokens: int, drafted: bool
) -> None:
    prompt = encode(hello, "What is MLX?")
    draft = hello.network if drafted else None
    tokens = run(hello, prompt, prefill_tokens=prefill_tokens, draft=draft)
    assert text_of(hello, tokens) == answers["What is MLX?"]


def test_a_prompt_is_prefilled_chunk_by_chunk(hello: TextModel) -> None:
    sequential = Sequential(hello.network, hello.tokenizer)
    sequential.prefill_tokens = 100
    uid = sequential.insert([5] * 251, 1, greedy)
    steps = [sequential.step() for _ in range(4)]
    assert steps == [
        [PrefillProgress(uid, 100, at_boundary=False)],
        [PrefillProgress(uid, 200, at_boundary=False)],
        [PrefillProgress(uid, 250, at_boundary=False)],
        [],
    ]


class Counted(nn.Module):
    """A model that notes how many tokens each of its passes reads."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.network = network
        self.layers = network.layers
        self.passes: list[int] = []

    def __call__(self, tokens: mx.array, **options: object) -> mx.array:
        self.passes.append(tokens.shape[1])
        logits: mx.array = self.network(tokens, **options)
        return logits


def test_a_batch_beside_it_waits_for_one_chunk_or_one_pass(
    hello: TextModel, answers: dict[str, str]
) -> None:
    counted = Counted(hello.network)
    batch = Batch(hello.network, hello.tokenizer)
    sequential = Sequential(counted, hello.tokenizer)
    sequential.prefill_tokens = 64
    batch.insert(encode(hello, "Who are you?"), 200, greedy)
    story = encode(hello, "Say hello.") * 20
    long = sequential.insert(story, 30, greedy)
    short = sequential.insert(
        encode(hello, "Count to ten."), 200, greedy, draft=hello.network, draft_tokens=4
    )
    batched: list[Token] = []
    alone: dict[int, list[Token]] = {long: [], short: []}
    while len(sequential) or not batched or batched[-1].finish_reason is None:
        batched += batch.step().tokens
        before = len(counted.passes)
        for news in sequential.step():
            assert not isinstance(news, Failed), news
            if isinstance(news, Token):
                alone[news.uid].append(news)
        passes = counted.passes[before:]
        assert len(passes) <= 1
        assert all(size <= 64 for size in passes)
    assert text_of(hello, batched) == answers["Who are you?"]
    assert text_of(hello, alone[short]) == answers["Count to ten."]
    assert text_of(hello, alone[long]) == text_of(hello, run(hello, story, 30))


def test_a_cache_that_can_not_be_batched_is_used(llama4_model: TextModel) -> None:
    assert not llama4_model.batchable
    # Longer than the 16 tokens that a chunk of this model's attention holds.
    prompt = list(range(10, 60))
    whole = run(llama4_model, prompt, 40)
    assert len(whole) > 0
    for prefill_tokens in (1, 7, 16):
        assert ids(run(llama4_model, prompt, 40, prefill_tokens=prefill_tokens)) == ids(whole)
    # What the model makes of all tokens at once, without any cache.
    text = prompt + ids(whole)
    logits = llama4_model.network(mx.array([text[:-1]]))[0, len(prompt) - 1 :]
    assert mx.argmax(logits, axis=-1).tolist() == ids(whole)


def test_a_cache_that_can_not_be_batched_goes_back_too(llama4_model: TextModel) -> None:
    check_draft(llama4_model, llama4_model)
    prompt = list(range(10, 60))
    plain = run(llama4_model, prompt, 40)
    for draft in (llama4_model.network, tiny_llama()):
        tokens = run(llama4_model, prompt, 40, draft=draft, draft_tokens=5)
        assert ids(tokens) == ids(plain)


@pytest.mark.parametrize("steps", [2, 12])
def test_what_is_removed_gives_its_memory_back(hello: TextModel, steps: int) -> None:
    model = with_network(hello, tiny_llama())
    sequential = Sequential(model.network, model.tokenizer)
    sequential.prefill_tokens = 256
    mx.synchronize()
    before = mx.get_active_memory()
    uid = sequential.insert([7] * 1025, 100, greedy, draft=model.network)
    for _ in range(steps):
        sequential.step()
    assert mx.get_active_memory() > before + 256 * 1024
    sequential.remove([uid])
    mx.synchronize()
    assert mx.get_active_memory() < before + 64 * 1024
    assert sequential.step() == []


def test_a_removed_one_leaves_the_others(hello: TextModel, answers: dict[str, str]) -> None:
    # Removed in the middle of decoding, and of prefill.
    sequential = Sequential(hello.network, hello.tokenizer)
    kept = sequential.insert(encode(hello, "Say hello."), 200, greedy)
    decoding = sequential.insert(encode(hello, "Who are you?"), 200, greedy)
    prefilling = sequential.insert([9] * 5000, 200, greedy, draft=hello.network)
    before = [
        news
        for _ in range(9)
        for news in sequential.step()
        if isinstance(news, Token) and news.uid == kept
    ]
    sequential.remove([decoding, prefilling])
    sequential.remove([decoding])
    assert len(sequential) == 1
    tokens = finish(sequential)
    assert list(tokens) == [kept]
    whole = [*before, *tokens[kept]]
    assert text_of(hello, whole) == answers["Say hello."]


@pytest.mark.parametrize("drafted", [False, True])
def test_what_raises_fails_alone(hello: TextModel, answers: dict[str, str], drafted: bool) -> None:
    def raise_later(tokens: mx.array, logits: mx.array, /) -> mx.array:
        if tokens.size > 40:
            raise ValueError("no more")
        return logits

    sequential = Sequential(hello.network, hello.tokenizer)
    good = sequential.insert(encode(hello, "Who are you?"), 200, greedy)
    draft = hello.network if drafted else None
    bad = sequential.insert([5] * 30, 200, greedy, processors=[raise_later], draft=draft)
    tokens: list[Token] = []
    failed: list[Failed] = []
    while len(sequential):
        for news in sequential.step():
            if isinstance(news, Failed):
                failed.append(news)
            elif isinstance(news, Token) and news.uid == good:
                tokens.append(news)
    assert [(failure.uid, str(failure.error)) for failure in failed] == [(bad, "no more")]
    assert text_of(hello, tokens) == answers["Who are you?"]


@pytest.mark.parametrize("drafted", [False, True])
@pytest.mark.parametrize("max_tokens", [10, 200])
def test_the_snapshot_of_a_sequence_goes_on(
    hello: TextModel, drafted: bool, max_tokens: int
) -> None:
    prompt = encode(hello, "Who are you?")
    draft = hello.network if drafted else None
    first = run(hello, prompt, max_tokens, draft=draft)
    snapshot = first[-1].snapshot
    assert snapshot is not None
    assert all(token.snapshot is None for token in first[:-1])
    whole = prompt + ids(first)
    assert snapshot.tokens == whole[: len(snapshot.tokens)]
    assert len(snapshot.tokens) >= len(whole) - 1
    longer = [*whole, 13, 200, 17]
    expected = ids(run(hello, longer, 20))
    copy = [type(layer).from_state(layer.state) for layer in snapshot.cache]
    count = len(snapshot.tokens)
    assert ids(run(hello, longer, 20, cache=copy, cached_tokens=count, draft=draft)) == expected
    batch = Batch(hello.network, hello.tokenizer)
    batch.insert(longer[count:], 20, greedy, snapshot=snapshot)
    batched: list[Token] = []
    while not batched or batched[-1].finish_reason is None:
        batched += batch.step().tokens
    assert ids(batched) == expected
