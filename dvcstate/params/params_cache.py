"""The params that were read last time, read again only where their file changed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dvcstate.hashes.input_stamps import Inputs
from dvcstate.model import ParamsFile
from dvcstate.params import params_file


@dataclass
class _Read:
    """One file, and the values that were looked up in it."""

    inputs: Inputs
    data: Any
    values: dict[tuple[str, ...], Mapping[Any, Any]]


class ParamsMemory:
    """Looks params up; each ``begin`` allows one more look at each file."""

    def __init__(self) -> None:
        self._read: dict[str, _Read] = {}
        self._looked_at: set[str] = set()

    def begin(self) -> None:
        """From here on, a file is looked at again."""
        self._looked_at.clear()

    def values(self, file: ParamsFile) -> Mapping[Any, Any]:
        """What the keys of ``file`` are now; a FileError when it does not parse."""
        path = str(file.place)
        known = self._read.get(path)
        if known is None or (path not in self._looked_at and not known.inputs.unchanged()):
            started = time.time_ns()
            data = params_file.read(file.place, file.path)
            known = self._read[path] = _Read(Inputs([path], started), data, {})
        self._looked_at.add(path)
        if file.keys not in known.values:
            known.values[file.keys] = params_file.values(known.data, file.keys, file.path)
        return known.values[file.keys]
