"""Print the stages, metrics and plots of a ``dvc.yaml`` with every template in it resolved.

    python -P resolve_templates.py ROOT DVC_YAML SETTINGS

``SETTINGS`` is the section ``parsing`` of DVC's config as JSON. One JSON line: ``read``, the sha256
of each file that was read (null: it is not there) by its path from ROOT; and either these three,
or the ``error`` that DVC raises, with its ``path`` where a file is none.

What is not needed is not imported: dvc.fs, dvc.schema and dvc.config take half of the time. The
caller has checked the file's schema.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dvc.exceptions import DvcException
from dvc.parsing import DEFAULT_PARAMS_FILE, DataResolver
from dvc.parsing.context import Context
from dvc.utils.serialize import parse_yaml


def main() -> None:
    """Resolve what the command line names."""
    root, path, settings = sys.argv[1:]
    os.chdir(root)
    path = os.path.relpath(path, root)
    files = _Files()
    try:
        answer = resolve(path, json.loads(settings), files)
    except _NoFileError as error:
        answer = {"error": "is no file", "path": str(error)}
    except RecursionError:
        answer = {"error": "a value is nested too deeply"}
    except DvcException as error:
        answer = {"error": str(error)}
    print(json.dumps({**answer, "read": files.read}, default=repr))


def resolve(path: str, settings: dict[str, str], files: "_Files") -> dict[str, Any]:
    """``stages``, ``metrics`` and ``plots``; DVC's exceptions say what is wrong."""
    text = files.content(path).decode("utf-8")
    files.content(os.path.join(os.path.dirname(path), DEFAULT_PARAMS_FILE))
    _record_reads(files)
    repo = SimpleNamespace(fs=files, config={"parsing": settings})
    data = parse_yaml(text, path)
    # DVC calls itself for each level of a value. Here fewer calls are above that than on its own
    # command line: with the default of 1,000 it would resolve what it does not resolve there.
    sys.setrecursionlimit(900)
    resolver = DataResolver(repo, os.path.dirname(path), data)
    stages = {}
    for name in resolver.get_keys():
        stages.update(resolver.resolve_one(name))
    for stage in stages.values():
        stage.pop("meta", None)
        stage.pop("desc", None)
        _refuse_names(stage)
    # All sections, for what DVC would complain of; these two are of use.
    sections = ("artifacts", "datasets", "metrics", "params", "plots")
    found = {section: getattr(resolver, f"resolve_{section}")() for section in sections}
    return {"stages": stages, "metrics": found["metrics"], "plots": found["plots"]}


def _refuse_names(stage: dict[str, Any]) -> None:
    """DVC ends where a template makes a number of a path; JSON would make text of it again."""
    for kind in ("outs", "metrics", "plots", "params"):
        for entry in stage.get(kind) or ():
            for name in entry if isinstance(entry, dict) else ():
                if not isinstance(name, str):
                    raise DvcException(f"{kind}: {name!r} is no path")


def _record_reads(files: "_Files") -> None:
    """Note what is read for ``vars``: DVC keeps no list of it that outlives a stage."""
    load = Context.load_from.__func__

    def load_and_record(cls: type, fs: "_Files", path: str, *arguments: Any) -> Any:
        files.content(path)
        return load(cls, fs, path, *arguments)

    Context.load_from = classmethod(load_and_record)


class _NoFileError(Exception):
    """A pipe or a device is in the place of a file."""


class _Files:
    """What DVC's resolver asks of a file system, of the local one."""

    join = staticmethod(os.path.join)
    normpath = staticmethod(os.path.normpath)
    relpath = staticmethod(os.path.relpath)
    exists = staticmethod(os.path.lexists)
    isdir = staticmethod(os.path.isdir)
    open = staticmethod(open)

    def __init__(self) -> None:
        self.read: dict[str, str | None] = {}

    def __getattr__(self, name: str) -> Any:
        """Another version of DVC may ask for more."""
        from dvc.fs import localfs

        return getattr(localfs, name)

    def content(self, path: str) -> bytes:
        """What ``path`` holds, and its hash noted; nothing where it is no file."""
        content = b""
        self.read[path] = None
        if os.path.isfile(path):
            content = Path(path).read_bytes()
            self.read[path] = hashlib.sha256(content).hexdigest()
        elif os.path.exists(path) and not os.path.isdir(path):  # a pipe would be waited for
            raise _NoFileError(path)
        return content


if __name__ == "__main__":
    main()
