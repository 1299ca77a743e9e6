"""What a catch-up made once, kept in the user's cache folder: the next one need not train.

Runs are entries of DVC's own run cache, and the objects that these name. DVC finds them in the
cache of the new repository and takes the outs from there, as after any run of its own.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from dvcstate.hashes.hash_store import cache_dir

_KEPT_AT_MOST = 3
"""Sets of runs: of this version of the workshop, and of a few before it."""


class KeptRuns:
    """The runs of one kind of repository: the same code, params and version of DVC."""

    def __init__(self, folder: Path, posters: int) -> None:
        """For the repository in ``folder``, as it is before anything ran, with so many posters."""
        self._raw = folder / "data" / "raw"
        self._cache = folder / ".dvc" / "cache"
        self._all = cache_dir() / "runs"
        self._folder = self._all / f"{_key(folder)}-{posters}"

    def supply_posters(self) -> bool:
        """Lay the posters, if they are kept."""
        kept = self._folder / "posters"
        if kept.is_dir():
            shutil.copytree(kept, self._raw)
        return kept.is_dir()

    def keep_posters(self) -> None:
        """Keep the posters, which were drawn."""
        kept, partial = self._folder / "posters", self._folder / f".partial-{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self._raw, partial)
            partial.rename(kept)
        except OSError:  # no room or no right to write, or somebody else was quicker
            shutil.rmtree(partial, ignore_errors=True)

    def supply(self, lesson: str) -> None:
        """Put what is kept of a lesson's runs into the repository's cache."""
        for entry in _entries(self._folder / lesson):
            objects = _objects(entry, self._folder)
            if objects is not None:
                _copy(objects, self._folder, self._cache)
                _copy([entry.relative_to(self._folder / lesson)], self._folder / lesson,
                      self._cache / "runs")  # fmt: skip

    def keep(self, lesson_of: Callable[[str], str | None]) -> None:
        """Keep the runs in the repository's cache; ``lesson_of`` tells whose a command is."""
        kept = {path.name for path in _entries(self._folder)}
        for entry in _entries(self._cache / "runs"):
            lesson = lesson_of(" ".join(str(_read(entry)["cmd"]).split()))
            objects = _objects(entry, self._cache)
            if entry.name not in kept and lesson and objects is not None:
                _copy(objects, self._cache, self._folder)
                _copy([entry.relative_to(self._cache / "runs")], self._cache / "runs",
                      self._folder / lesson)  # fmt: skip
        self._forget_old()

    def _forget_old(self) -> None:
        others = [path for path in self._all.glob("*") if path != self._folder]
        for path in sorted(others, key=lambda path: path.stat().st_mtime)[: 1 - _KEPT_AT_MOST]:
            shutil.rmtree(path, ignore_errors=True)


def _key(folder: Path) -> str:
    """One name for all that a run depends on: code, params, DVC and the libraries that compute."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("pipeline/**/*.py"), folder / "params.yaml"]):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    digest.update("\n".join(sorted(_versions())).encode())
    return digest.hexdigest()[:16]


def _versions() -> Iterator[str]:
    for name in ("dvc", "tensorflow", "tensorflow-cpu", "numpy"):
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue


def _entries(folder: Path) -> Iterator[Path]:
    """The entries of a run cache: folder, key of the inputs, key of the outs."""
    return (path for path in folder.rglob("*") if len(path.name) == 64 and path.is_file())


def _read(entry: Path) -> Mapping[str, Any]:
    document: Mapping[str, Any] = yaml.safe_load(entry.read_text("utf-8"))
    return document


def _objects(entry: Path, cache: Path) -> list[Path] | None:
    """The objects that a run wrote, by their place in the cache; None where one is not there."""
    found: list[Path] = []
    for out in _read(entry)["outs"]:
        place = _place(out["md5"])
        found.append(place)
        if out["md5"].endswith(".dir") and (cache / place).is_file():
            children = json.loads((cache / place).read_text("utf-8"))
            found += [_place(child["md5"]) for child in children]
    return found if all((cache / place).is_file() for place in found) else None


def _place(md5: str) -> Path:
    return Path("files", "md5", md5[:2], md5[2:])


def _copy(places: Iterable[Path], source: Path, target: Path) -> None:
    """Each file whole or not at all, for somebody may press Ctrl-C; what is there stays."""
    for place in places:
        path = target / place
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
        shutil.copy2(source / place, partial)
        partial.replace(path)
