"""Models that take images: tiny random ones of two families."""

import base64
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

import tiny_models
from mlx_app.decoding.sampling import make_processors, make_sampler
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch, PrefillProgress, Token
from mlx_app.mlx_lm_adapter.sampling import Processor, Sampler, greedy
from mlx_app.models.text_model import TextModel
from mlx_app.optional_packages import has_vision
from mlx_app.protocol import Generate, ImagePart, Message, PastCall, TextPart, Tool
from mlx_app.vision import vision_model
from mlx_app.vision.vision_model import VisionModel, VisionPrompt, is_vision_model

needs_extra = [
    pytest.mark.vision,
    pytest.mark.skipif(
        not has_vision() and "MLX_TEST_EXTRAS" not in os.environ,
        reason="needs the optional packages: npm run setup -- --with vision",
    ),
]


def with_extra(test: Callable[..., None]) -> Callable[..., None]:
    for mark in needs_extra:
        test = mark(test)
    return test


QUESTION = "What is it?"


Made = dict[str, VisionModel]


@pytest.fixture(scope="module")
def made() -> Made:
    return {}


def model_of(name: str, made: Made, temporary: pytest.TempPathFactory, models: Path) -> VisionModel:
    if name not in made:
        folder = temporary.mktemp("models") / "[slug]" / name
        made[name] = read(tiny_models.make(name, folder, models / "hello"))
    return made[name]


@pytest.fixture(params=["qwen2_5_vl", "qwen3_vl"])
def seeing(
    request: pytest.FixtureRequest,
    made: Made,
    tmp_path_factory: pytest.TempPathFactory,
    models: Path,
) -> VisionModel:
    return model_of(request.param, made, tmp_path_factory, models)


@pytest.fixture(params=["qwen2_5_vl", "qwen3_vl", "gemma3"])
def family(
    request: pytest.FixtureRequest,
    made: Made,
    tmp_path_factory: pytest.TempPathFactory,
    models: Path,
) -> VisionModel:
    """A model of each family, for what has to hold for all of them."""
    return model_of(request.param, made, tmp_path_factory, models)


def read(folder: Path) -> VisionModel:
    import json

    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert is_vision_model(config)
    model = VisionModel.read(folder, config)
    assert [*model.model.weights()][-1] == model.model.total_bytes > 0
    return model


def picture(colour: str, size: tuple[int, int] = (64, 64), form: str = "PNG") -> ImagePart:
    from PIL import Image

    file = BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return encoded(file.getvalue())


def encoded(content: bytes) -> ImagePart:
    return ImagePart(data=base64.b64encode(content).decode())


def user(*parts: str | ImagePart) -> Message:
    return Message(
        role="user",
        content=[TextPart(text=part) if isinstance(part, str) else part for part in parts],
    )


def answers(
    model: VisionModel,
    prompts: Sequence[VisionPrompt],
    samplers: Sequence[Sampler] = (),
    processors: Sequence[Processor] = (),
    chunk: int = 512,
) -> list[list[int]]:
    """The tokens of each prompt, all of them decoded beside each other."""
    from mlx_app.vision.vision_decoder import VisionDecoder

    batch = VisionDecoder(model)
    batch.prefill_tokens = chunk
    uids = [
        batch.insert(prompt, 12, sampler, processors)
        for prompt, sampler in zip(prompts, samplers or [greedy] * len(prompts), strict=True)
    ]
    tokens: dict[int, list[int]] = {uid: [] for uid in uids}
    while len(batch):
        for news in batch.step():
            if isinstance(news, Token):
                tokens[news.uid].append(news.token)
            else:
                assert isinstance(news, PrefillProgress), news
    return list(tokens.values())


def answer(model: VisionModel, *messages: Message) -> list[int]:
    return answers(model, [model.prompt(messages)])[0]


