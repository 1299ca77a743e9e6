"""Objects as files of a folder that others fill, under the very names that these have there."""

import os
from collections.abc import Iterator
from pathlib import Path

from bucket import names, raw
from bucket.store import Store, scanned


class RawStore(Store):
    """The files below ``root`` that are offered; ``below`` is how the names of all of them begin.

    Nothing is put there or removed: its bucket is read-only.
    """

    def __init__(self, root: Path, below: str = "") -> None:
        super().__init__(Path(os.path.realpath(names.long_path(root))))
        self._below = below

    def _path(self, name: str) -> str | None:
        parts = names.literal(name.removeprefix(self._below))
        if not name.startswith(self._below) or parts is None:
            return None
        path = os.path.join(self._root, *parts)  # noqa: PTH118
        folder = os.path.join(self._root, *parts[:-1])  # noqa: PTH118
        if os.path.realpath(folder) != folder:  # it leads through a link
            return None
        return path if raw.is_below(os.path.realpath(path), self._root) else None

    def _entries(self, folder: str, base: str) -> Iterator[tuple[str, str, bool]]:
        base = base or self._below
        for entry in scanned(folder):
            path = base.removeprefix(self._below) + entry.name
            if raw.why_not(entry, path, self._root) is None:
                is_folder = entry.is_dir()
                yield f"{base}{entry.name}{'/' if is_folder else ''}", entry.path, is_folder
