"""The fields that an answer and all its chunks share."""

import hashlib
import json
import time
import uuid
from dataclasses import asdict
from typing import Any

from ..services import Services


async def create_envelope(services: Services, prefix: str, kind: str, model: str) -> dict[str, Any]:
    """Returns the fields that an answer and all its chunks share.

    `prefix` is that of the id, `kind` the name of the object, such as `chat.completion`.
    """
    known = services.fingerprints
    if model not in known:
        known[model] = await _fingerprint(services, model)
    return {
        "id": f"{prefix}-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": known[model],
    }


async def _fingerprint(services: Services, model: str) -> str:
    """Returns what changes with the model and the versions of MLX and mlx-lm."""
    status = await services.model.engine.status()
    told = json.dumps([model, asdict(status.versions)]).encode()
    return f"fp_{hashlib.sha256(told).hexdigest()[:12]}"
