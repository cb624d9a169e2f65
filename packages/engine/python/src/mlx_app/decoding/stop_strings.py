"""Stop strings, matched on text, since they may begin and end inside a token."""

from collections.abc import Sequence


class StopStringMatcher:
    """Holds back the end of the text while it could be the start of a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def feed(self, text: str) -> tuple[str, str | None]:
        """Takes new text; returns the text that can be shown, and the stop string that was met.

        That is the first one in the text, and of several in one place the first in the list.
        """
        if not self._stops:
            return text, None
        text = self._held + text
        found = [
            (position, order)
            for order, stop in enumerate(self._stops)
            if (position := text.find(stop)) >= 0
        ]
        if found:
            self._held = ""
            position, order = min(found)
            return text[:position], self._stops[order]
        shown = len(text) - self._possible_start(text)
        self._held = text[shown:]
        return text[:shown], None

    def flush(self) -> str:
        """Returns the text that is still held back, when no more comes."""
        held, self._held = self._held, ""
        return held

    def _possible_start(self, text: str) -> int:
        """Returns the length of the longest end of the text that a stop string starts with."""
        longest = min(len(text), max(map(len, self._stops)) - 1)
        return next(
            (length for length in range(longest, 0, -1) if self._starts(text[-length:])),
            0,
        )

    def _starts(self, end: str) -> bool:
        return any(stop.startswith(end) for stop in self._stops)
