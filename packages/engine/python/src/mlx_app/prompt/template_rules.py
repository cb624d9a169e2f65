"""What the chat template of a model takes."""

from dataclasses import dataclass
from typing import Any, Literal

# A message in the form that chat templates expect.
Turn = dict[str, Any]
# How a turn with calls reaches the template: as it is, as several turns, or as text.
CallForm = Literal["whole", "split", "text"]


@dataclass(frozen=True)
class TemplateRules:
    """What a chat template takes. The default is a template that takes everything."""

    # Where system messages may be: "nowhere" means that they become part of user messages.
    system: Literal["anywhere", "first", "nowhere"] = "anywhere"
    # Whether two messages of one role may follow each other.
    neighbours: bool = True
    # Whether the first message after the system's must be the user's.
    user_first: bool = False
    # Whether the ids of calls must be 9 letters and digits.
    short_ids: bool = False
    calls: CallForm = "whole"
    # The forms of a turn with text and calls, and of a turn with several calls.
    text_and_calls: CallForm = "whole"
    parallel_calls: CallForm = "whole"
    # Whether a call may have no result, and a result no call.
    unanswered_calls: bool = True
    lone_results: bool = True
    # Whether a user message may follow the result of a tool.
    user_after_result: bool = True

    def in_words(self) -> list[str]:
        """Returns what happens to messages that the template doesn't take."""
        words: list[str] = []
        if self.system == "first":
            words.append("a system message after the start becomes part of the next user message")
        elif self.system == "nowhere":
            words.append("a system message becomes part of the next user message")
        if not self.neighbours:
            words.append("messages of the same role in a row are merged")
        if self.user_first:
            words.append("an empty user message opens a chat that has no user message first")
        if self.calls == "text":
            words.append("tool calls and results become text")
            return words
        if self.short_ids:
            words.append("the ids of tool calls are shortened")
        for form, what in (
            (self.text_and_calls, "text and tool calls"),
            (self.parallel_calls, "several tool calls"),
        ):
            if form == "split":
                words.append(f"a message with {what} is split")
            elif form == "text":
                words.append(f"the tool calls of a message with {what} become text")
        if not self.unanswered_calls:
            words.append("a tool call without a result becomes text")
        if not self.lone_results:
            words.append("the result of an unknown tool call becomes text")
        if not self.user_after_result:
            words.append("an empty answer separates a user message from a tool result")
        return words


ANYTHING = TemplateRules()
# What every template takes: messages of user and assistant in turns, and nothing else.
STRICTEST = TemplateRules(system="nowhere", neighbours=False, user_first=True, calls="text")
