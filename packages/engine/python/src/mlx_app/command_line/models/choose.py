"""The model of a chat, if the user has not chosen one."""

from typing import TYPE_CHECKING

from ...own_command import own_command
from ..terminal.format import format_bytes
from ..terminal.output import note
from ..terminal.prompts import Choice, choose, is_interactive
from .policy import read_pull_policy
from .session import STARTER, hint_if_hello

if TYPE_CHECKING:
    from ...engine.mlx_engine import MLXEngine
    from ..settings.read import LoadedSettings

# More models than this would not be read.
_MOST_CHOICES = 7


def choose_model(loaded: "LoadedSettings", engine: "MLXEngine") -> str:
    """Returns the model in the settings, or the one that the user of a terminal chooses."""
    configured = loaded.values.model
    if loaded.origins["model"].source != "default":
        return configured
    # With a pipe, each line is a question.
    if not is_interactive():
        hint_if_hello(loaded)
        return configured
    # The hello model always runs, so it is what Enter selects.
    choices = [Choice(configured, "h", "The hello model (tiny, included; a dozen answers)")]
    own = [model for model in engine.models() if model.model != configured][:_MOST_CHOICES]
    for number, model in enumerate(own, 2):
        choices.append(Choice(model.model, str(number), f"{model.model} (on this machine)"))
    starter, size = STARTER
    if all(model.model != starter for model in own) and read_pull_policy() != "never":
        text = f"Download {starter} ({format_bytes(size)})"
        choices.append(Choice(starter, "d", text))
    note(f"No model is chosen. To choose one for good, run: {own_command('config init')}")
    return choose(choices)
