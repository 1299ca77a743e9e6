"""The params that were read last time, read again only where their file changed."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dvcstate.hashes.input_stamps import InputStamps
from dvcstate.model import ParamsFile
from dvcstate.params import params_file


class _ReadFile(NamedTuple):
    """One file, and the values that were looked up in it."""

    inputs: InputStamps
    data: Any
    values: dict[tuple[str, ...], Mapping[Any, Any]]


class ParamsCache:
    """Looks params up. Between two calls of ``begin``, each file is looked at once."""

    def __init__(self) -> None:
        self._files: dict[str, _ReadFile] = {}
        self._checked: set[str] = set()

    def begin(self) -> None:
        """From here on, each file is looked at again."""
        self._checked.clear()

    def values(self, file: ParamsFile) -> Mapping[Any, Any]:
        """What the keys of ``file`` are now; a FileError when it does not parse."""
        path = str(file.place)
        known = self._files.get(path)
        if known is None or (path not in self._checked and not known.inputs.unchanged()):
            started = time.time_ns()
            data = params_file.read(Path(path), file.path)
            known = self._files[path] = _ReadFile(InputStamps([path], started), data, {})
        self._checked.add(path)
        if file.keys not in known.values:
            known.values[file.keys] = params_file.values(known.data, file.keys, file.path)
        return known.values[file.keys]
