"""Reads the settings from all sources."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, InitSettingsSource, YamlConfigSettingsSource

from ...own_command import own_command
from ..errors import SettingsError
from .schema import Settings, expected_value, variable_of

Source = Literal["flag", "environment", "file", "default"]
#: The sources by precedence.
SOURCES: Sequence[Source] = ("flag", "environment", "file")


@dataclass(frozen=True)
class Origin:
    """Where the value of a setting comes from."""

    source: Source
    #: The flag, the environment variable or the file; empty for a default.
    name: str

    def __str__(self) -> str:
        return self.name or self.source


@dataclass(frozen=True)
class LoadedSettings:
    """The settings, and where each comes from."""

    values: Settings
    origins: Mapping[str, Origin]
    #: The YAML file, whether it exists or not.
    path: Path


class _EnvironmentSource(EnvSettingsSource):
    """The environment variables, which have the names that the npm packages use."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Returns the text of a setting; an empty variable counts as unset."""
        text = os.environ.get(variable_of(field_name)) or None
        if field_name == "host" and host_of_conda() is not None:
            text = None
        return text, field_name, False

    def prepare_field_value(
        self,
        field_name: str,  # noqa: ARG002 - as pydantic-settings calls it
        field: FieldInfo,  # noqa: ARG002
        value: Any,  # noqa: ANN401
        value_is_complex: bool,  # noqa: ARG002
    ) -> Any:  # noqa: ANN401
        """Returns the text as it is: a list has commas and is no JSON."""
        return value


def host_of_conda() -> str | None:
    """Returns HOST if it is not an address but the target of conda's compilers.

    An active environment with compilers sets it, such as x86_64-conda-linux-gnu. It is not read
    then.
    """
    host = os.environ.get("HOST", "")
    return host if re.search("-(conda|apple-darwin)", host) else None


def default_path() -> Path:
    """Returns the path of the user's settings (XDG_CONFIG_HOME, or ~/.config)."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "mlx-app" / "config.yaml"


def read_settings(
    config: Path | None, *, sources: Sequence[Source] = SOURCES, **flags: object
) -> LoadedSettings:
    """Returns the settings. `flags` has those of the command line; None means not given.

    Raises SettingsError with a sentence for each unknown key and each wrong value.
    """
    path = default_path() if config is None else config
    given = {name: value for name, value in flags.items() if value is not None}
    read: dict[Source, Callable[[], Mapping[str, Any]]] = {
        "flag": InitSettingsSource(Settings, given),
        "environment": _EnvironmentSource(Settings),
        "file": lambda: _read_file(path, required=config is not None),
    }
    values: dict[str, Any] = {}
    origins = {name: Origin("default", "") for name in Settings.model_fields}
    for source in reversed(sources):
        found = read[source]()
        values.update(found)
        origins.update({name: _origin(source, name, path) for name in found})
    try:
        settings = Settings(**values)
    except ValidationError as error:
        wrong = dict.fromkeys(str(detail["loc"][0]) for detail in error.errors())
        problems = [_describe(name, values[name], origins[name]) for name in wrong]
        raise SettingsError(problems) from error
    return LoadedSettings(settings, origins, path)


def read_what_is_valid(
    config: Path | None, **flags: object
) -> tuple[LoadedSettings, SettingsError | None]:
    """Returns the settings of the sources that have no errors, and the first error.

    Raises SettingsError for flags that are wrong.
    """
    problem: SettingsError | None = None
    left_out: Sequence[Source | None] = (None, "file", "environment")
    for each in left_out:
        sources: list[Source] = [source for source in SOURCES if source != each]
        try:
            return read_settings(config, sources=sources, **flags), problem
        except SettingsError as error:
            problem = problem or error
    return read_settings(config, sources=["flag"], **flags), problem


def _origin(source: Source, name: str, path: Path) -> Origin:
    match source:
        case "flag":
            return Origin(source, _FLAGS.get(name, f"--{name.replace('_', '-')}"))
        case "environment":
            return Origin(source, variable_of(name))
        case _:
            return Origin(source, str(path))


# Flags that are not named like their setting.
_FLAGS = {"queue_limit": "--max-queue", "default_tokens": "--max-tokens"}


def _read_file(path: Path, *, required: bool) -> Mapping[str, Any]:
    example = f"To write an example, run: {own_command('config init --output example.yaml')}"
    if not path.is_file():
        if required:
            raise SettingsError([f"--config: there is no file {path}."], example)
        return {}
    try:
        source = YamlConfigSettingsSource(Settings, path)
    except yaml.YAMLError as error:
        raise SettingsError([f"{path}{_yaml_problem(error)}"], example) from error
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path} is not UTF-8 text."], example) from error
    except OSError as error:
        raise SettingsError([f"{path} can't be read: {error.strerror}."]) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise SettingsError([f"{path} must have lines such as `port: 8000`."], example) from error
    unknown = [_unknown(path, str(key)) for key in source.yaml_data if key not in _KEYS]
    if unknown:
        raise SettingsError(unknown, example)
    # A key without a value counts as unset.
    return {name: value for name, value in source().items() if value is not None}


_KEYS = frozenset(Settings.model_fields)


def _unknown(path: Path, key: str) -> str:
    near = get_close_matches(key.replace("-", "_").lower(), _KEYS, 1, 0.5)
    question = f" Did you mean {near[0]}?" if near else ""
    return f"{path}: {key} is not a setting.{question}"


def _yaml_problem(error: yaml.YAMLError) -> str:
    """Returns what the parser says, as the end of a sentence that starts with the path."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " is not valid YAML: it has characters that YAML does not allow."
    mark = error.problem_mark
    return f", line {mark.line + 1}, column {mark.column + 1}: not valid YAML, {error.problem}."


def _describe(name: str, value: object, origin: Origin) -> str:
    """Returns a sentence for a wrong value, with its source, its name and its limits."""
    # A key must not appear in a log.
    shown = "" if name == "api_key" else f" is {value!r}, but"
    named = f"{origin.name}: {name}" if origin.source == "file" else origin.name
    return f"{named}{shown} must be {expected_value(name)}."
