"""What the parts of the server know about one request."""

import time
import uuid
from dataclasses import dataclass, field

from starlette.requests import Request

from ..generation_record import GenerationRecord
from ..requests.history import HistoryChanges


@dataclass(kw_only=True)
class Call:
    """One request, from its headers to the end of its response."""

    id: str = field(default_factory=lambda: f"req_{uuid.uuid4().hex}")
    started: float = field(default_factory=time.perf_counter)
    #: Who sent it, for limits and logs.
    caller: str = "anonymous"
    #: The code of the error response.
    code: str | None = None
    #: What was changed in the conversation, because the model can't read it as it is.
    history: HistoryChanges = field(default_factory=HistoryChanges)
    records: list[GenerationRecord] = field(default_factory=list)


def call_of(request: Request) -> Call:
    """Returns what is known about a request."""
    call = request.state.call
    assert isinstance(call, Call)
    return call
