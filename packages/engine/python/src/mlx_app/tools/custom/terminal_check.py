"""Checks the terminals of a grammar, which are written with the terminals in them."""

from .lark_reader import LarkSource
from .nodes import Choice, GrammarError, Name, Node, Repeat, Series

# Parts of all terminals, each with those of the terminals in it, and terminals inside of one
# another. Our choice: no tool needs as many, and more of them take seconds to write.
_MAX_PARTS = 20_000
_MAX_DEPTH = 100


def require(source: LarkSource, name: str) -> None:
    """Raises GrammarError if there is no rule or terminal of that name."""
    if name not in source.rules:
        raise GrammarError(f"there is no rule or terminal {name}")


def check_terminals(source: LarkSource) -> None:
    """Checks that terminals have an end, and that the grammar is not too large with them.

    Raises GrammarError for an unknown name, for a terminal that refers to itself or to a rule, and
    for terminals that are too large.
    """
    check = _Check(source)
    total = sum(check.terminal(name, ()) for name in source.rules if Name(name).is_terminal)
    total += sum(check.parts(node, ("%ignore",)) for node in source.ignored)
    _limit(total)


def _limit(parts: int) -> None:
    if parts > _MAX_PARTS:
        raise GrammarError(f"its terminals have more than {_MAX_PARTS} parts")


class _Check:
    def __init__(self, source: LarkSource) -> None:
        self._source = source
        # The parts of each terminal, and how deep terminals are inside of it.
        self._parts: dict[str, int] = {}
        self._depths: dict[str, int] = {}

    def terminal(self, name: str, path: tuple[str, ...]) -> int:
        """Returns the number of parts. `path` has the terminals around it."""
        if name in path:
            raise GrammarError(f"the terminal {name} refers to itself")
        self._limit_depth(len(path) + 1)
        if name not in self._parts:
            self._depths[name] = 1
            self._parts[name] = self.parts(self._source.rules[name], (*path, name))
        depth = self._depths[name]
        if path:
            self._depths[path[-1]] = max(self._depths.get(path[-1], 1), depth + 1)
        self._limit_depth(len(path) + depth)
        _limit(self._parts[name])
        return self._parts[name]

    def _limit_depth(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise GrammarError(f"its terminals are nested more than {_MAX_DEPTH} deep")

    def parts(self, node: Node, path: tuple[str, ...]) -> int:
        """Returns the number of parts, with those of terminals."""
        match node:
            case Name(name):
                require(self._source, name)
                if not node.is_terminal:
                    raise GrammarError(f"the terminal {path[-1]} uses the rule {name}")
                return self.terminal(name, path)
            case Series(parts) | Choice(parts):
                return 1 + sum(self.parts(part, path) for part in parts)
            case Repeat(part):
                return 1 + self.parts(part, path)
            case _:
                return 1