@with_extra
def test_the_same_image_gets_the_same_answer_and_another_one_another(family: VisionModel) -> None:
    red, blue = picture("red"), picture("blue")
    told = answer(family, user(red, QUESTION))
    assert answer(family, user(red, QUESTION)) == told
    assert answer(family, user(blue, QUESTION)) != told
    assert answer(family, user(QUESTION)) != told


@with_extra
def test_the_answer_is_the_one_that_mlx_vlm_gives(seeing: VisionModel) -> None:
    import mlx_vlm
    from PIL import Image

    model, processor = mlx_vlm.load(str(seeing.model.path))
    pictures = [Image.new("RGB", (64, 64), "red"), Image.new("RGB", (96, 32), "blue")]
    text = mlx_vlm.apply_chat_template(processor, model.config, QUESTION, num_images=2)
    expected = [
        response.token
        for response in mlx_vlm.stream_generate(
            model, processor, text, image=pictures, max_tokens=12, temperature=0
        )
        if response.token is not None
    ]
    told = answer(seeing, user(picture("red"), picture("blue", (96, 32)), QUESTION))
    assert told == expected[:12]


@with_extra
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_each_format_is_read(seeing: VisionModel, form: str) -> None:
    assert seeing.prompt([user(picture("white", form=form), QUESTION)]).images == 1


@with_extra
def test_images_are_told_apart_by_their_place(seeing: VisionModel) -> None:
    red, blue = picture("red"), picture("blue", (32, 64))
    one = answer(seeing, user("First", red, "then", blue))
    other = answer(seeing, user("First", blue, "then", red))
    assert one != other
    prompt = seeing.prompt([user("First", red, "then", blue)])
    text = seeing.model.tokenizer.decode(prompt.tokens)
    assert text.index("First") < text.index("<|image_pad|>") < text.index("then")
    # Four patches of 8 x 8 pixels are one token.
    assert [part.count("<|image_pad|>") for part in text.split("then")] == [16, 8]


@with_extra
def test_an_image_of_an_earlier_turn_is_still_seen(family: VisionModel) -> None:
    def told(colour: str) -> list[int]:
        return answer(
            family,
            Message(role="system", content="You see."),
            user(picture(colour), QUESTION),
            Message(role="assistant", content="A colour."),
            user("And now?", picture("green")),
        )

    assert told("red") == told("red") != told("blue")


@with_extra
def test_a_chat_is_written_by_the_template(seeing: VisionModel) -> None:
    prompt = seeing.prompt(
        [
            user(picture("red", (16, 16)), QUESTION),
            Message(
                role="assistant",
                content="",
                tool_calls=[PastCall(id="1", name="look", arguments={})],
            ),
            Message(role="tool", content="red", tool_call_id="1"),
        ],
        [Tool(name="look", parameters={"type": "object"})],
        {"no_think": True},
    )
    assert seeing.model.tokenizer.decode(prompt.tokens) == (
        "Tools: look\n"
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>What is it?<|im_end|>\n"
        # The template would drop the call.
        '<|im_start|>assistant\n<tool_call>\n{"name": "look", "arguments": {}}\n</tool_call>'
        "<|im_end|>\n<|im_start|>user\n<tool_response>\nred\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n<think></think>"
    )


@with_extra
@pytest.mark.parametrize("name", ["chat_template", "tokenize", "_private"])
def test_a_template_option_is_no_way_to_another_template(seeing: VisionModel, name: str) -> None:
    with pytest.raises(EngineError, match=f"templateOptions can't set '{name}'"):
        seeing.prompt([user(QUESTION)], template_options={name: "x"})


@with_extra
def test_a_prompt_may_be_made_on_another_thread(family: VisionModel) -> None:
    chat = [user(picture("red"), QUESTION)]
    with ThreadPoolExecutor(2) as threads:
        prompts = list(threads.map(family.prompt, [chat] * 4))
    assert answers(family, prompts) == [answer(family, *chat)] * 4


