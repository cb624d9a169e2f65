import marshal
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import mlx_app
from mlx_app import quick_import

PROGRAM = """
import sys
from mlx_app import quick_import
quick_import.install()
from transformers import AutoTokenizer, PreTrainedTokenizerFast
import transformers.models.llama
print(AutoTokenizer.__name__, sorted(dir(transformers.models))[:3])
"""


def run(program: str, *arguments: str) -> str:
    environment = {"PYTHONPATH": str(Path(mlx_app.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_names_of_transformers_are_the_same_with_and_without() -> None:
    plain = run(PROGRAM.replace("quick_import.install()", ""))
    assert run(PROGRAM) == plain  # writes the memory, if this is the first start
    assert run(PROGRAM) == plain  # reads it


def test_what_is_saved_without_binaries_is_the_same(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from mlx_app import quick_import
quick_import._cache_file = lambda models, prefix: Path(sys.argv[1], str(prefix))
"""
    start, build = tmp_path / "start", tmp_path / "build"
    run(program + "quick_import.install()\nimport transformers.models", str(start))
    printed = run(program + "quick_import.save()\nprint(*sys.modules)", str(build))
    assert {"regex", "tokenizers", "numpy"}.isdisjoint(printed.split())
    assert sorted(file.name for file in build.iterdir()) == ["None", "models"]
    for file in build.iterdir():
        saved = marshal.loads(file.read_bytes())
        assert len(saved) > 1
        assert saved == marshal.loads((start / file.name).read_bytes())


def test_without_a_place_to_write_it_works_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = tmp_path / "no such folder" / "memory"
    monkeypatch.setattr(quick_import, "_cache_file", lambda *_: nowhere)
    (tmp_path / "models").mkdir()
    structure = quick_import._cached(lambda path, prefix=None: {path: prefix}, tmp_path)
    models = str(tmp_path / "models")
    assert structure(models, "models") == {models: "models"}


def test_a_damaged_cache_file_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "memory"
    memory.write_bytes(b"damaged")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(quick_import, "_cache_file", lambda *_: memory)
    (tmp_path / "models").mkdir()
    structure = quick_import._cached(lambda path, prefix=None: {path: prefix}, tmp_path)
    models = str(tmp_path / "models")
    assert structure(models, None) == {models: None}
    assert memory.read_bytes() != b"damaged"
    assert structure(models, None) == {models: None}


def test_the_cache_file_outlives_a_copy_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    (models / "__pycache__").mkdir(parents=True)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(__version__="1.2.3"))
    answers = iter(["first", "second"])
    structure = quick_import._cached(lambda *_, **__: next(answers), tmp_path)
    assert structure(str(models), "models") == "first"
    (models / "another model").mkdir()
    os.utime(models, ns=(0, 0))
    assert structure(str(models), "models") == "first"
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(__version__="1.2.4"))
    assert structure(str(models), "models") == "second"


@pytest.mark.parametrize(("version", "bytecode"), [("1.2.3", True), ("1.3.0.dev0", False)])
def test_nothing_is_written_if_no_bytecode_is_or_for_a_version_under_development(
    version: str, bytecode: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", bytecode)
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(__version__=version))
    structure = quick_import._cached(lambda path, prefix=None: {path: prefix}, tmp_path)
    assert structure(str(tmp_path / "models"), None) == {str(tmp_path / "models"): None}
    assert list((tmp_path / "models").iterdir()) == []
