"""References of a schema to parts of itself, such as `#/$defs/city`."""

from collections.abc import Iterator
from urllib.parse import unquote

Path = tuple[str, ...]


def local_references(schema: object) -> list[Path]:
    """Returns the paths to which a schema refers, in their order, without the schema itself."""
    paths = {path for found in set(_references(schema)) if (path := local_path(found))}
    return sorted(paths)


def local_path(reference: str) -> Path | None:
    """Returns the keys that a reference such as `#/$defs/a~1b` gives, or None for another one."""
    if not reference.startswith("#/"):
        return None
    keys = unquote(reference[2:]).split("/")
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in keys)


def target(schema: object, path: Path) -> object:
    """Returns the part of a schema at `path`, or None if there is none."""
    for key in path:
        if isinstance(schema, dict):
            schema = schema.get(key)
        elif isinstance(schema, list) and key.isdecimal() and int(key) < len(schema):
            schema = schema[int(key)]
        else:
            return None
    return schema


def _references(value: object) -> Iterator[str]:
    """Yields the references in a value, in no order, however deep they are."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending += one
        elif isinstance(one, dict):
            pending += one.values()
            if isinstance(one.get("$ref"), str):
                yield one["$ref"]
