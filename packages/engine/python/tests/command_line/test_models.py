"""`mlx-app models`, on the models folder. Downloads are tested with the hub of the npm package."""

import json
import shutil
from pathlib import Path

import pytest

from mlx_app.own_command import own_command

from .program import OpenTerminal, Run


@pytest.fixture
def own(home: Path, models: Path) -> Path:
    """A models folder with a model of the user's own."""
    folder = home / "models"
    shutil.copytree(models / "hello", folder / "mine")
    return folder


def test_list_shows_each_model(run: Run, own: Path) -> None:
    listed = run("models", "list", "--json")
    assert listed.exit_code == 0
    by_name = {model["model"]: model for model in json.loads(listed.stdout)}
    assert by_name["hello"]["place"] == "package"
    assert by_name["hello"]["configured"] is True
    mine = by_name["mine"]
    assert mine["path"] == str(own / "mine")
    assert (mine["place"], mine["configured"], mine["fits"]) == ("project", False, True)
    lines = run("models").stdout.splitlines()
    assert lines[0].split() == ["MODEL", "SIZE", "PLACE", "MEMORY", "PATH"]
    assert lines[1].split()[:5] == ["mine", "246", "kB", "project", "fits"]
    assert lines[2].split()[:3] == ["*", "hello", "246"]


def test_a_model_at_a_path_is_listed_and_checked_by_name(
    run: Run, home: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = home / "elsewhere" / "mine"
    shutil.copytree(models / "hello", elsewhere)
    monkeypatch.setenv("MLX_MODEL", "./elsewhere/mine")
    listed = run("models", "list")
    assert listed.stderr == ""
    [row] = [line for line in listed.stdout.splitlines() if line.startswith("*")]
    assert row.split() == ["*", "mine", "246", "kB", "path", "fits", str(elsewhere)]
    verified = run("models", "verify").stdout.splitlines()
    assert f"- mine: the hub has no hashes for its files ({elsewhere})" in verified
    shutil.rmtree(elsewhere)
    assert "There is no folder" in run("models", "verify", "mine").stderr


def test_list_tells_how_to_get_the_configured_model(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_MODEL", "somebody/model")
    listed = run("models", "list")
    assert listed.exit_code == 0
    assert "somebody/model, which is not on this machine" in listed.stderr
    assert own_command("models download") in listed.stderr


def test_remove_needs_a_yes(run: Run, own: Path) -> None:
    refused = run("models", "remove", "mine")
    assert refused.exit_code == 2
    assert own_command("models remove mine --yes") in refused.stderr
    assert (own / "mine").is_dir()
    removed = run("models", "remove", "mine", "--yes", "--json")
    assert json.loads(removed.stdout) == {
        "model": "mine",
        "path": str(own / "mine"),
        "freedBytes": 246_409,
    }
    assert not (own / "mine").exists()
    again = run("models", "remove", "mine", "--yes")
    assert again.exit_code == 1
    assert again.stderr.startswith("✗ mine is not on this machine.\n")


def test_remove_asks_in_a_terminal(terminal: OpenTerminal, own: Path) -> None:
    asked = terminal("models", "remove", "mine")
    asked.see(f"Delete mine (246 kB in {own / 'mine'})? [y/N] ")
    asked.type("maybe\n")
    asked.see("Type y or n.")
    asked.see("[y/N] ")
    asked.type("\n")
    asked.see("Nothing was deleted.")
    assert asked.exit_code() == 1
    assert (own / "mine").is_dir()


def test_verify_has_no_hashes_for_a_folder(run: Run, own: Path) -> None:
    verified = run("models", "verify", "mine")
    assert verified.exit_code == 0
    assert verified.stdout == f"- mine: the hub has no hashes for its files ({own / 'mine'})\n"


def test_clean_finds_nothing_in_an_empty_cache(run: Run) -> None:
    assert run("models", "clean", "--dry-run").stdout == "There is nothing to delete.\n"
    cleaned = json.loads(run("models", "clean", "--json").stdout)
    assert cleaned == {"removed": [], "freedBytes": 0}


def test_a_download_without_the_hub_says_why(run: Run) -> None:
    failed = run("models", "pull", "somebody/model")
    assert failed.exit_code == 1
    assert "HF_HUB_OFFLINE is set" in failed.stderr
