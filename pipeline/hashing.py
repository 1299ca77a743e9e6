"""The hash that DVC gives a folder, so that a model can name the data it was trained on."""

import hashlib
import json
from pathlib import Path


def folder_md5(folder: Path) -> str:
    """The md5 of ``folder`` as ``dvc.lock`` records it, with its ``.dir`` ending.

    DVC hashes a JSON list of each file's md5 and POSIX path, sorted by path; empty folders do not
    count (DVC 3's ``dvc_data.hashfile.tree.Tree``). Files left out by ``.dvcignore`` would count
    here and not there: the pipeline writes none.
    """
    entries = [
        {"md5": _file_md5(path), "relpath": path.relative_to(folder).as_posix()}
        for path in folder.rglob("*")
        if path.is_file()
    ]
    entries.sort(key=lambda entry: entry["relpath"])
    listing = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"


def _file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
