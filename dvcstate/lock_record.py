"""What dvc.lock alone records of outs: for a reader that needs one hash and no verdict."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dvcstate.documents import document, schema
from dvcstate.model import Recorded
from dvcstate.stages.pipeline_file import recorded


@dataclass(frozen=True)
class Lock:
    """The md5 of the file itself, and what it records of each out, by path as it is written."""

    md5: str
    outs: Mapping[str, Recorded]

    def out(self, path: str) -> Recorded | None:
        """The recorded out at ``path``, whichever stage makes it."""
        return self.outs.get(path)


def read_lock(root: Path) -> Lock | None:
    """The dvc.lock in ``root``, None where there is none; a FileError when it is broken."""
    path = root / "dvc.lock"
    if not path.exists():
        return None
    content = document.read_bytes(path, "dvc.lock", null_is_empty=False)
    data = document.checked(document.text_of(content, "dvc.lock"), "dvc.lock", schema.lock_file)
    outs = {
        entry["path"]: recorded(entry, inside=True)
        for stage in data.get("stages", {}).values()
        for entry in stage.get("outs", [])
    }
    return Lock(hashlib.md5(content, usedforsecurity=False).hexdigest(), outs)
