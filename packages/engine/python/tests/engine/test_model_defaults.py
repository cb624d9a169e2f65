"""What calls get that leave an option out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mlx_app import EngineError, MLXEngine
from mlx_app.models.locate import HELLO
from mlx_app.protocol import ModelDefault

# The model was not trained to go on after its answer, so it is not sure how.
ENDLESS: Any = {"max_tokens": 300, "logit_bias": {0: -100, 1: -100, 2: -100}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model that was published with its own sampling."""
    shutil.copytree(HELLO, tmp_path / "mine")
    config = {"do_sample": True, "temperature": 1.5}
    (tmp_path / "mine" / "generation_config.json").write_text(json.dumps(config))
    return tmp_path


SOURCES: list[tuple[dict[str, Any], float, str]] = [
    ({}, 1.5, "generation_config.json"),
    ({"sampling": {"temperature": 1.2}}, 1.2, "settings"),
    ({"sampling": {"temperature": 0}}, 0, "settings"),
    (
        {
            "sampling": {"temperature": 0},
            "model_settings": {"mine": {"sampling": {"temperature": 1.1}}},
        },
        1.1,
        "settings",
    ),
    (
        {
            "sampling": {"temperature": 1.2},
            "model_settings": {"mine": {"sampling": {"temperature": 0}}},
        },
        0,
        "settings",
    ),
]


@pytest.mark.parametrize(("options", "temperature", "source"), SOURCES)
def test_source(
    folder: Path,
    options: dict[str, Any],
    temperature: float,
    source: Any,  # noqa: ANN401 - one of the literals of the protocol
) -> None:
    with MLXEngine("mine", device="cpu", models_directory=folder, **options) as engine:
        loaded = engine.load_model()
        assert loaded.defaults["temperature"] == ModelDefault(value=temperature, source=source)
        assert loaded.defaults["topP"] == ModelDefault(value=1, source="library")
        assert engine.status().models[0].defaults == loaded.defaults

        def text(seed: int = 7, **given: Any) -> str:  # noqa: ANN401
            return engine.complete("zq 17 !", seed=seed, **ENDLESS, **given).text

        assert text() == text(temperature=temperature)
        assert (text() == text(temperature=0)) == (temperature == 0)
        assert text(temperature=0, seed=8) == text(temperature=0)
        assert text(temperature=1.9) != text()


@pytest.mark.parametrize("name", ["temperature", "top_k", "repetition_penalty"])
def test_a_number_that_no_float_can_hold_is_left_out(folder: Path, name: str) -> None:
    config = json.dumps({"min_p": 0.5, name: 10**400})
    (folder / "mine" / "generation_config.json").write_text(config)
    with MLXEngine("mine", device="cpu", models_directory=folder) as engine:
        defaults = engine.load_model().defaults
        assert defaults["minP"] == ModelDefault(value=0.5, source="generation_config.json")
        assert defaults["topK"].source == defaults["repetitionPenalty"].source == "library"


def test_aliases_context_and_pinning(folder: Path) -> None:
    settings: Any = {"mine": {"aliases": ["swift"], "context_tokens": 300, "pinned": True}}
    with MLXEngine(device="cpu", models_directory=folder, model_settings=settings) as engine:
        loaded = engine.load_model("swift")
        assert (loaded.model, loaded.context_tokens, loaded.pinned) == ("mine", 300, True)
        assert loaded.defaults["contextTokens"] == ModelDefault(value=300, source="settings")
        with pytest.raises(EngineError) as caught:
            engine.complete("word " * 400)
        assert caught.value.code == "CONTEXT_LENGTH_EXCEEDED"


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("~/mine", "~/mine"),
        ("~/mine", "mine"),
        ("mine", "~/mine"),
        (".", "."),
        ("./", "mine"),
        ("../mine", "."),
        ("quick", "~/mine"),
        ("quicker", "quick"),
    ],
)
def test_settings_of_a_path_or_an_alias_are_those_of_its_model(
    folder: Path, key: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder / "mine")
    settings: Any = {key: {"context_tokens": 300}}
    aliases = {"quick": "~/mine", "quicker": "quick"}
    with MLXEngine(
        "~/mine",
        device="cpu",
        models_directory=folder / "none",
        aliases=aliases,
        model_settings=settings,
    ) as engine:
        assert engine.load_model(model).context_tokens == 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": {"temperature": 3}}, "temperature must be a number from 0 to 2, not 3."),
        ({"sampling": {"temprature": 1}}, "There is no option temprature."),
        ({"model_settings": {"hello": {"context": 1}}}, "There is no option context."),
        (
            {"model_settings": {"a": {"aliases": ["x"]}, "b": {"aliases": ["x"]}}},
            "The alias x is given to two models.",
        ),
        (
            {
                "aliases": {"quick": "hello"},
                "model_settings": {"quick": {"pinned": True}, "hello": {"context_tokens": 9}},
            },
            "model_settings has two entries for hello.",
        ),
        (
            {
                "aliases": {"any": [{"model": "a", "weight": 1}, {"model": "b", "weight": 1}]},
                "model_settings": {"any": {"pinned": True}},
            },
            "model_settings has an entry for any, which stands for several models.",
        ),
        ({"keep_alive": "soon"}, "keep_alive must be a time such as 90s, 10m or 2h"),
    ],
)
def test_setting_that_is_not_valid(options: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match="MLXEngine") as caught:
        MLXEngine(**options)
    assert message in str(caught.value)
