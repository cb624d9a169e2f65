"""What calls of a model get that leave an option out, and where each default comes from."""

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from ...decoding.sampling import Sampling
from ...models.generation_config import read_generation_config
from ...models.text_model import TextModel
from ...protocol import Generate, ModelDefault, ModelSettings, Tokenise, WorkerSettings

Source = Literal["settings", "generation_config.json", "config.json", "library"]
Asked = TypeVar("Asked", Generate, Tokenise)


@dataclass(frozen=True)
class ModelDefaults:
    """The defaults of one model: its settings, then its own files, then those of the library."""

    sampling: dict[str, float]
    template_options: dict[str, Any]
    report: dict[str, ModelDefault]

    @classmethod
    def of(cls, model: TextModel, name: str, settings: WorkerSettings) -> "ModelDefaults":
        """Returns the defaults of a model, whose context is set to that of its settings."""
        layers = _settings_of(name, settings)
        sampling: dict[str, float] = {}
        report: dict[str, ModelDefault] = {}
        sources: list[tuple[Source, object]] = [
            *(("settings", layer.sampling) for layer in layers),
            ("generation_config.json", read_generation_config(model.path)),
            ("library", Sampling()),
        ]
        for field, encoded in _SAMPLING.items():
            # The library has a value for each.
            source, layer = next(s for s in sources if getattr(s[1], field, None) is not None)
            sampling[field] = getattr(layer, field)
            report[encoded] = ModelDefault(value=sampling[field], source=source)
        template_options: dict[str, Any] = {}
        for layer in reversed(layers):
            template_options |= layer.template_options or {}
        if template_options:
            report["templateOptions"] = ModelDefault(value=template_options, source="settings")
        context = next((layer.context_tokens for layer in layers if layer.context_tokens), None)
        if context is not None:
            model.context_limit = context
        if model.context_tokens is not None:
            report["contextTokens"] = ModelDefault(
                value=model.context_tokens, source="config.json" if context is None else "settings"
            )
        return cls(sampling, template_options, report)

    def fill(self, request: Asked) -> Asked:
        """Returns a request with a value for each option of sampling and of the template."""
        missing: dict[str, Any] = {}
        if isinstance(request, Generate):
            missing = {
                name: value
                for name, value in self.sampling.items()
                if getattr(request, name) is None
            }
        options = {**self.template_options, **request.template_options}
        return msgspec.structs.replace(request, template_options=options, **missing)


def is_pinned(name: str, settings: WorkerSettings) -> bool:
    """Whether the settings keep a model in memory."""
    pinned = (layer.pinned for layer in _settings_of(name, settings))
    return next((value for value in pinned if value is not None), False)


def _settings_of(name: str, settings: WorkerSettings) -> list[ModelSettings]:
    """Returns the settings that apply to a model, those with precedence first."""
    layers = [settings.models.get(name), settings.all]
    return [layer for layer in layers if layer is not None]


# The options of sampling, with their names in the protocol.
_SAMPLING = {
    field.name: field.encode_name
    for field in msgspec.structs.fields(Generate)
    if field.name in Sampling._fields
}
