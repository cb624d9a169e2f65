"""mlx-lm is used in one folder only, and each name that is used there has a test."""

import ast
from pathlib import Path

import pytest

import mlx_app
from mlx_lm_names import UsedName, used_names, why_missing

SOURCE = Path(mlx_app.__file__).parent
USED = used_names(SOURCE)
NAMES = sorted({used.name for used in USED})
HERE = Path(__file__).parent


def marked() -> set[str]:
    """The names that a test of this folder says it is about."""
    found: set[str] = set()
    for file in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.mlx_lm":
                found |= {ast.literal_eval(argument) for argument in node.args}
    return found


def test_no_name_is_used_outside_of_the_folder() -> None:
    assert USED
    assert [used for used in USED if not used.file.startswith("mlx_lm_adapter/")] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_there(name: str) -> None:
    assert why_missing(name) is None


def test_each_name_has_a_test_of_how_it_behaves() -> None:
    assert marked() == set(NAMES)


def test_a_missing_name_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import mlx_lm.utils\n"
        "from mlx_lm.generate import BatchGenerator, gone\n"
        "from mlx_lm import sample_utils as filters\n"
        "from .mlx_lm import ours\n"
        "filters.apply_gone(filters.apply_top_p)\n",
        "utf-8",
    )
    assert used_names(tmp_path) == [
        UsedName("mlx_lm.generate.BatchGenerator", "a.py"),
        UsedName("mlx_lm.generate.gone", "a.py"),
        UsedName("mlx_lm.sample_utils.apply_gone", "a.py"),
        UsedName("mlx_lm.sample_utils.apply_top_p", "a.py"),
        UsedName("mlx_lm.utils", "a.py"),
    ]
    missing = [used.name for used in used_names(tmp_path) if why_missing(used.name) is not None]
    assert missing == ["mlx_lm.generate.gone", "mlx_lm.sample_utils.apply_gone"]
