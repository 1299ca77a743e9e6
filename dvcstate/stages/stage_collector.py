"""Every ``dvc.yaml`` and ``.dvc`` file of a repository that DVC would find, and their stages.

As dvc/repo/index.py: the search passes over what .dvcignore or git leaves out, over repositories
inside this one, and over folders that are outs. Links to folders are not followed.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dvcstate.documents import nesting, reader, schema
from dvcstate.dvc import templating
from dvcstate.dvc_repository import DvcRepository
from dvcstate.dvcignore import IGNORE_FILE
from dvcstate.errors import ErrorKind, FileError
from dvcstate.model import Stage
from dvcstate.params import params_file
from dvcstate.stages import declared_outs, dvc_file
from dvcstate.stages.pipeline_file import StageReader

_INPUT_NAMES = frozenset((".dvcignore", ".gitignore", "dvc.yaml", "dvc.lock", "params.yaml"))


class StageCollector:
    """Reads the files of a project, each time all of them."""

    def __init__(self, repository: DvcRepository) -> None:
        self._repository = repository
        self._root = str(repository.root)
        self.inputs: list[str] = []
        """The folders that were searched, and every file that may say something about stages."""
        self.metrics: list[str] = []
        self.plots: list[str] = []

    def stages(self) -> list[Stage]:
        """The stages of all files, in the order in which DVC finds them."""
        stages: list[Stage] = []
        outs: set[str] = set()
        pending = [self._root]
        while pending:
            folder = pending.pop()
            folders, files = self._entries(folder)
            for name in files:
                added = self._read_stages(os.path.join(folder, name))
                stages += added
                outs.update(str(out.place) for stage in added for out in stage.outs if out.place)
            below = [
                path
                for name in folders
                if (path := os.path.join(folder, name)) not in outs
                and not self._repository.git_ignores(path, is_folder=True)
                and not os.path.islink(path)
            ]
            pending += reversed(below)  # the order of os.walk, which DVC uses
        return stages

    def _entries(self, folder: str) -> tuple[list[str], list[str]]:
        """The folders to look into, and the files that hold stages, in the disk's order."""
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    (folders if _is_folder(entry) else files).append(entry.name)
        except OSError:  # no permission, or a path that is too long: os.walk passes over it
            return [], []
        self.inputs.append(folder)  # its mtime tells of files that come and go
        self.inputs += [
            os.path.join(folder, name)
            for name in files
            if name in _INPUT_NAMES or name.endswith(".dvc")
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

    def _read_stages(self, path: str) -> list[Stage]:
        shown = os.path.relpath(path, self._root).replace(os.sep, "/")
        if shown.endswith(".dvc"):
            data = reader.read(Path(path), shown, schema.single_stage_file)
            return [dvc_file.stage(self._repository, shown, data)]
        return list(self._read_pipeline(Path(path), shown))

    def _read_pipeline(self, path: Path, shown: str) -> Iterator[Stage]:
        data: Mapping[str, Any] = reader.read(path, shown, schema.project_file)
        prefix = shown.removesuffix("dvc.yaml")
        locked = self._read_lock(path.with_name("dvc.lock"), f"{prefix}dvc.lock")
        _check_default_params(path.with_name("params.yaml"), f"{prefix}params.yaml")
        if templating.is_used(data):
            root, settings = self._repository.root, self._repository.parsing
            data, inputs = templating.resolve(root, path, shown, settings)
            self.inputs += map(str, inputs)
        else:
            _refuse_groups(data, path, shown)
        folder = os.path.dirname(shown)
        self.metrics += declared_outs.metrics(data, folder)
        self.plots += declared_outs.plots(data, folder)
        stage_reader = StageReader(self._repository, shown)
        for name, entry in data.get("stages", {}).items():
            yield stage_reader.stage(name, entry, locked.get(name, {}))

    def _read_lock(self, path: Path, shown: str) -> dict[str, Any]:
        if self._repository.git_ignores(str(path), is_folder=False):
            raise FileError(
                "is ignored by git, so DVC refuses to work with it",
                "take it out of .gitignore: it belongs in git",
                path=shown,
                kind=ErrorKind.IGNORED_BY_GIT,
            )
        if not os.path.lexists(path) or self._repository.dvcignore.ignores(str(path), False):
            return {}
        locked: dict[str, Any] = reader.read(path, shown, schema.lock_file).get("stages", {})
        return locked


def _refuse_groups(data: Mapping[str, Any], path: Path, shown: str) -> None:
    """To DVC ``build@1`` is a stage that a template makes, of the group ``build``."""
    for name in data.get("stages", {}):
        if "@" in name:
            error = FileError(
                f"the stage {name!r} is in no group, for no stage has 'foreach' or 'matrix'",
                "give it a name without @",
            )
            raise reader.locate(error, path, shown, ("stages", name))


def _check_default_params(path: Path, shown: str) -> None:
    """DVC loads the params.yaml beside a dvc.yaml for templating, used or not."""
    if not os.path.lexists(path):
        return
    data = params_file.read(path, shown)
    if not isinstance(data, dict):
        raise FileError(
            "holds no named values", "write 'name: value' lines", path=shown, line=1, column=1
        )
    nesting.refuse_deep(data, nesting.TEMPLATE_VALUES, shown)
    unsupported = _unsupported_value(data)
    if unsupported is not None:
        keys, value = unsupported
        error = FileError(
            f"{'.'.join(map(str, keys))} is a {type(value).__name__}, "
            "which DVC does not take in a params.yaml",
            f"put it in quotes: '{value}'",
        )
        raise reader.locate(error, path, shown, keys)


def _unsupported_value(
    data: Any, keys: tuple[object, ...] = ()
) -> tuple[tuple[object, ...], Any] | None:
    """As dvc/parsing/context.py: no dates, sets or binary trees; keys that are no text are free.

    The first such value and the keys that lead to it.
    """
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in items:
            if isinstance(key, str) or isinstance(data, list):
                found = _unsupported_value(value, (*keys, key))
                if found is not None:
                    return found
        return None
    return None if isinstance(data, int | float | str | bytes | None) else (keys, data)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False
