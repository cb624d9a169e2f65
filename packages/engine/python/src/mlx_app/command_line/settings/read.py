"""Reads the settings from all sources."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, InitSettingsSource, YamlConfigSettingsSource

from ..errors import SettingsError
from .schema import Settings, variable_of

Source = Literal["flag", "environment", "file", "default"]


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
        return os.environ.get(variable_of(field_name)) or None, field_name, False

    def prepare_field_value(
        self,
        field_name: str,  # noqa: ARG002 - as pydantic-settings calls it
        field: FieldInfo,  # noqa: ARG002
        value: Any,  # noqa: ANN401
        value_is_complex: bool,  # noqa: ARG002
    ) -> Any:  # noqa: ANN401
        """Returns the text as it is: a list has commas and is no JSON."""
        return value


def default_path() -> Path:
    """Returns the path of the user's settings (XDG_CONFIG_HOME, or ~/.config)."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "mlx-app" / "config.yaml"


def read_settings(config: Path | None, **flags: object) -> LoadedSettings:
    """Returns the settings. `flags` has those of the command line; None means not given.

    Raises SettingsError with a line for each key that is unknown and each value that is wrong.
    """
    path = default_path() if config is None else config
    if config is not None and not path.is_file():
        raise SettingsError(
            [f"--config: there is no file {path}.", "To write an example, run: mlx-app config init"]
        )
    given = {name: value for name, value in flags.items() if value is not None}
    sources: list[tuple[Source, Mapping[str, Any]]] = [
        ("flag", InitSettingsSource(Settings, given)()),
        ("environment", _EnvironmentSource(Settings)()),
        ("file", _read_file(path)),
    ]
    values: dict[str, Any] = {}
    origins = {name: Origin("default", "") for name in Settings.model_fields}
    for source, found in reversed(sources):
        values.update(found)
        origins.update({name: _origin(source, name, path) for name in found})
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_describe(error, origins)) from error
    return LoadedSettings(settings, origins, path)


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


def _read_file(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        source = YamlConfigSettingsSource(Settings, path)
    except yaml.YAMLError as error:
        raise SettingsError([f"{path} is not valid YAML: {error}"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} can't be read: {error}"]) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise SettingsError([f"{path} must have lines such as `port: 8000`."]) from error
    unknown = [_unknown(path, str(key)) for key in source.yaml_data if key not in _KEYS]
    if unknown:
        raise SettingsError(
            [*unknown, "To write an example, run: mlx-app config init --output example.yaml"]
        )
    # A key without a value counts as unset.
    return {name: value for name, value in source().items() if value is not None}


_KEYS = frozenset(Settings.model_fields)


def _unknown(path: Path, key: str) -> str:
    near = get_close_matches(key.replace("-", "_").lower(), _KEYS, 1, 0.5)
    question = f" Did you mean {near[0]}?" if near else ""
    return f"{path}: {key} is not a setting.{question}"


def _describe(error: ValidationError, origins: Mapping[str, Origin]) -> list[str]:
    """Returns a line for each wrong value, with its source, its name and its limit."""
    lines = []
    for detail in error.errors():
        name = str(detail["loc"][0])
        origin = origins[name]
        message = detail["msg"].removeprefix("Value error, ")
        # pydantic adds how it tried to read a text: ", unable to parse string as an integer".
        must = message.partition(", unable")[0].replace("Input should be", "must be")
        must = must.replace(" should have", " must have")
        if name == "api_key":
            shown, must = "", "must be a text that is not empty"
        else:
            shown = f" is {detail['input']!r}, but"
        if origin.source == "file":
            lines.append(f"{origin.name}: {name}{shown} {must}.")
        else:
            lines.append(f"{origin.name}{shown} {must}.")
    return lines
