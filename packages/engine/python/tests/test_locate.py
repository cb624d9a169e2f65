import json
import shutil
from pathlib import Path

import pytest

from mlx_app.errors import EngineError
from mlx_app.models.locate import locate, missing_files, on_disk


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in ("constants", "utils._cache_manager"):
        monkeypatch.setattr(f"huggingface_hub.{module}.HF_HUB_CACHE", str(tmp_path / "cache"))


def test_finds_a_model_of_the_project_by_its_name(models: Path) -> None:
    assert locate("hello", None, models) == models / "hello"


def test_finds_a_model_by_its_path(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locate(str(models / "hello"), None, Path("nowhere")) == models / "hello"
    monkeypatch.chdir(models)
    assert locate("./hello", None, Path("nowhere")) == Path("hello")


def test_a_hugging_face_id_that_is_not_on_disk_has_to_be_downloaded(models: Path) -> None:
    assert locate("owner/name", None, models) is None


@pytest.mark.parametrize(
    "name", ["nope", "a/b/c", "./nope", "/nope", "owner/na me", "hello/../../x"]
)
def test_anything_else_is_not_found(name: str, models: Path) -> None:
    with pytest.raises(EngineError) as raised:
        locate(name, None, models)
    assert raised.value.code == "MODEL_NOT_FOUND"


def test_a_name_never_leads_out_of_the_folder(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "hello", tmp_path / "outside")
    (tmp_path / "models" / "inner").mkdir(parents=True)
    with pytest.raises(EngineError):
        locate("inner/../../outside", None, tmp_path / "models")


def test_finds_a_model_behind_a_link_in_the_folder(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "hello", tmp_path / "outside")
    (tmp_path / "models").mkdir()
    link = tmp_path / "models" / "link"
    link.symlink_to(tmp_path / "outside")
    assert locate("link", None, tmp_path / "models") == link
    [listed, _hello] = on_disk(tmp_path / "models")
    assert (listed.model, listed.place, listed.path) == ("link", "project", str(link))
    assert listed.bytes > 100_000


def test_lists_the_folders_of_the_settings_by_their_names(models: Path, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a/mine", "b/mine", "a/hello", "models/own", "a/none")]
    for folder in folders[:-1]:
        shutil.copytree(models / "hello", folder)
    listed = [
        (model.model, model.place, model.path) for model in on_disk(folders[3].parent, folders)
    ]
    assert listed == [
        ("own", "project", str(folders[3])),
        ("mine", "path", str(folders[0])),
        (str(folders[1]), "path", str(folders[1])),
        (str(folders[2]), "path", str(folders[2])),
        ("hello", "package", listed[-1][2]),
    ]


def test_names_the_shards_that_are_missing(tmp_path: Path) -> None:
    assert missing_files(tmp_path) == ["config.json", "model.safetensors"]
    (tmp_path / "config.json").write_text("{}")
    shards = {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    (tmp_path / "model-1.safetensors").touch()
    assert missing_files(tmp_path) == ["model-2.safetensors"]


def test_lists_the_models_of_the_project(models: Path) -> None:
    (hello,) = [model for model in on_disk(models) if model.model == "hello"]
    assert hello.place == "project"
    assert hello.bytes > 100_000


def test_lists_and_finds_the_models_of_the_cache(models: Path, tmp_path: Path) -> None:
    repository = tmp_path / "cache" / "models--owner--name"
    snapshot = repository / "snapshots" / "abc"
    shutil.copytree(models / "hello", snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    empty = Path("nowhere")
    assert locate("owner/name", None, empty) == snapshot
    assert [model.model for model in on_disk(empty)] == ["hello", "owner/name"]
    (snapshot / "model.safetensors").unlink()
    assert locate("owner/name", None, empty) is None
    (hello,) = on_disk(empty)
    assert (hello.model, hello.place) == ("hello", "package")
