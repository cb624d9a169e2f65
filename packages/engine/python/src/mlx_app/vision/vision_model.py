"""A model that takes images, and the prompts for it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

import mlx.nn as nn

from ..errors import EngineError
from ..models.reading import read_files
from ..models.text_model import TextModel
from ..optional_packages import has_vision, missing_vision_error
from ..prompt.chat_prompt import checked_options, images_of, template_message, text_parts
from ..prompt.chat_template import first_rendered
from ..prompt.fit_messages import fit_messages
from ..prompt.probe_template import PROBE_TOOL, find_rules
from ..prompt.template_rules import ANYTHING, TemplateRules, Turn
from ..protocol import Message, Tool
from ..tools.tool_calls import template_tools

if TYPE_CHECKING:
    from ..mlx_vlm_adapter import Embedded

# The keys under which the configs of model families describe the part for images.
_KEYS = ("vision_config", "mm_vision_tower", "img_processor")
# Attributes that the parts of a model keep of a sequence: names and values for each part.
RopeState = list[dict[str, Any]]


@dataclass
class VisionPrompt:
    """A prompt with its images as arrays. Several sequences may start from one."""

    tokens: list[int]
    images: int
    inputs: dict[str, Any]
    # The output of the vision tower, for the next sequence of this prompt, as long as the previous
    # one still needs it; and the position state after it.
    embedded: "ReferenceType[Embedded] | None" = field(default=None, repr=False)
    rope_state: RopeState = field(default_factory=list, repr=False)
    # How the messages were fitted to the chat template.
    rules: TemplateRules = ANYTHING


def is_vision_model(config: dict[str, Any]) -> bool:
    """Whether a model takes images, by its config.json."""
    return any(config.get(key) for key in _KEYS)


class VisionModel:
    """A model that takes images, with its processor. Read and stepped on MLX's thread."""

    def __init__(self, model: TextModel, processor: Any) -> None:  # noqa: ANN401 - transformers' own
        self.model = model
        self._processor = processor
        # Processors share state that only one thread may touch.
        self._lock = threading.Lock()
        # What the template takes, without and with tools; found at the first chat.
        self._rules: dict[bool, TemplateRules] = {}

    @classmethod
    def read(cls, path: Path, config: dict[str, Any]) -> "VisionModel":
        """Reads all but the weights; `config` is that of config.json.

        Raises EngineError SETUP_NEEDED without the extra, UNSUPPORTED for a model that mlx-vlm has
        no code for, MODEL_CORRUPT for damaged files.
        """
        if not has_vision():
            raise missing_vision_error(f"The model in {path} takes images. It")
        from .. import mlx_vlm_adapter

        family = config.get("model_type")
        if not mlx_vlm_adapter.supports_vision(config):
            raise EngineError("UNSUPPORTED", f"mlx-vlm has no code for {path}: a {family}.")
        processor: Any = None

        def read_network() -> tuple[nn.Module, dict[str, Any]]:
            nonlocal processor
            network, processor, full = mlx_vlm_adapter.read_vision_model(path)
            return network, full

        model = read_files(path, config, read_network)
        if not mlx_vlm_adapter.writes_tokens(model.network):
            raise EngineError(
                "UNSUPPORTED", f"The model in {path}, a {family}, does not write token by token."
            )
        return cls(model, processor)

    def prompt(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        template_options: dict[str, Any] | None = None,
    ) -> VisionPrompt:
        """Returns the prompt of a chat. Runs on any thread, since images take long.

        Raises EngineError INVALID_REQUEST for an image or a chat that can't be used.
        """
        data = _user_images(messages)
        self._check_text(messages, bool(data))
        options = dict(checked_options(template_options or {}))
        if tools:
            options["tools"] = template_tools(tools)
        turns = [template_message(message) for message in messages]
        with self._processing():
            found = self._rules_of(options)
            rules, text = first_rendered(
                lambda rules: self._render(fit_messages(turns, rules), len(data), options), found
            )
        prompt = self._tokenise(text, data)
        prompt.rules = rules
        return prompt

    def _render(self, turns: list[Turn], images: int, options: dict[str, Any]) -> str:
        from .. import mlx_vlm_adapter

        return mlx_vlm_adapter.chat_text(self._processor, self.model.config, turns, images, options)

    def _rules_of(self, options: dict[str, Any]) -> TemplateRules:
        """Returns what the template takes. Needs the processor's lock."""
        with_tools = "tools" in options
        if with_tools not in self._rules:
            tools = {"tools": [PROBE_TOOL]} if with_tools else {}
            self._rules[with_tools] = find_rules(lambda turns: self._render(turns, 0, tools))
        return self._rules[with_tools]

    def text_prompt(self, text: str) -> VisionPrompt:
        """Returns the prompt for bare text. Raises EngineError INVALID_REQUEST."""
        return self._tokenise(text, [])

    def _tokenise(self, text: str, data: Sequence[str]) -> VisionPrompt:
        from .. import mlx_vlm_adapter
        from .images import decode_images

        images = decode_images(data)
        with self._processing():
            tokens, inputs = mlx_vlm_adapter.tokenise(
                self._processor, self.model.config, text, images
            )
        if not tokens:
            raise EngineError("INVALID_REQUEST", "The prompt has no tokens.")
        return VisionPrompt(tokens, len(images), inputs)

    def _check_text(self, messages: Sequence[Message], has_images: bool) -> None:
        """Refuses texts with the marker of an image, which would take the place of a real one."""
        from ..mlx_vlm_adapter import image_markers

        if not has_images:
            return
        texts = [text for message in messages for text in text_parts(message)]
        for marker in image_markers(self._processor):
            if any(marker in text for text in texts):
                raise EngineError(
                    "INVALID_REQUEST",
                    f'A message contains "{marker}", which stands for an image in this model.',
                )

    @contextmanager
    def _processing(self) -> Iterator[None]:
        """Holds the processor's lock, and turns what is raised under it into an EngineError."""
        try:
            with self._lock:
                yield
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(
                "INVALID_REQUEST", f"{self.model.path.name} can't process this prompt: {error}"
            ) from error


def _user_images(messages: Sequence[Message]) -> list[str]:
    for message in messages:
        if message.role != "user" and images_of([message]):
            raise EngineError(
                "INVALID_REQUEST",
                f"A message of role {message.role} has an image; only user messages may.",
            )
    return [image.data for image in images_of(messages)]
