"""LoRA adapters: trained for real, by mlx-lm's own command, in a few seconds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import pytest

from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch, Token
from mlx_app.mlx_lm_adapter.sampling import greedy
from mlx_app.models.adapters import locate_adapter
from mlx_app.models.text_model import TextModel, read_text_model
from mlx_app.protocol import Load
from mlx_app.worker.model_pool.loading import ModelLoad
from mlx_app.worker.runner.call import ModelKey

QUESTION = "What do you wear?"
ANSWER = "I wear an adapter."


@pytest.fixture(scope="session")
def adapter(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that teaches the hello model one answer."""
    folder = tmp_path_factory.mktemp("training")
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": ANSWER},
    ]
    for name in ("train", "valid"):
        (folder / f"{name}.jsonl").write_text(f"{json.dumps({'messages': messages})}\n" * 4)
    options = {
        "model": models / "hello",
        "data": folder,
        "adapter-path": folder / "adapter",
        # All of them: the hello model has two.
        "num-layers": -1,
        "iters": 120,
        "batch-size": 4,
        "learning-rate": 1e-3,
        "max-seq-length": 128,
        "val-batches": 1,
        "seed": 1,
    }
    command = [sys.executable, "-m", "mlx_lm", "lora", "--train", "--mask-prompt"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    # Compiled, the first step alone would take longer than all of them do without.
    environment = {**os.environ, "MLX_DISABLE_COMPILE": "1", "HF_HUB_OFFLINE": "1"}
    trained = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert trained.returncode == 0, trained.stderr
    return folder / "adapter"


def answer(model: TextModel, question: str) -> str:
    prompt = model.tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True
    )
    batch = Batch(model.network, model.tokenizer)
    batch.insert(prompt, 100, greedy)
    tokens: list[Token] = []
    while not tokens or tokens[-1].finish_reason is None:
        tokens += batch.step().tokens
    batch.close()
    return model.tokenizer.decode(
        [token.token for token in tokens if token.finish_reason != "stop"]
    )


def refusal(models: Path, adapter: Path) -> tuple[str, str]:
    with pytest.raises(EngineError) as raised:
        read_text_model(models / "hello", adapter)
    return raised.value.code, raised.value.message


@pytest.fixture
def damaged(adapter: Path, tmp_path: Path) -> Path:
    """A copy of the adapter for a test to damage."""
    return Path(shutil.copytree(adapter, tmp_path / "damaged"))


def test_an_adapter_answers_as_it_was_trained(
    models: Path, adapter: Path, answers: dict[str, str]
) -> None:
    base = read_text_model(models / "hello")
    adapted = read_text_model(models / "hello", adapter)
    assert answer(adapted, QUESTION) == ANSWER
    assert answer(base, QUESTION) != ANSWER
    assert answer(base, "Who are you?") == answers["Who are you?"]
    assert adapted.adapter == adapter
    assert list(adapted.weights())[-1] == adapted.total_bytes > base.total_bytes


def test_an_adapter_leaves_nothing_to_chance(models: Path, damaged: Path) -> None:
    # Dropout is for training; at an answer it would leave out half of the adapter each time.
    config = json.loads((damaged / "adapter_config.json").read_text("utf-8"))
    config["lora_parameters"]["dropout"] = 0.5
    (damaged / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    assert answer(read_text_model(models / "hello", damaged), QUESTION) == ANSWER


def test_a_load_names_its_adapter(models: Path, adapter: Path) -> None:
    def opened(name: str) -> ModelLoad:
        load = ModelLoad.of(ModelKey("hello", name), Load(id=1, model="hello", adapter=name))
        path = load.find(models, lambda _stage, _loaded, _total: None, 0)
        assert path is not None
        load.open(path)
        return load

    loaded = opened(str(adapter)).loaded
    assert loaded is not None
    assert answer(loaded.model, QUESTION) == ANSWER
    with pytest.raises(EngineError, match=r"no folder .*nowhere"):
        opened("./nowhere")


def test_an_adapter_is_at_a_path_or_next_to_the_models(adapter: Path, tmp_path: Path) -> None:
    shutil.copytree(adapter, tmp_path / "models" / "wear")
    models = tmp_path / "models"
    assert locate_adapter("wear", models) == models / "wear"
    assert locate_adapter(str(adapter), models) == adapter
    with pytest.raises(EngineError, match="not inside"):
        locate_adapter("a/../../adapter", models)


@pytest.mark.parametrize("missing", ["adapter_config.json", "adapters.safetensors"])
def test_a_folder_without_an_adapter_is_refused(models: Path, damaged: Path, missing: str) -> None:
    (damaged / missing).unlink()
    code, message = refusal(models, damaged)
    assert code == "MODEL_NOT_FOUND"
    assert f"{missing} is missing" in message
    assert refusal(models, damaged / "nowhere")[0] == "MODEL_NOT_FOUND"


def test_an_adapter_of_another_library_is_named(models: Path, damaged: Path) -> None:
    (damaged / "adapters.safetensors").rename(damaged / "adapter_model.safetensors")
    code, message = refusal(models, damaged)
    assert code == "UNSUPPORTED"
    assert "PEFT" in message


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "is not an object"),
        ("{}", "num_layers"),
        ('{"num_layers": 2, "lora_parameters": {"rank": 8}}', "scale"),
        ('{"num_layers": "x", "lora_parameters": {"rank": 8, "scale": 1}}', "TypeError"),
    ],
)
def test_a_damaged_description_is_refused(
    models: Path, damaged: Path, config: str, reason: str
) -> None:
    (damaged / "adapter_config.json").write_text(config, "utf-8")
    code, message = refusal(models, damaged)
    assert code == "MODEL_CORRUPT"
    assert reason in message


def test_a_cut_file_is_refused(models: Path, damaged: Path) -> None:
    file = damaged / "adapters.safetensors"
    size = file.stat().st_size
    os.truncate(file, size - 10)
    code, message = refusal(models, damaged)
    assert code == "MODEL_CORRUPT"
    assert f"has {size - 10} bytes of {size}" in message


def test_an_adapter_of_another_model_is_refused(models: Path, damaged: Path) -> None:
    file = str(damaged / "adapters.safetensors")
    arrays = mx.load(file)
    assert isinstance(arrays, dict)
    name = min(arrays)
    whole = {key: mx.array(value) for key, value in arrays.items()}
    mx.eval(whole)

    mx.save_safetensors(file, {**whole, name: mx.zeros((3, 8))})
    code, message = refusal(models, damaged)
    assert code == "MODEL_CORRUPT"
    assert f"{name}: adapter shape (3, 8) does not match" in message

    mx.save_safetensors(file, {**whole, "model.layers.9.lora_a": mx.zeros((3, 8))})
    assert "model.layers.9.lora_a: not an adapter parameter" in refusal(models, damaged)[1]

    mx.save_safetensors(file, {key: value for key, value in whole.items() if key != name})
    code, message = refusal(models, damaged)
    assert code == "MODEL_CORRUPT"
    assert f"lacks 1 of {len(whole)} tensors, such as {name}" in message
