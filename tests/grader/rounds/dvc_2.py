"""What DVC 2 wrote: records without ``hash: md5``, of texts with LF, and its layout of a cache.

DVC 2 hashed a text as if each CRLF were LF, and kept ``ab/cdef…`` where DVC 3 has
``files/md5/ab/cdef…``. https://dvc.org/doc/user-guide/upgrade
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from dvcstate import Workspace
from tests.grader import finished

_ALGORITHM = "md5-dos2unix"
_NEW_LAYOUT = Path("files", "md5")


def write_as_dvc_2(repo: Path, files: tuple[str, ...]) -> None:
    """Write the lock or .dvc ``files`` as DVC 2 did, and keep their outs where it kept them."""
    caches = (repo / ".dvc" / "cache", repo.parent / "remote")
    workspace = Workspace(repo, store=None)
    workspace.look_again()
    for file in files:
        place = repo / file
        if not place.is_file():
            continue
        text = place.read_bytes().decode("utf-8", "replace")
        for path, md5 in _records(repo, place, text):
            if workspace.md5_of(path) == md5:  # what changed since is recorded as it is
                old = workspace.md5_of(path, _ALGORITHM) or md5
                text = text.replace(md5, old)
                for cache in caches:
                    if (cache / _NEW_LAYOUT / md5[:2] / md5[2:]).is_file():
                        _keep(workspace, cache, path, old)
        lines = text.splitlines(keepends=True)
        finished.write(place, "".join(line for line in lines if line.strip() != "hash: md5"))
    if len(files) > 1:  # nothing is of DVC 3 any more
        for cache in caches:
            shutil.rmtree(cache / "files", ignore_errors=True)


def _records(repo: Path, place: Path, text: str) -> Iterator[tuple[Path, str]]:
    """The place and the recorded hash of each dep and out."""
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    stages = (document.get("stages") or {}).values() if place.name == "dvc.lock" else [document]
    for stage in stages:
        for entry in [*(stage.get("deps") or ()), *(stage.get("outs") or ())]:
            if re.fullmatch(r"[0-9a-f]{32}(\.dir)?", str(entry.get("md5"))):
                yield place.parent / entry["path"], entry["md5"]


def _keep(workspace: Workspace, cache: Path, path: Path, md5: str) -> None:
    """Put an out into a cache of DVC 2: its file, or its listing and its files."""
    if path.is_file():
        _write(cache, md5, path.read_bytes())
        return
    listed = []
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        own = workspace.md5_of(file, _ALGORITHM) or ""
        listed.append({"md5": own, "relpath": file.relative_to(path).as_posix()})
        _write(cache, own, file.read_bytes())
    listed.sort(key=lambda entry: entry["relpath"])
    _write(cache, md5, json.dumps(listed, sort_keys=True).encode())


def _write(cache: Path, md5: str, content: bytes) -> None:
    place = cache / md5[:2] / md5[2:]
    if not place.exists():
        finished.write(place, content)
