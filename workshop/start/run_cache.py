"""The runs of a catch-up, saved in the user's cache folder, so that the next one need not train.

A run is an entry of DVC's own run cache, with the objects that it names. DVC finds them in the
cache of the new repository and takes the outs from there, as after a run of its own.
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

_MAX_SETS = 3
"""Sets of runs: of this version of the workshop, and of a few before it."""


class RunCache:
    """The runs of one kind of repository: the same code, params and version of DVC."""

    def __init__(self, folder: Path, posters: int) -> None:
        """For the repository in ``folder``, before anything ran there, with so many posters."""
        self._raw_dir = folder / "data" / "raw"
        self._dvc_cache = folder / ".dvc" / "cache"
        self._all_sets = cache_dir() / "runs"
        self._set = self._all_sets / f"{_set_key(folder)}-{posters}"

    def restore_posters(self) -> bool:
        """Copy the posters into the repository; whether they were saved."""
        saved = self._set / "posters"
        if saved.is_dir():
            shutil.copytree(saved, self._raw_dir)
        return saved.is_dir()

    def save_posters(self) -> None:
        """Save the repository's posters."""
        partial = self._set / f".partial-{os.getpid()}"
        try:
            self._set.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self._raw_dir, partial)
            partial.rename(self._set / "posters")
        except OSError:  # no room or no right to write, or another process was quicker
            shutil.rmtree(partial, ignore_errors=True)

    def restore(self, lesson: str) -> None:
        """Copy the saved runs of a lesson into the repository's cache."""
        for entry in _entries(self._set / lesson):
            _copy_run(
                entry, self._set, self._set / lesson, self._dvc_cache, self._dvc_cache / "runs"
            )

    def save(self, lesson_of: Callable[[str], str | None]) -> None:
        """Save the runs in the repository's cache; ``lesson_of`` gives the lesson of a command."""
        saved = {path.name for path in _entries(self._set)}
        runs_dir = self._dvc_cache / "runs"
        for entry in _entries(runs_dir):
            lesson = lesson_of(" ".join(str(_read_entry(entry)["cmd"]).split()))
            if entry.name not in saved and lesson:
                _copy_run(entry, self._dvc_cache, runs_dir, self._set, self._set / lesson)
        self._remove_old_sets()

    def _remove_old_sets(self) -> None:
        others = [path for path in self._all_sets.glob("*") if path != self._set]
        for path in sorted(others, key=lambda path: path.stat().st_mtime)[: 1 - _MAX_SETS]:
            shutil.rmtree(path, ignore_errors=True)


def _set_key(folder: Path) -> str:
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


def _read_entry(entry: Path) -> Mapping[str, Any]:
    document: Mapping[str, Any] = yaml.safe_load(entry.read_text("utf-8"))
    return document


def _copy_run(
    entry: Path, objects_dir: Path, runs_dir: Path, new_objects_dir: Path, new_runs_dir: Path
) -> None:
    """Copy a run, its objects first; nothing of one whose objects are not all there."""
    objects = _object_paths(entry, objects_dir)
    if objects is not None:
        _copy_files(objects, objects_dir, new_objects_dir)
        _copy_files([entry.relative_to(runs_dir)], runs_dir, new_runs_dir)


def _object_paths(entry: Path, cache: Path) -> list[Path] | None:
    """The objects that a run wrote, by their path in the cache; None where one is not there."""
    paths: list[Path] = []
    for out in _read_entry(entry)["outs"]:
        path = _object_path(out["md5"])
        paths.append(path)
        if out["md5"].endswith(".dir") and (cache / path).is_file():
            children = json.loads((cache / path).read_text("utf-8"))
            paths += [_object_path(child["md5"]) for child in children]
    return paths if all((cache / path).is_file() for path in paths) else None


def _object_path(md5: str) -> Path:
    return Path("files", "md5", md5[:2], md5[2:])


def _copy_files(paths: Iterable[Path], source: Path, target: Path) -> None:
    """Copy files that are not there, each whole or not at all: somebody may press Ctrl-C."""
    for path in paths:
        copy = target / path
        if copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        partial = copy.with_name(f".partial-{os.getpid()}-{copy.name}")
        shutil.copy2(source / path, partial)
        partial.replace(copy)
