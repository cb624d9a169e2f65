"""The messages of a chat."""

from ..engine.mlx_engine import MLXEngine
from ..engine.options import GenerateOptions, Message
from ..engine.results import Chunk
from ..engine.streams import Stream
from ..errors import EngineError
from .streaming import follow
from .views import View


class Conversation:
    """A conversation with a model."""

    def __init__(self, engine: MLXEngine, options: GenerateOptions) -> None:
        self._engine = engine
        self._options = options
        #: All messages, those of the model too.
        self.messages: list[Message] = []
        self.clear()

    def ask(self, question: str) -> Stream[Chunk]:
        """Adds a message of the user, and returns the stream of its answer."""
        messages: list[Message] = [*self.messages, {"role": "user", "content": question}]
        options: GenerateOptions = {**self._options, "messages": messages}
        answering = self._engine.stream(**options)
        self.messages = messages
        return answering

    def follow(self, answering: Stream[Chunk], view: View) -> None:
        """Adds the answer to the last question. A question without an answer is removed."""
        try:
            answer = follow(answering, view)
        except EngineError:
            self.messages.pop()
            raise
        self.messages.append({"role": "assistant", "content": answer.text})

    def clear(self) -> None:
        """Starts again, with the messages that the chat began with."""
        self.messages = list(self._options.get("messages", ()))

    def __repr__(self) -> str:
        return f"Conversation of {len(self.messages)} messages"

    def _ipython_display_(self) -> None:
        """Shows nothing, because `chat` shows the conversation."""
