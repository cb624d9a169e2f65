"""A cache on disk: the text is the same as without it, and a wrong file is an error."""

import json
import os
import random
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import pytest

from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter import caches
from mlx_app.models.text_model import TextModel
from mlx_app.prompt.cache_file import UnusableFileError, read, write
from mlx_app.prompt.model_identity import ModelIdentity, model_identity
from mlx_app.prompt.partial_file import partial_path
from mlx_app.prompt.prompt_cache import PromptCache
from prompt_cache_run import run
from small_networks import NETWORKS, plain

IDENTITY = ModelIdentity(name="small", model="abc", adapter="", mlx_lm="0.32.2")
DOCUMENT = [(7 * token + token // 5) % 64 for token in range(60)]


def document_cache(network: nn.Module) -> list[object]:
    """What a network keeps of the document."""
    memory = PromptCache(network, 1 << 30)
    run(network, [[*DOCUMENT, 1]], memory, wanted=[{60: "user"}], shared=[60])
    found = memory.find([*DOCUMENT, 1])
    assert found.cache is not None
    assert found.count == 60
    return found.cache


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return plain()


@pytest.fixture
def file(tmp_path: Path, network: nn.Module) -> Path:
    path = tmp_path / "document.safetensors"
    write(path, DOCUMENT, document_cache(network), IDENTITY)
    return path


def useless(path: Path, network: nn.Module, identity: ModelIdentity = IDENTITY) -> str:
    """Why a file of this app must be made anew."""
    with pytest.raises(UnusableFileError) as caught:
        read(path, identity, network)
    assert str(path) in str(caught.value)
    return str(caught.value)


def refusal(path: Path, network: nn.Module, identity: ModelIdentity = IDENTITY) -> str:
    with pytest.raises(EngineError) as caught:
        read(path, identity, network)
    assert caught.value.code == "INVALID_REQUEST"
    assert str(path) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_from_a_file_are_the_same(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]()
    path = tmp_path / "document.safetensors"
    size = write(path, DOCUMENT, document_cache(network), IDENTITY)
    assert path.stat().st_size == size
    tokens, cache = read(path, IDENTITY, network)
    assert tokens == DOCUMENT
    memory = PromptCache(network, 1 << 30)
    assert memory.keep(tokens, cache, "user")
    prompts = [[*DOCUMENT, 3, 4, 5], [9, 8], [*DOCUMENT, 6]]
    answers = run(network, prompts, memory)
    assert [answer.cached for answer in answers] == [60, 0, 60]
    assert [answer.tokens for answer in answers] == [a.tokens for a in run(network, prompts)]


def test_hello_answers_from_a_file(
    hello: TextModel, answers: dict[str, str], tmp_path: Path
) -> None:
    identity = model_identity(hello.path, hello.config)
    question, answer = next(iter(answers.items()))
    prompt = hello.tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True
    )
    memory = PromptCache(hello.network, 1 << 30)
    run(hello.network, [prompt], memory)
    found = memory.find(prompt)
    assert found.cache is not None
    path = tmp_path / "hello.safetensors"
    write(path, prompt[: found.count], found.cache, identity)
    memory.clear()
    memory.keep(*read(path, identity, hello.network), "user")
    stop = hello.tokenizer.eos_token_ids
    (said,) = run(hello.network, [prompt], memory, stop=stop, max_tokens=200)
    assert said.cached == len(prompt) - 1
    assert hello.tokenizer.decode(said.tokens) == answer


def test_a_file_contains_no_spare_room(tmp_path: Path, network: nn.Module) -> None:
    cache = document_cache(network)
    size = write(tmp_path / "a.safetensors", DOCUMENT, cache, IDENTITY)
    assert size < caches.size_bytes(caches.tight(cache)) + 4096
    assert os.listdir(tmp_path) == ["a.safetensors"]  # noqa: PTH208 — the hidden ones too


def test_quantised_keys_are_read_only_where_they_are_asked_for(
    hello: TextModel, tmp_path: Path
) -> None:
    plain_cache = caches.new_cache(hello.network)
    hello.network(mx.array([DOCUMENT]), cache=plain_cache)
    quantised = [layer.to_quantized(group_size=32, bits=8) for layer in plain_cache]
    path = tmp_path / "quantised.safetensors"
    write(path, DOCUMENT, quantised, IDENTITY)
    assert "other kinds of caches" in useless(path, hello.network)
    _, cache = read(path, IDENTITY, hello.network, quantised=True)
    step = mx.array([[5]])
    expected = hello.network(step, cache=quantised)
    assert mx.array_equal(hello.network(step, cache=cache), expected).item()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "def", "name": "other"}, "made by the model small, or by other weights"),
        ({"adapter": "def"}, "made by the model without an adapter"),
        ({"mlx_lm": "0.33.0"}, "made by mlx-lm 0.32.2, and this is mlx-lm 0.33.0"),
    ],
)
def test_a_file_of_another_model_is_made_anew(
    file: Path, network: nn.Module, change: dict[str, str], words: str
) -> None:
    assert words in useless(file, network, replace(IDENTITY, **change))


