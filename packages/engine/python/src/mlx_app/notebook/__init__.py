"""Answers and chats in Jupyter notebooks, and as plain text elsewhere."""

from .chat import chat
from .conversation import Conversation
from .streaming import StoppedAnswer, stream

__all__ = ["Conversation", "StoppedAnswer", "chat", "stream"]