@with_extra
def test_a_prompt_may_be_bare_text(seeing: VisionModel) -> None:
    prompt = seeing.text_prompt("Once upon a time")
    assert seeing.model.tokenizer.decode(prompt.tokens) == "Once upon a time"
    assert answers(seeing, [prompt]) == answers(seeing, [prompt])


@with_extra
def test_neighbours_change_nothing(family: VisionModel) -> None:
    chats = [
        [user(picture("red"), QUESTION)],
        [user(QUESTION)],
        [user(picture("blue"), picture("red", (32, 96)), "Which?")],
        [user("Tell me a story.")],
    ]
    alone = [answer(family, *chat) for chat in chats]
    assert len({tuple(tokens) for tokens in alone}) == 4
    assert answers(family, [family.prompt(chat) for chat in chats]) == alone


@with_extra
def test_a_prompt_prefilled_in_chunks_gets_the_same_answer(family: VisionModel) -> None:
    prompts = [
        family.prompt([user(picture("red", (96, 96)), QUESTION)]),
        family.prompt([user("And", picture("blue", (64, 96)), QUESTION)]),
    ]
    assert answers(family, prompts, chunk=7) == answers(family, prompts)


@with_extra
def test_sequences_of_one_prompt_differ_by_their_seeds(family: VisionModel) -> None:
    prompt = family.prompt([user(picture("red"), QUESTION)])

    def samplers() -> list[Sampler]:
        return [
            make_sampler(Generate(id=1, model="it", temperature=2, seed=seed), 512)
            for seed in range(10)
        ]

    together = answers(family, [prompt] * 10, samplers())
    assert len({tuple(tokens) for tokens in together}) == 10
    assert answers(family, [prompt], samplers()[3:4])[0] == together[3]


@with_extra
def test_processors_see_the_tokens_and_change_the_answer(seeing: VisionModel) -> None:
    prompt = seeing.prompt([user(picture("red"), QUESTION)])
    seen: list[list[int]] = []

    def look(tokens: mx.array, logits: mx.array, /) -> mx.array:
        seen.append(tokens.tolist())  # type: ignore[arg-type]
        return logits

    (told,) = answers(seeing, [prompt], processors=[look])
    assert seen == [prompt.tokens + told[:length] for length in range(len(told))]
    biased = Generate(id=1, model="it", logit_bias={"40": 100.0})
    assert answers(seeing, [prompt], processors=make_processors(biased)) == [[40] * 12]


@with_extra
def test_the_end_has_its_finish_reason_and_log_probabilities(seeing: VisionModel) -> None:
    from mlx_app.vision.vision_decoder import VisionDecoder

    end = max(seeing.model.tokenizer.eos_token_ids)
    for bias, reasons in (({}, [None, None, "length"]), ({str(end): 100.0}, ["stop"])):
        batch = VisionDecoder(seeing)
        request = Generate(id=1, model="it", logit_bias=bias)
        batch.insert(seeing.prompt([user(QUESTION)]), 3, greedy, make_processors(request))
        tokens: list[Token] = []
        while len(batch):
            tokens += [news for news in batch.step() if isinstance(news, Token)]
        assert [token.finish_reason for token in tokens] == reasons
        for token in tokens:
            assert token.logprobs.shape == (seeing.model.vocabulary,)
            assert mx.argmax(token.logprobs).item() == token.token


@with_extra
def test_a_sequence_can_be_removed_in_any_state(family: VisionModel) -> None:
    from mlx_app.vision.vision_decoder import VisionDecoder

    prompt = family.prompt([user(picture("red"), QUESTION)])
    (alone,) = answers(family, [prompt])
    for steps in range(12):
        batch = VisionDecoder(family)
        batch.prefill_tokens = 8
        kept = batch.insert(prompt, 12, greedy)
        dropped = [batch.insert(family.prompt([user("Hello!")]), 12, greedy) for _ in range(9)]
        news = [entry for _ in range(steps * 3) for entry in batch.step()]
        batch.remove(dropped)
        while len(batch):
            news += batch.step()
        told = [entry.token for entry in news if isinstance(entry, Token) and entry.uid == kept]
        assert told == alone


