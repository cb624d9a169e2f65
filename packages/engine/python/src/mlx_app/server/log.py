"""The log of the server, on standard error: readable lines in a terminal, otherwise JSON."""

import json
import logging
import sys
import time
from typing import Any

_LEVELS = {"silent": logging.CRITICAL + 1}


def set_up_log(level: str) -> None:
    """Writes the log of the server and its engine, and errors of uvicorn, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Readable() if sys.stderr.isatty() else _Json())
    number = _LEVELS.get(level) or logging.getLevelNamesMapping()[level.upper()]
    levels = {
        "mlx_app.server": number,
        "mlx_app.prompt": number,
        "uvicorn.error": max(number, logging.ERROR),
    }
    for name, least in levels.items():
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(least)
        logger.propagate = False


class _Readable(logging.Formatter):
    """`12:30:01 info  request method=POST status=200`."""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        fields = [f"{name}={value}" for name, value in _fields(record).items()]
        line = " ".join([clock, record.levelname.lower().ljust(5), record.getMessage(), *fields])
        return line if record.exc_info is None else f"{line}\n{_trace(record)}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "level": record.levelname.lower(),
            "time": round(record.created * 1000),
            "msg": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info is not None:
            told["stack"] = _trace(record)
        return json.dumps(told, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = getattr(record, "fields", {})
    return fields if isinstance(fields, dict) else {}


def _trace(record: logging.LogRecord) -> str:
    return logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
