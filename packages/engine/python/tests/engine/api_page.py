"""Makes docs/python-api.md from the docstrings and the `#:` comments of the Python API.

Run this file to update the page.
"""

import ast
import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import mlx_app

PAGE = Path(mlx_app.__file__).parents[3] / "docs" / "python-api.md"

_START = """# The Python API

This page is made from the docstrings of `mlx_app`. [The guide](python.md) shows how to use it.
Types without a module are imported from `mlx_app`.
"""
_FIRST = ["MLXEngine", "AsyncMLXEngine", "Stream", "AsyncStream", "EngineError"]
_ON_PROGRESS = "Callable[[LoadProgress], None]"
_TWIN = "The other methods are those of [MLXEngine](#mlxengine), as coroutines.\n"


def api_page() -> str:
    """Returns the page in Markdown."""
    others = [name for name in mlx_app.__all__ if name not in [*_FIRST, "__version__"]]
    return "\n".join([_START, *map(_section, [*_FIRST, *others])])


def _section(name: str) -> str:
    value = getattr(mlx_app, name)
    node = _definition(name)
    parts = [f"## {name}\n"]
    if not isinstance(node, ast.ClassDef):
        parts.append(f"{_comment(name)}\n" if _comment(name) else "")
        parts.append(f"```python\n{_without_prefix(ast.unparse(node), name)}\n```\n")
        return "\n".join(part for part in parts if part)
    parts.append(_markdown(inspect.getdoc(value) or ""))
    bases = [base for base in map(_base_name, node.bases) if base in mlx_app.__all__]
    if bases:
        parts.append(f"It has everything that [{bases[0]}](#{bases[0].lower()}) has, and:\n")
    parts.append(_fields(name, node))
    twin = name == "AsyncMLXEngine"
    for method in _methods(value, node):
        if twin and method.name not in ("__init__", "of", "close"):
            continue
        parts.append(_method(name, method))
    if twin:
        parts.append(_TWIN)
    return "\n".join(part for part in parts if part)


def _methods(value: type, node: ast.ClassDef) -> list["ast.FunctionDef | ast.AsyncFunctionDef"]:
    """Returns the public methods of a class, with those of a private base."""
    bases = [base for base in value.__mro__[1:] if base.__module__ == "mlx_app.engine.streams"]
    nodes = [node, *(_classes(import_module(base.__module__))[base.__name__] for base in bases)]
    return [
        each
        for class_node in nodes
        for each in class_node.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and (not each.name.startswith("_") or (each.name == "__init__" and ast.get_docstring(each)))
        and each.name != "core"
    ]


def _method(owner: str, node: "ast.FunctionDef | ast.AsyncFunctionDef") -> str:
    text = inspect.cleandoc(ast.get_docstring(node) or "")
    is_property = any(ast.unparse(each) == "property" for each in node.decorator_list)
    if is_property:
        return f"### {owner}.{node.name}\n\n{_markdown(text)}"
    shown = owner if node.name == "__init__" else f"{owner}.{node.name}"
    arguments = re.sub(r"(?<=[\w\]'])=", " = ", ast.unparse(node.args))
    arguments = re.sub(r": '([^']*)'", r": \1", arguments).replace("'", '"')
    given = [each for each in _split(arguments) if each not in ("self", "cls")]
    given = [each.replace("OnLoadProgress", _ON_PROGRESS) for each in given]
    returns = "" if node.returns is None or node.name == "__init__" else ast.unparse(node.returns)
    start = "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
    name = owner if node.name == "__init__" else node.name
    prefix = "" if node.name == "__init__" else start
    lines = ",\n    ".join(given)
    signature = f"{prefix}{name}(\n    {lines},\n)" if given else f"{prefix}{name}()"
    arrow = f" -> {returns}" if returns else ""
    return f"### {shown}\n\n```python\n{signature}{arrow}\n```\n\n{_markdown(text)}"


def _split(arguments: str) -> list[str]:
    """Returns the parts of a list of arguments, whose types may have commas too."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", arguments) if part.strip()]


def _fields(name: str, node: ast.ClassDef) -> str:
    rows = []
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        kind = _type(statement.annotation)
        text = _comment(name, statement.target.id).replace("|", "\\|")
        rows.append(f"| `{statement.target.id}` | `{kind}` | {text} |")
    return "\n".join(["| | Type | |", "|---|---|---|", *rows, ""]) if rows else ""


def _type(annotation: ast.expr) -> str:
    """Returns a type in the cell of a table, without what only checkers need."""
    text = ast.unparse(annotation).replace("'", '"')
    text = re.sub(r"NotRequired\[(.*)\]$", r"\1", text)
    text = re.sub(r"Annotated\[(\w+), Meta\([^)]*\)\]", r"\1", text)
    for private, public in (("Count", "int"), ("ModelName", "str"), ("Value", "a pydantic model")):
        text = re.sub(rf"\b{private}\b", public, text)
    return text.replace("|", "\\|")


def _markdown(text: str) -> str:
    """Returns a docstring with its sections in Markdown."""
    result: list[str] = []
    section = ""
    for line in text.splitlines():
        heading = re.fullmatch(r"(Args|Raises|Example):", line)
        if heading:
            section = heading[1]
            result += ["", "```python"] if section == "Example" else []
            continue
        if section == "Args" and (found := re.fullmatch(r"    (\**\w+): (.*)", line)):
            result.append(f"- `{found[1]}`: {found[2]}")
        elif section == "Raises" and (found := re.fullmatch(r"    (\w+): (.*)", line)):
            result.append(f"Raises `{found[1]}`: {found[2]}")
        elif section == "Example":
            result.append(re.sub(r"^ *(>>>|\.\.\.) ?", "", line))
        else:
            result.append(line.strip() if section == "Raises" else re.sub("^    ", "", line))
    if section == "Example":
        result.append("```")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(result)).strip() + "\n"


def _comment(name: str, field: str | None = None) -> str:
    """Returns the `#:` comment above a field or a type, as one line."""
    node = _definition(name)
    if field is not None:
        assert isinstance(node, ast.ClassDef)
        node = next(
            each
            for each in node.body
            if isinstance(each, ast.AnnAssign)
            and isinstance(each.target, ast.Name)
            and each.target.id == field
        )
    lines = _lines(_module_of(name))
    comment: list[str] = []
    row = node.lineno - 2
    while row >= 0 and lines[row].strip().startswith("#:"):
        comment.insert(0, lines[row].strip()[2:].strip())
        row -= 1
    return " ".join(comment)


def _base_name(node: ast.expr) -> str:
    return ast.unparse(node.value if isinstance(node, ast.Subscript) else node)


def _without_prefix(text: str, name: str) -> str:
    return text.replace("'", '"').replace(f"{name}: TypeAlias = ", f"{name} = ")


def _module_of(name: str) -> ModuleType:
    if name == "EngineError":
        return import_module("mlx_app.errors")
    return import_module(f"mlx_app.{mlx_app._MODULES[name]}")


def _definition(name: str) -> ast.stmt:
    """Returns the class, or the assignment of a type."""
    for node in _tree(_module_of(name)).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node
    raise LookupError(name)


@cache
def _lines(module: ModuleType) -> list[str]:
    return inspect.getsource(module).splitlines()


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _classes(module: ModuleType) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in _tree(module).body if isinstance(node, ast.ClassDef)}


if __name__ == "__main__":
    PAGE.write_text(api_page(), "utf-8")
