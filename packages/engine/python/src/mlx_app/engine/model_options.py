"""The settings of models: what calls get that leave an option out, and what a model may use."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import msgspec

from ..protocol import ModelSettings, SamplingSettings, WorkerSettings
from .convert import convert, invalid, known_options, must_be
from .messages import is_list
from .options import Aliases


class SamplingOptions(TypedDict, total=False):
    """Sampling for calls that leave these options out. They mean the same as in a call."""

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    xtc_probability: float
    xtc_threshold: float
    repetition_penalty: float
    repetition_context: int
    presence_penalty: float
    presence_context: int
    frequency_penalty: float
    frequency_context: int


class ModelOptions(TypedDict, total=False):
    """The settings of one model, which take precedence over those of all models."""

    sampling: SamplingOptions
    #: Variables of the chat template for calls that don't set them.
    template_options: Mapping[str, Any]
    #: The most tokens of prompt and answer together, instead of what its config.json says.
    context_tokens: int
    #: Whether the model stays in memory when others need room or when it is idle.
    pinned: bool
    #: Further names for the model.
    aliases: Sequence[str]


def worker_settings(
    doing: str,
    sampling: SamplingOptions | None,
    template_options: Mapping[str, Any] | None,
    context_tokens: int | None,
    model_settings: Mapping[str, ModelOptions] | None,
) -> WorkerSettings:
    """Returns the checked settings of models, by their names as given.

    Raises EngineError INVALID_REQUEST.
    """
    every: ModelOptions = {}
    if sampling is not None:
        every["sampling"] = sampling
    if template_options is not None:
        every["template_options"] = template_options
    if context_tokens is not None:
        every["context_tokens"] = context_tokens
    single = _mapping(doing, "model_settings", model_settings or {})
    return WorkerSettings(
        all=_model(doing, every),
        models={
            name: _model(doing, _mapping(doing, f"model_settings.{name}", options))
            for name, options in single.items()
        },
    )


def all_aliases(
    doing: str, aliases: Aliases | None, model_settings: Mapping[str, Any] | None
) -> object:
    """Returns the aliases of the engine and those of single models.

    Raises EngineError INVALID_REQUEST for a name that is given to two models.
    """
    if not model_settings:
        return aliases
    found: dict[str, Any] = dict(_mapping(doing, "aliases", aliases or {}))
    for model, options in model_settings.items():
        names = options.get("aliases") or []
        if not is_list(names) or not all(isinstance(name, str) and name for name in names):
            raise invalid(
                doing, must_be(f"model_settings.{model}.aliases", "a list of names", names)
            )
        for name in names:
            if found.get(name, model) != model:
                raise invalid(doing, f"The alias {name} is given to two models.")
            found[name] = model
    return found


def _model(doing: str, options: Mapping[str, Any]) -> ModelSettings:
    given = known_options(doing, options, ModelOptions)
    given.pop("aliases", None)
    sampling = given.pop("sampling", None)
    settings = convert(doing, given, ModelSettings)
    if sampling is None:
        return settings
    known = known_options(doing, _mapping(doing, "sampling", sampling), SamplingOptions)
    return msgspec.structs.replace(settings, sampling=convert(doing, known, SamplingSettings))


def _mapping(doing: str, name: str, value: Any) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(value, Mapping):
        raise invalid(doing, must_be(name, "a dictionary", value))
    return value