@pytest.mark.parametrize(
    ("adapter", "words"), [("", "made by an adapter"), ("2", "made by another adapter")]
)
def test_a_file_of_another_adapter_is_made_anew(
    tmp_path: Path, network: nn.Module, adapter: str, words: str
) -> None:
    path = tmp_path / "adapter.safetensors"
    write(path, DOCUMENT, document_cache(network), replace(IDENTITY, adapter="1"))
    assert words in useless(path, network, replace(IDENTITY, adapter=adapter))


def test_a_file_that_is_not_a_cache_is_refused(tmp_path: Path, network: nn.Module) -> None:
    path = tmp_path / "document.safetensors"
    assert "There is no cache file" in refusal(path, network)
    for content in (b"hello", b"my notes", b"\xff" * 64, struct.pack("<Q", 2) + b"{}"):
        path.write_bytes(content)
        assert "not a" in refusal(path, network)
    mx.save_safetensors(str(path), {"weight": mx.ones(3)})
    assert "not a cache file of this app" in refusal(path, network)
    assert "must end in .safetensors" in refusal(tmp_path / "document.txt", network)
    path.unlink()
    path.mkdir()
    assert "is a folder" in refusal(path, network)


def test_a_cut_file_is_made_anew(file: Path, network: nn.Module) -> None:
    content = file.read_bytes()
    for size in (len(content) - 1, len(content) // 2, 1000, 100, 9, 8, 7, 0):
        file.write_bytes(content[:size])
        assert "not a whole cache file" in useless(file, network)


def change_header(file: Path, old: str, new: str) -> None:
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = content[8 : 8 + length].decode()
    assert old in header
    header = header.replace(old, new)
    file.write_bytes(struct.pack("<Q", len(header)) + header.encode() + content[8 + length :])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("KVCache", "RotatingKVCache"),
        ("KVCache", "copy"),
        ("KVCache", "os"),
        ("[1,2,60,16]", "[1,2,120,8]"),
        ("[1,2,60,16]", "[2,1,60,16]"),
        ("[1,2,60,16]", "[1920]"),
        ('"0.tokens":"[', '"0.tokens":"[1,'),
        ('"0.tokens":"[', '"0.tokens":"[\\"a\\",'),
        ('"0.tokens":"[', '"0.tokens":"'),
        ("F32", "X32"),
        ('"scalar"', '"none"'),
        ('"scalar"', '"other"'),
    ],
)
def test_a_file_whose_header_was_changed_is_made_anew(
    file: Path, network: nn.Module, old: str, new: str
) -> None:
    change_header(file, old, new)
    assert "not a whole cache file" in useless(file, network)


def test_no_damage_gets_past_the_reader(file: Path, network: nn.Module) -> None:
    content = file.read_bytes()
    header_bytes = 8 + struct.unpack("<Q", content[:8])[0]
    chance = random.Random(4)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(header_bytes)] = chance.randrange(256)
        file.write_bytes(damaged)
        try:
            _, cache = read(file, IDENTITY, network)
            mx.eval(network(mx.array([[1]]), cache=cache))
        except UnusableFileError:
            refused += 1
        except EngineError as error:
            assert error.code == "INVALID_REQUEST"  # noqa: PT017 — some damage does no harm
            refused += 1
    assert refused > 200


