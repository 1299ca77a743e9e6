"""Every ``dvc.yaml`` and ``.dvc`` file of a repository that DVC would find, and their stages.

As dvc/repo/index.py: the search passes over what .dvcignore or git leaves out, over repositories
inside this one, and over folders that are outs. Links to folders are not followed.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dvcstate.documents import document, schema, yaml_places
from dvcstate.dvc import templating
from dvcstate.dvcignore import IGNORE_FILE
from dvcstate.errors import ErrorKind, FileError
from dvcstate.model import Stage
from dvcstate.params import params_file
from dvcstate.repository import Repository
from dvcstate.stages import declared_outs, dvc_file
from dvcstate.stages.pipeline_file import StageReader

_TELLING = frozenset((".dvcignore", ".gitignore", "dvc.yaml", "dvc.lock", "params.yaml"))


class Collector:
    """Reads the project's files; what did not change since the last time is not read again."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._root = str(repository.root)
        self.read: list[str] = []
        """The folders that were searched, and every file that may say something about stages."""
        self.metrics: list[str] = []
        self.plots: list[str] = []

    def stages(self) -> list[Stage]:
        """The stages of all files, in the order in which DVC finds them."""
        found: list[Stage] = []
        outs: set[str] = set()
        pending = [self._root]
        while pending:
            folder = pending.pop()
            folders, files = self._entries(folder)
            for name in files:
                stages = self._stages_of(os.path.join(folder, name))
                found += stages
                outs.update(str(out.place) for stage in stages for out in stage.outs if out.place)
            below = [
                path
                for name in folders
                if (path := os.path.join(folder, name)) not in outs
                and not self._repository.git_ignores(path, is_folder=True)
                and not os.path.islink(path)
            ]
            pending += reversed(below)
        return found

    def _entries(self, folder: str) -> tuple[list[str], list[str]]:
        """The folders to look into, and the files that hold stages, in the disk's order."""
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    (folders if _is_folder(entry) else files).append(entry.name)
        except PermissionError:
            return [], []
        self.read.append(folder)
        self.read += [
            os.path.join(folder, name)
            for name in files
            if name in _TELLING or name.endswith(".dvc")
        ]
        ignore = self._repository.dvcignore
        if IGNORE_FILE in files:
            ignore.rules(folder)  # an error if it cannot be read, whether or not it matters
        folders = [n for n in folders if not ignore.ignores(os.path.join(folder, n), True)]
        return folders, [name for name in files if self._holds_stages(folder, name)]

    def _holds_stages(self, folder: str, name: str) -> bool:
        if not (name == "dvc.yaml" or name.endswith(".dvc")):
            return False
        path = os.path.join(folder, name)
        return not (
            self._repository.dvcignore.ignores(path, False)
            or self._repository.git_ignores(path, is_folder=False)
        )

    def _stages_of(self, path: str) -> list[Stage]:
        root = self._repository.root
        shown = os.path.relpath(path, root).replace(os.sep, "/")
        if shown.endswith(".dvc"):
            data = document.read(Path(path), shown, schema.single_stage_file)
            return [dvc_file.stage(self._repository, shown, data)]
        return list(self._pipeline(Path(path), shown))

    def _pipeline(self, path: Path, shown: str) -> Iterator[Stage]:
        data = document.read(path, shown, schema.project_file)
        locked = self._locked(path.with_name("dvc.lock"), shown[: -len("dvc.yaml")] + "dvc.lock")
        self._check_default_params(path.with_name("params.yaml"), shown)
        if templating.is_used(data):
            self.read += map(str, templating.inputs(path, data) or [path])
            data = templating.resolved(
                self._repository.root, path, shown, data, self._repository.parsing
            )
        folder = os.path.dirname(shown)
        self.metrics += declared_outs.metrics(data, folder)
        self.plots += declared_outs.plots(data, folder)
        reader = StageReader(self._repository, shown)
        for name, entry in data.get("stages", {}).items():
            yield reader.stage(name, entry, locked.get(name, {}))

    def _locked(self, path: Path, shown: str) -> dict[str, Any]:
        if self._repository.git_ignores(str(path), is_folder=False):
            raise FileError(
                "is ignored by git, so DVC refuses to work with it",
                "take it out of .gitignore: it belongs in git",
                path=shown,
                kind=ErrorKind.IGNORED_BY_GIT,
            )
        if not os.path.lexists(path) or self._repository.dvcignore.ignores(str(path), False):
            return {}
        locked: dict[str, Any] = document.read(path, shown, schema.lock_file).get("stages", {})
        return locked

    def _check_default_params(self, path: Path, shown: str) -> None:
        """DVC loads the params.yaml beside a dvc.yaml for templating, used or not."""
        if os.path.lexists(path):
            name = shown[: -len("dvc.yaml")] + "params.yaml"
            data = params_file.read(path, name)
            if not isinstance(data, dict):
                raise FileError(
                    "holds no named values",
                    "write 'name: value' lines",
                    path=name,
                    line=1,
                    column=1,
                )
            odd = _odd_value(data)
            if odd is not None:
                keys, value = odd
                text = document.read_text(path, name)
                line, column = yaml_places.node_at(text, list(keys)) or (None, None)
                raise FileError(
                    f"{'.'.join(map(str, keys))} is a {type(value).__name__}, "
                    "which DVC does not take in a params.yaml",
                    f"put it in quotes: '{value}'", path=name, line=line, column=column,
                )  # fmt: skip


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _odd_value(data: Any, keys: tuple[object, ...] = ()) -> tuple[tuple[object, ...], Any] | None:
    """As dvc/parsing/context.py: no dates, sets or binary trees; keys that are no text are free.

    The first such value and the keys that lead to it.
    """
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in items:
            if isinstance(key, str) or isinstance(data, list):
                found = _odd_value(value, (*keys, key))
                if found is not None:
                    return found
        return None
    return None if isinstance(data, int | float | str | bytes | None) else (keys, data)
