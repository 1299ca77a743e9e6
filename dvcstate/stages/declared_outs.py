"""The metrics and plots that a ``dvc.yaml`` declares at its top, beside those of its stages."""

import os
from collections.abc import Iterable, Mapping
from typing import Any


def metrics(sections: Mapping[str, Any], folder: str) -> list[str]:
    """The paths under ``metrics:``, relative to the repository as ``folder`` is."""
    return [_join(folder, path) for path in sections.get("metrics") or []]


def plots(sections: Mapping[str, Any], folder: str) -> list[str]:
    """The files that the entries under ``plots:`` draw on."""
    paths: dict[str, None] = {}
    for entry in sections.get("plots") or []:
        named: Mapping[str, Any] = {entry: None} if isinstance(entry, str) else entry
        for name, properties in named.items():
            paths.update(dict.fromkeys(_sources(name, properties or {})))
    return [_join(folder, path) for path in paths]


def _sources(name: str, properties: Mapping[str, Any]) -> Iterable[str]:
    """As dvc/repo/index.py: the files named under ``y`` (and ``x``), else the name is the file."""
    y, x = properties.get("y"), properties.get("x")
    if not isinstance(y, Mapping):
        return [name]
    return [*y, *(x if isinstance(x, Mapping) else ())]


def _join(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path)).replace(os.sep, "/")
