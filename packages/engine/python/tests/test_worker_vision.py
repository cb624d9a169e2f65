"""Models that take images, and embedding models, in the worker: tiny ones of random weights."""

import itertools
import json
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tiny_models
from mlx_app.mlx_lm_adapter.cache_size import CacheSize
from mlx_app.models.text_model import TextModel
from mlx_app.optional_packages import has_vision
from worker_process import (
    Event,
    Refused,
    WorkerProcess,
    answer_of,
    chat,
    parts,
    picture,
    pieces_of,
    worker_process,
)

pytestmark = [
    pytest.mark.vision,
    pytest.mark.skipif(
        not has_vision() and "MLX_TEST_EXTRAS" not in os.environ,
        reason="needs the optional packages: npm run setup -- --with vision",
    ),
]

QUESTION = "What is it?"
SEEING = ["qwen2_5_vl", "gemma3"]
EMBEDDING = ["bert", "qwen3_embedding"]
STORY = "Tell me a story."
TEXTS = ["The cat sat on the mat.", "Hello!", "The cat sat on the mat!", "Tell me a story. " * 3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    made = tmp_path_factory.mktemp("models")
    shutil.copytree(models / "hello", made / "hello")
    for name in [*SEEING, *EMBEDDING]:
        tiny_models.make(name, made / name, models / "hello")
    return made


@pytest.fixture(scope="module")
def worker(folder: Path) -> Iterator[WorkerProcess]:
    with worker_process(folder) as process:
        yield process


def ask(worker: WorkerProcess, model: str, *given: str | bytes, **fields: Any) -> str:  # noqa: ANN401 - JSON
    return worker.generate(model, parts(*given), **{"maxTokens": 16, **fields}).text


@pytest.mark.parametrize("model", SEEING)
def test_a_loaded_model_reports_vision(worker: WorkerProcess, model: str) -> None:
    loaded = worker.ask("load", model=model)["model"]
    assert loaded["capabilities"] == ["images"]
    assert loaded["contextTokens"] == 2048
    assert loaded["memoryBytes"] > 0


@pytest.mark.parametrize("model", SEEING)
def test_the_answer_is_about_the_image(worker: WorkerProcess, model: str) -> None:
    red, blue = picture("red"), picture("blue")
    told = ask(worker, model, red, QUESTION)
    assert ask(worker, model, red, QUESTION) == told
    others = [
        ask(worker, model, blue, QUESTION),
        ask(worker, model, red, blue, QUESTION),
        ask(worker, model, blue, red, QUESTION),
        ask(worker, model, QUESTION),
    ]
    assert len({told, *others}) == 5
    # A text in parts is the text.
    assert worker.generate(model, QUESTION, maxTokens=16).text == others[-1]


@pytest.mark.parametrize("model", SEEING)
def test_an_image_of_an_earlier_turn_is_still_seen(worker: WorkerProcess, model: str) -> None:
    def told(colour: str) -> str:
        messages = [
            {"role": "user", "content": parts(picture(colour), QUESTION)},
            {"role": "assistant", "content": "A colour."},
            {"role": "user", "content": "And now?"},
        ]
        return worker.generate(model, messages, maxTokens=16).text

    assert told("red") == told("red") != told("blue")


@pytest.mark.parametrize("model", SEEING)
def test_calls_at_once_get_what_they_get_alone(worker: WorkerProcess, model: str) -> None:
    contents = [
        parts(picture("red"), QUESTION),
        parts(QUESTION),
        parts(picture("blue"), "Which?", picture("red", (32, 96))),
        parts("Hello!"),
        parts(picture("green"), QUESTION),
        parts(STORY),
    ]
    alone = [worker.generate(model, content, maxTokens=12).text for content in contents]
    assert len(set(alone)) == len(contents)
    ids = [
        worker.say("generate", model=model, maxTokens=12, **chat(content)) for content in contents
    ]
    events: list[Event] = []
    for _ in ids:
        events += worker.until(lambda event: event["type"] in ("done", "error"))
    assert [answer_of(call_id, events).text for call_id in ids] == alone


@pytest.mark.parametrize("model", SEEING)
def test_bare_text_is_a_prompt_too(worker: WorkerProcess, model: str) -> None:
    call_id = worker.say("generate", model=model, prompt="Once upon a time", maxTokens=8)
    events = worker.until(lambda event: event["type"] in ("done", "error"))
    end = answer_of(call_id, events).ends[0]
    assert end["usage"]["completionTokens"] == 8
    tokens = worker.ask("tokenise", model=model, prompt="Once upon a time")["tokens"]
    assert end["usage"]["promptTokens"] == len(tokens)


def test_an_image_has_its_tokens(worker: WorkerProcess) -> None:
    def count(*given: str | bytes) -> int:
        return len(worker.ask("tokenise", model="qwen2_5_vl", **chat(parts(*given)))["tokens"])

    # Four patches of 8 x 8 pixels are one token; two more mark the begin and the end.
    assert count(picture("red", (64, 64)), QUESTION) - count(QUESTION) == 16 + 2
    end = worker.generate("qwen2_5_vl", parts(picture("red"), QUESTION), maxTokens=1).ends[0]
    assert end["usage"]["promptTokens"] == count(picture("red"), QUESTION)


@pytest.mark.parametrize("model", SEEING)
def test_a_stream_of_text_beside_it_keeps_its_words_and_its_pace(
    worker: WorkerProcess, hello: TextModel, answers: dict[str, str], model: str
) -> None:
    worker.ask("load", model=model)
    # Never ends by itself, however long the machine takes for the image; with the odds of its
    # tokens each of them is told, one that is half of a character too.
    never = dict.fromkeys(map(str, hello.tokenizer.eos_token_ids), -100)
    endless = worker.say(
        "generate", model="hello", maxTokens=30_000, logitBias=never, logprobs=0, **chat("Hi!")
    )
    text = worker.say("generate", model="hello", **chat(STORY))
    events = worker.until(lambda event: bool(pieces_of(text, [event])))
    seeing = worker.say(
        "generate",
        model=model,
        maxTokens=4,
        promptProgress=True,
        **chat(parts(picture("red"), "word " * 350)),
    )
    for _ in range(2):
        events += worker.until(lambda event: event["type"] in ("done", "error"))
    worker.cancel(endless)
    worker.ask("status")
    assert answer_of(text, events).text == answers[STORY]
    places = [
        place
        for place, event in enumerate(events)
        if event["type"] == "promptProgress" and event["id"] == seeing
    ]
    counts = [events[place]["processedTokens"] for place in places]
    total = answer_of(seeing, events).ends[0]["usage"]["promptTokens"]
    assert {events[place]["totalTokens"] for place in places} == {total}
    assert counts == sorted(set(counts))
    assert counts[-1] == total
    assert len(counts) > 2
    for one, other in itertools.pairwise(places):
        assert pieces_of(endless, events[one:other]), "the stream stood still for two chunks"


@pytest.mark.parametrize("model", SEEING)
def test_an_answer_keeps_to_a_schema(worker: WorkerProcess, model: str) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    answer = worker.generate(
        model,
        parts(picture("red"), QUESTION),
        maxTokens=200,
        responseFormat={"type": "json_schema", "schema": schema},
    )
    assert json.loads(answer.text)["colour"] in ("red", "blue")
    assert answer.reason == "stop"


@pytest.mark.parametrize("model", SEEING)
def test_a_stop_string_ends_it(worker: WorkerProcess, model: str) -> None:
    content = parts(picture("red"), QUESTION)
    whole = worker.generate(model, content, maxTokens=24).text
    stop = whole[len(whole) // 2 :][:4]
    answer = worker.generate(model, content, maxTokens=24, stop=[stop])
    assert answer.text == whole[: whole.index(stop)]
    assert answer.reason == "stop"
    assert answer.ends[0]["usage"]["completionTokens"] < 24


@pytest.mark.parametrize("model", SEEING)
def test_several_sequences_of_one_image_differ_and_repeat(
    worker: WorkerProcess, model: str
) -> None:
    wild = {"temperature": 2, "seed": 7, "maxTokens": 16}
    content = parts(picture("red"), QUESTION)
    both = worker.generate(model, content, n=2, **wild)
    assert both.texts[0] != both.texts[1]
    assert worker.generate(model, content, n=2, **wild).texts == both.texts
    assert worker.generate(model, content, **wild).text == both.texts[0]
    assert [end.get("index", 0) for end in both.ends] == [0, 1]


@pytest.mark.parametrize("model", SEEING)
def test_log_probabilities_are_returned(worker: WorkerProcess, model: str) -> None:
    call_id = worker.say(
        "generate", model=model, maxTokens=3, logprobs=2, **chat(parts(picture("red"), QUESTION))
    )
    events = worker.until(lambda event: event["type"] in ("done", "error"))
    told = [entry for piece in pieces_of(call_id, events) for entry in piece["logprobs"]]
    assert len(told) == 3
    for entry in told:
        assert entry["top"][0]["tokenId"] == entry["tokenId"]
        assert entry["top"][0]["logprob"] >= entry["top"][1]["logprob"]


@pytest.mark.parametrize("model", SEEING)
def test_a_call_can_be_cancelled_while_it_writes(worker: WorkerProcess, model: str) -> None:
    told = ask(worker, model, picture("red"), QUESTION)
    call_id = worker.say(
        "generate",
        model=model,
        maxTokens=1500,
        temperature=1,
        **chat(parts(picture("blue"), QUESTION)),
    )
    worker.until(lambda event: bool(pieces_of(call_id, [event])))
    worker.cancel(call_id)
    status = worker.ask("status")
    assert (status["active"], status["queued"]) == (0, 0)
    assert ask(worker, model, picture("red"), QUESTION) == told
    assert all(one["active"] == 0 for one in worker.ask("status")["models"])


@pytest.mark.parametrize("model", SEEING)
def test_a_bad_image_is_refused_and_the_next_call_works(worker: WorkerProcess, model: str) -> None:
    for image, told in ((b"no image", "not a PNG, JPEG or WebP"), (picture("red")[:60], "damaged")):
        with pytest.raises(Refused, match=rf"INVALID_REQUEST: Image 2 .*{told}"):
            ask(worker, model, picture("red"), image, QUESTION)
    assert ask(worker, model, picture("red"), QUESTION) != ""
    with pytest.raises(Refused, match="INVALID_REQUEST: A message of role system has an image"):
        worker.generate(model, [{"role": "system", "content": parts(picture("red"))}])


@pytest.mark.parametrize("model", SEEING)
def test_what_a_vision_model_does_not_support_is_refused(
    worker: WorkerProcess, model: str, tmp_path: Path
) -> None:
    file = tmp_path / "prompt.safetensors"
    for fields, told in (
        ({"kvBits": 8, "kvGroupSize": 32}, "kvBits can't be combined"),
        ({"draftModel": "hello"}, "takes images, so it can't have a draft model"),
        ({"cacheFile": str(file)}, "without draftModel, kvBits or images"),
    ):
        for content in (parts(picture("red"), QUESTION), parts(QUESTION)):
            with pytest.raises(Refused, match=f"UNSUPPORTED: .*{told}"):
                worker.generate(model, content, maxTokens=4, **fields)
    assert not file.exists()
    for draft in (model, "qwen3_embedding"):
        with pytest.raises(Refused, match=f"UNSUPPORTED: {draft} can't be a draft model"):
            worker.generate("hello", STORY, draftModel=draft)
    assert worker.ask("status")["active"] == 0


TOOL = {
    "name": "look",
    "description": "Looks closer.",
    "parameters": {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
        "additionalProperties": False,
    },
}


def test_a_model_that_sees_can_be_made_to_call(worker: WorkerProcess, folder: Path) -> None:
    made = shutil.copytree(folder / "qwen2_5_vl", folder / "calling")
    template = made / "chat_template.jinja"
    # By these words mlx-lm knows the format of calls.
    form = "{#- <tool_call> tool_call.name -#}"
    template.write_text(form + template.read_text("utf-8"), "utf-8")
    loaded = worker.ask("load", model="calling")["model"]
    assert loaded["capabilities"] == ["tools", "images"]
    call_id = worker.say(
        "generate",
        model="calling",
        maxTokens=200,
        tools=[TOOL],
        toolChoice="required",
        **chat(parts(picture("red"), QUESTION)),
    )
    events = worker.until(lambda event: event["type"] in ("done", "error"))
    calls = [call for piece in pieces_of(call_id, events) for call in piece["toolCalls"]]
    assert {call["name"] for call in calls} == {"look"}
    assert {call["arguments"]["colour"] for call in calls} <= {"red", "blue"}
    assert answer_of(call_id, events).reason == "tool_calls"


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_tools_are_refused_where_no_format_of_calls_is_known(
    worker: WorkerProcess, choice: str
) -> None:
    fields = {"tools": [TOOL], "toolChoice": choice}
    for model in SEEING:
        with pytest.raises(Refused, match=r"UNSUPPORTED: .* no known format of tool calls"):
            worker.generate(model, QUESTION, **fields)
    assert ask(worker, "gemma3", picture("red"), QUESTION, **{**fields, "toolChoice": "none"}) != ""
    if choice == "required":
        with pytest.raises(Refused, match=r"UNSUPPORTED: .* no known format of tool calls"):
            worker.ask("generate", model="gemma3", prompt=QUESTION, **fields)


def test_with_an_adapter_such_a_model_reads_text_only(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    import mlx.core as mx

    adapter = tmp_path / "adapter"
    adapter.mkdir()
    layer = "language_model.model.layers.1.self_attn.q_proj"
    # Changes nothing: the second factor is 0.
    weights = {f"{layer}.lora_a": mx.ones((32, 2)), f"{layer}.lora_b": mx.zeros((2, 32))}
    mx.save_safetensors(str(adapter / "adapters.safetensors"), weights)
    settings = {"rank": 2, "scale": 1.0, "dropout": 0.0, "keys": ["self_attn.q_proj"]}
    config = {"fine_tune_type": "lora", "num_layers": 1, "lora_parameters": settings}
    (adapter / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    loaded = worker.ask("load", model="qwen2_5_vl", adapter=str(adapter))["model"]
    assert loaded["capabilities"] == []
    # mlx-lm's code, in a batch, says what mlx-vlm's does.
    told = ask(worker, "qwen2_5_vl", QUESTION, adapter=str(adapter))
    assert told == ask(worker, "qwen2_5_vl", QUESTION)
    with pytest.raises(Refused, match="UNSUPPORTED: qwen2_5_vl can't take images with an adapter"):
        ask(worker, "qwen2_5_vl", picture("red"), QUESTION, adapter=str(adapter))
    worker.ask("unload", model="qwen2_5_vl")


@pytest.mark.parametrize("model", SEEING)
def test_a_prompt_that_is_too_long_is_refused(worker: WorkerProcess, model: str) -> None:
    for truncation, hint in (("none", "Shorten it"), ("middle", "can't lose its middle")):
        with pytest.raises(Refused, match="CONTEXT_LENGTH_EXCEEDED") as error:
            ask(worker, model, picture("red"), "\U0001f600" * 2048, truncation=truncation)
        assert hint in str(error.value.hint)


@pytest.mark.parametrize("model", EMBEDDING)
def test_vectors_have_length_1_and_the_order_of_their_texts(
    worker: WorkerProcess, model: str
) -> None:
    assert worker.ask("load", model=model)["model"]["capabilities"] == ["embeddings"]
    together = worker.ask("embed", model=model, inputs=TEXTS)
    vectors = together["vectors"]
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1] * 4, abs=1e-5)
    alone = [worker.ask("embed", model=model, inputs=[text]) for text in TEXTS]
    for vector, one in zip(vectors, alone, strict=True):
        assert one["vectors"][0] == pytest.approx(vector, abs=1e-4)
    assert sum(one["promptTokens"] for one in alone) == together["promptTokens"]
    assert min(math.dist(vectors[0], other) for other in vectors[1:]) > 0.01


@pytest.mark.parametrize("model", EMBEDDING)
def test_what_an_embedding_model_refuses(worker: WorkerProcess, model: str) -> None:
    most = worker.ask("load", model=model)["model"]["contextTokens"]
    with pytest.raises(Refused, match=rf"CONTEXT_LENGTH_EXCEEDED: Input 2 .* takes {most}"):
        worker.ask("embed", model=model, inputs=["Hello!", "\U0001f600" * most])
    with pytest.raises(Refused, match=r"UNSUPPORTED: .* makes embeddings and writes no text"):
        worker.generate(model, STORY)
    assert worker.ask("status")["active"] == 0


@pytest.mark.parametrize("model", ["hello", "qwen2_5_vl"])
def test_a_model_that_writes_makes_no_vectors(worker: WorkerProcess, model: str) -> None:
    with pytest.raises(Refused, match=r"UNSUPPORTED: .* writes text and makes no embeddings"):
        worker.ask("embed", model=model, inputs=TEXTS)


@pytest.mark.parametrize("model", EMBEDDING)
def test_a_stream_goes_on_beside_many_texts(
    worker: WorkerProcess, model: str, answers: dict[str, str]
) -> None:
    worker.ask("load", model=model)
    text = worker.say("generate", model="hello", **chat(STORY))
    events = worker.until(lambda event: bool(pieces_of(text, [event])))
    embed = worker.say("embed", model=model, inputs=TEXTS * 250)
    events += worker.until(lambda event: event.get("id") == embed)
    vectors = events[-1]["vectors"]
    assert len(vectors) == 1000
    assert len(pieces_of(text, events)) > 2
    if not answer_of(text, events).ends:
        events += worker.until(lambda event: event["type"] == "done")
    assert answer_of(text, events).text == answers[STORY]


@pytest.mark.parametrize("model", EMBEDDING)
def test_an_embedding_can_be_cancelled(worker: WorkerProcess, model: str) -> None:
    worker.ask("load", model=model)
    cancelled = worker.say("embed", model=model, inputs=TEXTS * 250)
    worker.cancel(cancelled)
    other = worker.say("embed", model=model, inputs=TEXTS)
    events = worker.until(lambda event: event.get("id") == other)
    assert [event["id"] for event in events if event["type"] == "embeddings"] == [other]
    assert all(one["active"] == 0 for one in worker.ask("status")["models"])


@pytest.mark.parametrize("model", [*SEEING, *EMBEDDING])
def test_unloading_a_model_ends_what_it_does(worker: WorkerProcess, model: str) -> None:
    worker.ask("load", model=model)
    if model in SEEING:
        call_id = worker.say(
            "generate", model=model, maxTokens=1500, **chat(parts(picture("red"), QUESTION))
        )
        worker.until(lambda event: bool(pieces_of(call_id, [event])))
    else:
        call_id = worker.say("embed", model=model, inputs=TEXTS * 250)
    unload = worker.say("unload", model=model)
    events = worker.until(lambda event: event.get("id") == unload)
    if not any(event.get("id") == call_id and event["type"] == "error" for event in events):
        events += worker.until(lambda event: event.get("id") == call_id)
    (ended,) = [event for event in events if event.get("id") == call_id]
    assert (ended["type"], ended["code"]) == ("error", "ABORTED")
    assert f"{model} was unloaded" in ended["message"]
    assert model not in [one["model"] for one in worker.ask("status")["models"]]
    if model in SEEING:
        assert ask(worker, model, picture("red"), QUESTION) != ""
    else:
        assert len(worker.ask("embed", model=model, inputs=TEXTS)["vectors"]) == 4


def measured(folder: Path, name: str) -> CacheSize:
    from mlx_app.vision.rope_state import get_rope_state, vision_cache_size
    from mlx_app.vision.vision_model import VisionModel

    config = json.loads((folder / name / "config.json").read_text("utf-8"))
    model = VisionModel.read(folder / name, config)
    before = get_rope_state(model.model.network)
    size = vision_cache_size(model)
    assert get_rope_state(model.model.network) == before
    return size


def test_what_a_token_takes_in_the_caches_is_measured(folder: Path) -> None:
    # Keys and values of two layers, two heads of 16 numbers each, four bytes a number.
    for name in SEEING:
        size = measured(folder, name)
        assert [layer.token_bytes for layer in size.layers] == [256, 256]
        assert size.heads == 2
    windows = [layer.window_tokens for layer in measured(folder, "gemma3").layers]
    assert windows == [32, None]


@pytest.mark.parametrize("model", SEEING)
def test_a_call_that_needs_more_memory_than_there_is_is_refused(
    folder: Path, worker: WorkerProcess, model: str
) -> None:
    weights = worker.ask("load", model=model)["model"]["memoryBytes"]
    # Beside the weights there is room for some 5,000 tokens of 512 bytes.
    with worker_process(folder, "--memory-limit", str(weights + 5000 * 512)) as small:
        assert ask(small, model, picture("red"), QUESTION) == ask(
            worker, model, picture("red"), QUESTION
        )
        with pytest.raises(Refused, match=r"OUT_OF_MEMORY: .* in 32 sequences; the limit is"):
            ask(small, model, picture("red"), QUESTION, n=32, maxTokens=256)
        assert ask(small, model, picture("blue"), QUESTION) != ""