def test_a_place_that_cannot_be_written_to_is_reported(tmp_path: Path, network: nn.Module) -> None:
    cache = document_cache(network)
    blocked = tmp_path / "file"
    blocked.write_text("")
    for path in (tmp_path / "none" / "a.safetensors", blocked / "a.safetensors"):
        with pytest.raises(EngineError, match="Can't write the cache file") as caught:
            write(path, DOCUMENT, cache, IDENTITY)
        assert caught.value.code == "INVALID_REQUEST"
    with pytest.raises(EngineError, match=r"must end in \.safetensors"):
        write(tmp_path / "a.bin", DOCUMENT, cache, IDENTITY)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fills_up_leaves_the_file_that_was_there(
    file: Path, network: nn.Module
) -> None:
    """A process that may write no more than 10,000 bytes stands for the disk."""
    program = f"""
import resource, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from mlx_app.errors import EngineError
from small_networks import plain
from test_cache_file import DOCUMENT, IDENTITY, document_cache
from mlx_app.prompt.cache_file import write
cache = document_cache(plain())
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write(Path({str(file)!r}), DOCUMENT, cache, IDENTITY)
except EngineError as error:
    print(error.code, error.message)
"""
    run_ = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run_.stdout.startswith(f"INVALID_REQUEST Can't write the cache file {file}")
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert read(file, IDENTITY, network)[0] == DOCUMENT


WRITER = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
import mlx.core as mx
from mlx_lm.models.cache import KVCache
from mlx_app.prompt.cache_file import write
from test_cache_file import DOCUMENT, IDENTITY
large = KVCache()
large.keys = large.values = mx.ones((1, 1, 60, 1_000_000))
large.offset = 60
print("ready", flush=True)
write(Path(sys.argv[1]), DOCUMENT, [large], IDENTITY)
"""


def test_a_killed_writer_leaves_nothing_that_stays(tmp_path: Path, network: nn.Module) -> None:
    path = tmp_path / "document.safetensors"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    while not any(tmp_path.iterdir()):
        assert writer.poll() is None
    writer.kill()
    writer.communicate()
    assert not path.exists()
    (partial,) = tmp_path.iterdir()
    assert partial.stat().st_size < 480_000_000, "it was whole before the writer was killed"
    others = [tmp_path / f".document.elsewhere.1.{name}.safetensors" for name in "ab"]
    others.append(partial_path(path))
    for other in others:
        other.write_text("")
    write(path, DOCUMENT, document_cache(network), IDENTITY)
    assert set(tmp_path.iterdir()) == {path, *others}
    assert read(path, IDENTITY, network)[0] == DOCUMENT


def test_an_older_file_is_replaced(file: Path, network: nn.Module) -> None:
    write(file, DOCUMENT[:20], caches.prefix(document_cache(network), 20), IDENTITY)
    assert read(file, IDENTITY, network)[0] == DOCUMENT[:20]


def test_a_cache_without_a_format_is_named(tmp_path: Path) -> None:
    class Odd:
        offset = 60

    with pytest.raises(EngineError, match="small keeps a Odd") as caught:
        write(tmp_path / "a.safetensors", DOCUMENT, [Odd()], IDENTITY)
    assert caught.value.code == "UNSUPPORTED"


def test_an_identity_is_that_of_config_weights_and_adapter(tmp_path: Path) -> None:
    def model(name: str, value: float, *, last: float = 1, file: str = "model") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        weight = mx.concatenate([mx.full((100_000,), value), mx.full((1000,), last)])
        mx.save_safetensors(str(folder / f"{file}.safetensors"), {"weight": weight})
        return folder

    config = {"hidden_size": 64, "layers": [1, 2]}
    one = model("one", 1)
    identity = model_identity(one, config)
    assert identity.name == "one"
    assert replace(identity, name="same") == replace(
        model_identity(model("same", 1), json.loads(json.dumps(config))), name="same"
    )
    others = [
        model_identity(one, {**config, "hidden_size": 32}),
        model_identity(model("tuned", 2), config),
        model_identity(model("tuned-at-its-end", 1, last=2), config),
    ]
    assert len({identity.model, *(other.model for other in others)}) == 4
    mx.save_safetensors(str(one / "document.safetensors"), {"a": mx.ones(1)})
    assert model_identity(one, config) == identity
    adapter = model("adapter", 3, file="adapters")
    (adapter / "adapter_config.json").write_text('{"rank": 8}')
    adapted = model_identity(one, config, adapter)
    (adapter / "adapter_config.json").write_text('{"rank": 16}')
    assert identity.adapter == ""
    assert adapted.model == identity.model
    other = model_identity(one, config, adapter)
    mx.save_safetensors(str(adapter / "adapters.safetensors"), {"a": mx.ones(1)})
    small = model_identity(one, config, adapter)
    assert len({"", adapted.adapter, other.adapter, small.adapter}) == 4