@with_extra
def test_what_fails_in_one_sequence_leaves_the_others(seeing: VisionModel) -> None:
    from mlx_app.mlx_lm_adapter.sequential import Failed
    from mlx_app.vision.vision_decoder import VisionDecoder

    prompt = seeing.prompt([user(picture("red"), QUESTION)])
    (alone,) = answers(seeing, [prompt])

    def fail(_: mx.array, __: mx.array, /) -> mx.array:
        raise RuntimeError("no")

    batch = VisionDecoder(seeing)
    failing = batch.insert(prompt, 12, greedy, [fail])
    batch.insert(prompt, 12, greedy)
    news: list[Any] = []
    while len(batch):
        news += batch.step()
    assert [(e.uid, str(e.error)) for e in news if isinstance(e, Failed)] == [(failing, "no")]
    assert [e.token for e in news if isinstance(e, Token)] == alone


@with_extra
def test_a_batch_beside_it_gets_a_step_between_two_chunks(
    seeing: VisionModel, hello: TextModel
) -> None:
    from mlx_app.vision.vision_decoder import VisionDecoder

    beside = Batch(hello.network, hello.tokenizer)
    beside.insert(hello.tokenizer.encode("Hello"), 400, greedy)
    batch = VisionDecoder(seeing)
    batch.prefill_tokens = 16
    batch.insert(seeing.prompt([user(picture("red", (64, 64)), "word " * 60)]), 3, greedy)
    reads = 0
    while len(batch):
        news = batch.step()
        reads += sum(isinstance(entry, PrefillProgress) for entry in news)
        assert len(news) <= 1
        beside.step()
    assert reads > 5
    beside.close()


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header promises that many pixels and whose data has none."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def bad_images() -> dict[str, tuple[list[ImagePart], str]]:
    if not has_vision():
        return {}
    gif = BytesIO()
    from PIL import Image

    Image.new("RGB", (8, 8)).save(gif, "GIF")
    whole = base64.b64decode(picture("red", (200, 200), "JPEG").data)
    good = picture("red")
    return {
        "address": ([ImagePart(data="https://example.com/a.png")], "Image 1 .* not in base64"),
        "path": ([ImagePart(data="/etc/passwd")], "Image 1 .* addresses and paths|not a PNG"),
        "words": ([good, encoded(b"no image at all")], "Image 2 .* not a PNG, JPEG or WebP"),
        "another format": ([encoded(gif.getvalue())], "not a PNG, JPEG or WebP"),
        "half a file": ([encoded(whole[: len(whole) // 2])], "Image 1 .* is damaged"),
        "large": ([encoded(b"x" * (16 * 1024 * 1024 + 1))], "16777217 bytes; at most 16777216"),
        "bomb": ([encoded(png_of(30_000, 30_000))], "too many pixels; at most 40000000"),
        "wide": ([encoded(png_of(8_000, 6_000))], "8000 x 6000 = 48000000 pixels; at most 4"),
        "many": ([good] * 65, "has 65 images; at most 64"),
        "thin": ([picture("red", (2000, 1))], "can't process this prompt"),
    }


@with_extra
@pytest.mark.parametrize("name", list(bad_images()))
def test_a_bad_image_is_refused_and_named(seeing: VisionModel, name: str) -> None:
    images, told = bad_images()[name]
    with pytest.raises(EngineError, match=told) as error:
        seeing.prompt([user(*images, QUESTION)])
    assert error.value.code == "INVALID_REQUEST"


@with_extra
def test_the_images_of_a_call_are_bounded_together(
    seeing: VisionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlx_app.vision import images

    monkeypatch.setattr(images, "MAX_PIXELS_OF_CALL", 64 * 64 * 2)
    seeing.prompt([user(*[picture("red")] * 2)])
    with pytest.raises(EngineError, match=r"Image 3 .* 12288 pixels .*; at most 8192"):
        seeing.prompt([user(*[picture("red")] * 3)])


@with_extra
def test_an_image_is_turned_as_its_camera_was_and_clear_parts_are_white() -> None:
    from PIL import Image

    from mlx_app.vision.images import decode_images

    photo, clear = BytesIO(), BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (40, 20), "red").save(photo, "JPEG", exif=turned)
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(clear, "PNG")
    data = [encoded(file.getvalue()).data for file in (photo, clear)]
    (upright, white) = decode_images(data)
    assert upright.size == (20, 40)
    assert white.getpixel((3, 3)) == (255, 255, 255)


@with_extra
def test_the_mark_of_an_image_is_no_text(seeing: VisionModel) -> None:
    with pytest.raises(EngineError, match=r'contains "<\|image_pad\|>"') as error:
        seeing.prompt([user(picture("red"), "What is <|image_pad|>?")])
    assert error.value.code == "INVALID_REQUEST"


@with_extra
def test_no_mark_of_a_family_is_text(family: VisionModel) -> None:
    prompt = family.prompt([user(picture("red"), QUESTION)])
    marks = {"<start_of_image>", "<image_soft_token>", "<|image_pad|>"}
    text = family.model.tokenizer.decode(prompt.tokens)
    held = {mark for mark in marks if mark in text}
    assert held
    for mark in held:
        with pytest.raises(EngineError, match="which stands for an image"):
            family.prompt([user(picture("red"), f"What is {mark}?")])
        assert family.prompt([user(f"What is {mark}?")]).images == 0


@with_extra
def test_only_the_user_shows_images(seeing: VisionModel) -> None:
    shown = Message(role="assistant", content=[picture("red")])
    with pytest.raises(EngineError, match="role assistant has an image"):
        seeing.prompt([user(QUESTION), shown, user("Really?")])


@with_extra
def test_code_of_a_model_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("raise SystemExit('ran')", "utf-8")
    config = {"model_type": "qwen2_5_vl", "model_file": "code.py", "vision_config": {"depth": 1}}
    with pytest.raises(EngineError, match="code of its own") as error:
        VisionModel.read(tmp_path, config)
    assert error.value.code == "UNSUPPORTED"


@with_extra
def test_a_damaged_model_and_an_unknown_one_are_told_apart(tmp_path: Path, models: Path) -> None:
    import json

    with pytest.raises(EngineError, match=r"no code for .* a martian") as error:
        VisionModel.read(tmp_path, {"model_type": "martian", "vision_config": {"depth": 1}})
    assert error.value.code == "UNSUPPORTED"
    folder = tiny_models.make("qwen2_5_vl", tmp_path / "it", models / "hello")
    (folder / "preprocessor_config.json").write_text("{", "utf-8")
    (folder / "tokenizer.json").write_text("{", "utf-8")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    with pytest.raises(EngineError, match="can't be read") as error:
        VisionModel.read(folder, config)
    assert error.value.code == "MODEL_CORRUPT"


def test_without_the_extra_the_error_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision_model, "has_vision", lambda: False)
    with pytest.raises(
        EngineError, match=r"takes images\. It needs the packages for images"
    ) as error:
        VisionModel.read(tmp_path, {"model_type": "qwen2_5_vl", "vision_config": {"depth": 1}})
    assert error.value.code == "SETUP_NEEDED"
    assert error.value.hint == "npm run setup -- --with vision"


def test_a_vision_model_is_recognised_by_its_config(hello: TextModel) -> None:
    assert not is_vision_model(hello.config)
    assert not is_vision_model({"model_type": "gemma3", "vision_config": None})
    assert is_vision_model({"model_type": "llava-qwen2", "mm_vision_tower": "a tower"})
