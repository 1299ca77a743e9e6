"""The access log: one JSON line a request on stdout."""

import datetime
import logging
import sys
from typing import Any

from service.app.json_answer import as_json


def take_over() -> None:
    """Leave uvicorn's own access log out: connections from now on don't format its lines."""
    logger = logging.getLogger("uvicorn.access")
    logger.handlers = []
    logger.propagate = False


def write(**about: Any) -> None:
    """One line: the time in UTC, and then what is said about the request."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    sys.stdout.buffer.write(as_json({"time": now, **about}) + b"\n")
    sys.stdout.buffer.flush()
