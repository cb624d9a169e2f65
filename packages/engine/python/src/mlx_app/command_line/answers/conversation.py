"""The messages of a chat."""

import json
from pathlib import Path

from ...engine.options import Message


class Conversation:
    """A chat with its system message."""

    def __init__(self, system: str | None) -> None:
        self._system = [] if system is None else [Message(role="system", content=system)]
        self._turns: list[Message] = []

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first."""
        return [*self._system, *self._turns]

    def add(self, message: Message) -> None:
        """Adds a message."""
        self._turns.append(message)

    def take_back(self) -> None:
        """Removes the message that was added last."""
        self._turns.pop()

    def clear(self) -> None:
        """Removes all messages but the system message."""
        self._turns.clear()

    def save(self, file: Path) -> None:
        """Writes the messages as JSON. Raises OSError, also if the file exists."""
        with file.open("x", encoding="utf-8") as stream:
            json.dump({"messages": self.messages}, stream, indent=2, ensure_ascii=False)
            stream.write("\n")
