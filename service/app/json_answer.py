"""JSON as the service writes it."""

import json
from typing import Any


def as_json(document: Any) -> bytes:
    """``document`` as UTF-8 JSON that people can read; half a surrogate pair stays an escape."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
