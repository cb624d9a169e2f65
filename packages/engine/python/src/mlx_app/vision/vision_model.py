"""Models that see: from a chat with images to a prompt that such a model can read."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

import mlx.nn as nn

from ..errors import EngineError
from ..models.reading import read_files
from ..models.text_model import ReadModel
from ..optional_packages import has_vision, needs_vision
from ..prompt.chat_prompt import RESERVED_OPTIONS
from ..protocol import ImagePart, Message, Tool
from ..tools.tool_calls import template_tools

if TYPE_CHECKING:
    from ..mlx_vlm_adapter import Embedded

# Where the configs of the families tell of the part that sees.
_KEYS = ("vision_config", "mm_vision_tower", "img_processor")
# What the parts of a model note of the sequence that they read: names and values for each part.
Notes = list[dict[str, Any]]


@dataclass
class VisionPrompt:
    """A prompt with its images as numbers. Several sequences may be made of one."""

    tokens: list[int]
    images: int
    inputs: dict[str, Any]
    # What the vision tower made of it, for the next sequence of this prompt, as long as the one
    # before still reads it; and what the model noted of it.
    embedded: "ReferenceType[Embedded] | None" = field(default=None, repr=False)
    notes: Notes = field(default_factory=list, repr=False)


def is_vision_model(config: dict[str, Any]) -> bool:
    """Whether a model's config.json has a part that sees."""
    return any(config.get(key) for key in _KEYS)


class VisionModel:
    """A model that sees, its files read, and its processor.

    `model` is what the worker knows of any model. Read and stepped on MLX's thread.
    """

    def __init__(self, model: ReadModel, processor: Any) -> None:  # noqa: ANN401 - transformers' own
        self.model = model
        self._processor = processor
        # Processors share state that only one thread may touch.
        self._lock = threading.Lock()

    @classmethod
    def read(cls, path: Path, config: dict[str, Any]) -> "VisionModel":
        """Reads all but the weights; `config` is that of config.json.

        Raises EngineError SETUP_NEEDED without the extra, UNSUPPORTED for a model that mlx-vlm has
        no code for, MODEL_CORRUPT for damaged files.
        """
        if not has_vision():
            raise needs_vision(f"The model in {path} sees. It")
        from .. import mlx_vlm_adapter

        family = config.get("model_type")
        if not mlx_vlm_adapter.sees(config):
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
        """The prompt of a chat, with images or without. Runs on any thread, since images take long.

        Raises EngineError INVALID_REQUEST for an image or a chat that can't be read.
        """
        from .. import mlx_vlm_adapter

        data = _images_of(messages)
        self._check_text(messages, bool(data))
        options = dict(template_options or {})
        for name in options:
            if name in RESERVED_OPTIONS or name.startswith("_"):
                raise EngineError("INVALID_REQUEST", f"templateOptions can't set {name!r}.")
        if tools:
            options["tools"] = template_tools(tools)
        turns = [_turn(message) for message in messages]
        config = self.model.config
        with self._reading():
            text = mlx_vlm_adapter.chat_text(self._processor, config, turns, len(data), options)
        return self._tokenise(text, data)

    def text_prompt(self, text: str) -> VisionPrompt:
        """A prompt of bare text. Raises EngineError INVALID_REQUEST."""
        return self._tokenise(text, [])

    def _tokenise(self, text: str, data: Sequence[str]) -> VisionPrompt:
        from .. import mlx_vlm_adapter
        from .images import decode_images

        images = decode_images(data)
        with self._reading():
            tokens, inputs = mlx_vlm_adapter.tokenise(
                self._processor, self.model.config, text, images
            )
        if not tokens:
            raise EngineError("INVALID_REQUEST", "The prompt has no tokens.")
        return VisionPrompt(tokens, len(images), inputs)

    def _check_text(self, messages: Sequence[Message], has_images: bool) -> None:
        """The mark of an image written as text would take the place of a real one."""
        from ..mlx_vlm_adapter import image_marks

        if not has_images:
            return
        texts = [text for message in messages for text in _texts_of(message)]
        for mark in image_marks(self._processor):
            if any(mark in text for text in texts):
                raise EngineError(
                    "INVALID_REQUEST",
                    f'A message holds the text "{mark}", which stands for an image to this model.',
                )

    def _reading(self) -> "_Reading":
        return _Reading(self._lock, self.model.path.name)


class _Reading:
    """Holds the processor's lock; what is raised under it is a prompt that can't be read."""

    def __init__(self, lock: threading.Lock, name: str) -> None:
        self._lock = lock
        self._name = name

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._lock.release()
        if isinstance(error, Exception) and not isinstance(error, EngineError):
            raise EngineError(
                "INVALID_REQUEST", f"{self._name} can't read this prompt: {error}"
            ) from error


def _images_of(messages: Sequence[Message]) -> list[str]:
    images: list[str] = []
    for message in messages:
        if isinstance(message.content, str):
            continue
        found = [part.data for part in message.content if isinstance(part, ImagePart)]
        if found and message.role != "user":
            raise EngineError(
                "INVALID_REQUEST",
                f"A message of the role {message.role} has an image; only the user's may.",
            )
        images += found
    return images


def _texts_of(message: Message) -> list[str]:
    if isinstance(message.content, str):
        return [message.content]
    return [part.text for part in message.content if not isinstance(part, ImagePart)]


def _turn(message: Message) -> dict[str, Any]:
    """A message as templates know it. Content without an image is one text: all templates read
    that.
    """
    turn: dict[str, Any] = {"role": message.role}
    if isinstance(message.content, str):
        turn["content"] = message.content
    elif any(isinstance(part, ImagePart) for part in message.content):
        turn["content"] = [
            {"type": "image"}
            if isinstance(part, ImagePart)
            else {"type": "text", "text": part.text}
            for part in message.content
        ]
    else:
        turn["content"] = "".join(_texts_of(message))
    if message.reasoning is not None:
        turn["reasoning_content"] = message.reasoning
    if message.tool_calls:
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        turn["name"] = message.name
    return turn
