"""Checks what the limits of single options can't express."""

from ..models.kv_sizes import KV_BITS, KV_GROUP_SIZES
from ..protocol import Generate
from .convert import alternatives, invalid, must_be


def check_combinations(doing: str, request: Generate) -> None:
    """Raises EngineError INVALID_REQUEST for options that exclude each other."""
    tools = [tool.name for tool in request.tools]
    if request.tool_choice == "required" and not tools:
        raise invalid(doing, "tool_choice requires a call, but there are no tools.")
    if request.tool_name is not None and request.tool_name not in tools:
        raise invalid(
            doing, f"tool_choice names {request.tool_name!r}. The tools are: {', '.join(tools)}."
        )
    if request.kv_bits is not None and request.kv_bits not in KV_BITS:
        raise invalid(doing, must_be("kv_bits", alternatives(KV_BITS), request.kv_bits))
    if request.kv_group_size not in KV_GROUP_SIZES:
        raise invalid(
            doing, must_be("kv_group_size", alternatives(KV_GROUP_SIZES), request.kv_group_size)
        )
    quantised, draft = request.kv_bits is not None, request.draft_model is not None
    if quantised and draft:
        raise invalid(doing, "kv_bits and draft_model can't be combined.")
    if request.cache_file is not None and (quantised or draft):
        other = "kv_bits" if quantised else "draft_model"
        raise invalid(doing, f"cache_file and {other} can't be combined.")
