"""JSON files in the user's cache folder: what was found out once and costs time to find out again.

Never in the attendee's repository. A cache that cannot be read or written is no error: what it
would have told is found out anew.
"""

import json
from pathlib import Path
from typing import Any

from dvcstate.hashes.hash_store import cache_dir


def entry_path(kind: str, name: str) -> Path:
    """The file for ``name`` among those of one ``kind``."""
    return cache_dir() / kind / f"{name}.json"


def read_entry(path: Path) -> Any:
    """What was written there; None where that is nothing, or no JSON."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def write_entry(path: Path, value: Any) -> None:
    """Write ``value`` there, if that is possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), "utf-8")
    except OSError:
        return
