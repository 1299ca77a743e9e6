"""The access log: one JSON line a request on stdout."""

import datetime
import logging
import sys
from typing import Any

from service.protocol import as_json


def replace_uvicorn_log() -> None:
    """Turn uvicorn's own access log off.

    ``access_log=False`` is an option of uvicorn's start, which is over by now. But each new
    connection asks the logger whether it has handlers, and without any formats no lines.
    """
    logger = logging.getLogger("uvicorn.access")
    logger.handlers = []
    logger.propagate = False


def write_line(**members: Any) -> None:
    """Write one line: the time in UTC, then ``members``."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    sys.stdout.buffer.write(as_json({"time": now, **members}) + b"\n")
    sys.stdout.buffer.flush()
