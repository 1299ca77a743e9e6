"""The files whose values fill in the templates of dvc.yaml: those that ``vars`` names."""

import posixpath
from collections.abc import Iterator
from typing import Any

from dvcstate import ProjectError
from dvcstate.documents import reader, schema
from grader.facts.snapshot import Snapshot


def read_vars_files(snapshot: Snapshot, files: set[str]) -> set[str]:
    """The paths that ``vars`` names in these dvc.yaml files, for all of a file or for a stage."""
    return {path for file in files for path in _paths_in(snapshot, file)}


def _paths_in(snapshot: Snapshot, file: str) -> Iterator[str]:
    if b"vars" not in (snapshot.content(file) or b""):
        return
    try:
        data = reader.read(snapshot.root / file, file, schema.project_file)
    except (ProjectError, OSError):  # which init.readable reports
        return
    folder = posixpath.dirname(file)
    yield from _named(data, folder)
    for stage in (data.get("stages") or {}).values():
        settings = stage.get("do") or stage  # below "do" where a stage has "foreach"
        wdir = str(settings.get("wdir") or "")
        yield from _named(settings, posixpath.join(folder, wdir))


def _named(settings: Any, folder: str) -> Iterator[str]:
    """The files in ``vars``; "params.yaml:train,plot" names two values of a file."""
    for entry in settings.get("vars") or ():
        if isinstance(entry, str):
            path = posixpath.normpath(posixpath.join(folder, entry.partition(":")[0]))
            if not path.startswith(("../", "/")) and "${" not in path:
                yield path
