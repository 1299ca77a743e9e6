"""The hash that DVC gives a folder, so that a model can name the data it was trained on."""

import hashlib
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from pipeline.shared.outs import OLD, PARTIAL

IGNORED = (".DS_Store", "Thumbs.db", "__pycache__", f"{PARTIAL}*", f"{OLD}*")
"""The names in ``.dvcignore``: what file managers, Python and interrupted runs leave behind."""


def folder_md5(folder: Path) -> str:
    """The md5 of ``folder`` as ``dvc.lock`` records it, with its ``.dir`` ending.

    DVC hashes a JSON list of each file's md5 and POSIX path, sorted by path; empty folders do not
    count (DVC 3's ``dvc_data.hashfile.tree.Tree``).
    """
    entries = [
        {"md5": _file_md5(path), "relpath": path.relative_to(folder).as_posix()}
        for path in counted_files(folder)
    ]
    entries.sort(key=lambda entry: entry["relpath"])
    listing = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"


def counted_files(folder: Path) -> Iterator[Path]:
    """The files under ``folder`` that DVC counts as its content, in no certain order."""
    for path in folder.rglob("*"):
        if is_counted(path.relative_to(folder)) and path.is_file():
            yield path


def is_counted(path: PurePath) -> bool:
    """Whether neither the file nor a folder on its way is IGNORED."""
    return not any(fnmatchcase(part, pattern) for part in path.parts for pattern in IGNORED)


def _file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
