"""The settings: where each value comes from, and what is wrong with it."""

import json
import stat
from pathlib import Path

import pytest
import yaml

from mlx_app.command_line.settings.schema import Settings, variable_of

from .program import Run


def write(home: Path, text: str) -> Path:
    file = home / "config" / "mlx-app" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    return file


def test_show_tells_where_each_value_comes_from(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(home, "model: somebody/model\nport: 9000\nallowed_hosts: [one, two]\n")
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("HOST", "")
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example, https://b.example")
    shown = json.loads(run("config", "show", "--json").stdout)
    assert shown["path"] == str(file)
    settings = shown["settings"]
    assert settings["model"] == {"value": "somebody/model", "source": "file", "name": str(file)}
    assert settings["port"] == {"value": 9001, "source": "environment", "name": "PORT"}
    assert settings["host"] == {"value": "127.0.0.1", "source": "default", "name": ""}
    assert settings["allowed_hosts"]["value"] == ["one", "two"]
    assert settings["allowed_origins"]["value"] == ["https://a.example", "https://b.example"]
    table = {
        line.split()[0]: line.split()[1:] for line in run("config", "show").stdout.splitlines()
    }
    assert table["port"] == ["9001", "PORT"]
    assert table["model"] == ["somebody/model", str(file)]
    assert table["host"] == ["127.0.0.1", "default"]


@pytest.mark.parametrize("host", ["x86_64-conda-linux-gnu", "arm64-apple-darwin20.0.0"])
def test_the_host_of_condas_compilers_is_not_used(
    run: Run, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HOST", host)
    settings = json.loads(run("config", "show", "--json").stdout)["settings"]
    assert settings["host"] == {"value": "127.0.0.1", "source": "default", "name": ""}
    refused = run("serve", "--workers", "2")
    assert f"HOST is {host}, as conda's compilers set it" in refused.stderr


def test_a_flag_overrides_the_environment_and_the_file(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "model: from-the-file\n")
    configured = "There is no model"
    assert f'{configured} "from-the-file"' in run("generate", "Hello").stderr
    monkeypatch.setenv("MLX_MODEL", "from-the-environment")
    assert f'{configured} "from-the-environment"' in run("generate", "Hello").stderr
    failed = run("generate", "Hello", "--model", "from-the-flag")
    assert f'{configured} "from-the-flag"' in failed.stderr
    assert failed.exit_code == 1


def test_another_file_replaces_the_users(run: Run, home: Path) -> None:
    write(home, "port: 9000\n")
    other = home / "other.yaml"
    other.write_text("host: localhost\n", "utf-8")
    settings = json.loads(run("config", "show", "--json", "--config", str(other)).stdout)[
        "settings"
    ]
    assert settings["port"]["source"] == "default"
    assert settings["host"]["name"] == str(other)
    missing = run("config", "show", "--config", "missing.yaml")
    assert missing.exit_code == 2
    assert "there is no file missing.yaml" in missing.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prot: 1\n", "prot is not a setting. Did you mean port?"),
        ("max-token: 1\n", "max-token is not a setting. Did you mean max_tokens?"),
        ("xyzzy: 1\n", "xyzzy is not a setting.\n"),
        ("port: 70000\n", "port is 70000, but must be a whole number from 0 to 65535.\n"),
        ("port: 80.5\n", "port is 80.5, but must be a whole number from 0 to 65535.\n"),
        ("keep_alive: soon\n", "is 'soon', but must be a time such as 90s, 10m or 2h, a number"),
        ("stall_timeout_ms: 0\n", "is 0, but must be a whole number from 1 to 2147483647.\n"),
        (
            "log_level: loud\n",
            "log_level is 'loud', but must be debug, info, warning, error or silent.\n",
        ),
        ("allowed_hosts: [a, 5]\n", "is ['a', 5], but must be a list of names.\n"),
        ("aliases: fast\n", "aliases is 'fast', but must be names with a model each.\n"),
        ("models_dir: 5\n", "models_dir is 5, but must be a path.\n"),
        ("model: ''\n", "model is '', but must be a text that is not empty.\n"),
        ("api_key: ''\n", "api_key must be a text that is not empty."),
        ("- port\n", "must have lines such as `port: 8000`."),
        ("port: [\n", ", line 2, column 1: not valid YAML, expected the node content, but found"),
        ("port: \x01\n", " is not valid YAML: it has characters that YAML does not allow.\n"),
    ],
)
def test_a_wrong_file_is_wrong_usage(run: Run, home: Path, text: str, expected: str) -> None:
    file = write(home, text)
    failed = run("config", "show")
    assert failed.exit_code == 2
    assert failed.stderr.startswith(str(file))
    assert expected in failed.stderr
    assert failed.stdout == ""


def test_a_file_in_another_encoding_is_wrong_usage(run: Run, home: Path) -> None:
    file = write(home, "")
    file.write_bytes("host: k\u00f6ln\n".encode("latin-1"))
    failed = run("config", "show")
    assert failed.exit_code == 2
    assert failed.stderr.startswith(f"{file} is not UTF-8 text.\nTo write an example, run: ")


def test_a_wrong_variable_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    failed = run("config", "show")
    assert failed.exit_code == 2
    assert failed.stderr == "PORT is 'many', but must be a whole number from 0 to 65535.\n"


def test_keys_are_masked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "a secret of mine")
    for words in (["config", "show"], ["config", "show", "--json"]):
        shown = run(*words)
        assert "********" in shown.stdout
        assert "secret" not in shown.output


def test_init_writes_an_example_and_keeps_a_file(run: Run, home: Path) -> None:
    file = home / "config" / "mlx-app" / "config.yaml"
    assert run("config", "path").stdout == f"{file}\n"
    written = run("config", "init")
    assert written.stdout == f"{file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # As it is, it sets nothing.
    assert run("config", "show").exit_code == 0
    text = file.read_text("utf-8")
    assert yaml.safe_load(text) is None
    # Each setting is there, with a value that is valid.
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    names = [line for line in lines if line.partition(":")[0] in Settings.model_fields]
    assert [line.partition(":")[0] for line in names] == list(Settings.model_fields)
    file.write_text("\n".join(names), "utf-8")
    assert run("config", "show").exit_code == 0
    again = run("config", "init")
    assert again.exit_code == 1
    assert "exists and was not changed" in again.stderr
    assert file.read_text("utf-8") == "\n".join(names)


def test_the_defaults_are_those_of_the_server() -> None:
    server = pytest.importorskip("mlx_app.server")
    settings, defaults = Settings(), server.ServerSettings()
    names = [name for name in Settings.model_fields if hasattr(defaults, name)]
    assert len(names) >= 15
    for name in names:
        ours, theirs = getattr(settings, name), getattr(defaults, name)
        if name != "device":
            assert (tuple(ours) if isinstance(ours, list) else ours) == theirs, name


def test_the_document_has_every_setting() -> None:
    document = Path(__file__).parents[3] / "docs" / "python-cli.md"
    text = document.read_text("utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    found = {name.strip("| `"): rest for name, *rest in rows if len(rest) == 3}
    assert list(found) == list(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        variable, default, meaning = found[name]
        empty = field.default in (None, [], {})
        assert default == ("-" if empty else f"`{field.default}`")
        assert variable == (f"`{variable_of(name)}`" if variable_of(name) else "-")
        assert meaning == f"{field.description} |"
