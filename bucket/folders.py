"""The folders of the bucket server, made ready before it starts: objects, raw data, uploads."""

import contextlib
import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bucket import raw
from bucket.options import COMMAND, BucketError, Options

_PARTIAL = ".partial"
_ABANDONED_S = 3600.0


@dataclass(frozen=True)
class Folders:
    """Where everything is: ``raw_below`` is what the names of the raw data begin with.

    ``copied_from`` is told once, when the posters there were copied; ``passed_over`` are posters
    that were not, since they are no attendee's.
    """

    objects_dir: Path
    partial_dir: Path
    raw_dir: Path
    raw_below: str
    found: raw.Survey
    copied_from: Path | None = None
    passed_over: Path | None = None


def prepare(options: Options) -> Folders:
    """Make what is not there yet, and look at what is offered; a BucketError where that fails."""
    _check_apart(options)
    objects, partial = options.folder / options.name, options.folder / _PARTIAL
    raw_dir = options.folder / f"{options.name}-raw"
    try:
        for folder in (objects, raw_dir, partial):
            folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(partial)
        probe = partial / f"probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _not_written(Path(error.filename or options.folder), error) from None
    try:
        if options.raw:
            return Folders(objects, partial, options.raw, f"{raw.PREFIX}/", raw.survey(options.raw))
        kept = Folders(objects, partial, raw_dir, "", raw.survey(raw_dir))
        return _offered(options.posters, kept)
    except OSError as error:
        raise BucketError(
            f"the raw data cannot be offered: {error.filename or raw_dir}: {error.strerror}",
            f"{COMMAND} --raw FOLDER",
        ) from None


def _check_apart(options: Options) -> None:
    """Refuse a folder of raw data that holds pushed objects, or lies among them."""
    kept = os.path.realpath(options.folder)
    ours = [os.path.realpath(options.folder / name) for name in (options.name, _PARTIAL)]
    for offered in filter(None, (options.raw, options.posters)):
        real = os.path.realpath(offered)
        if _is_in(kept, real) or any(_is_in(real, folder) for folder in ours):
            raise BucketError(
                f"{options.folder}, where objects are kept, and {offered}, the raw data, are one in"
                " the other",
                f"{COMMAND} --dir FOLDER   (another one, beside the raw data)",
            )


def _is_in(path: str, folder: str) -> bool:
    return path == folder or raw.is_below(path, folder)


def _offered(posters: Path | None, folders: Folders) -> Folders:
    """Copy the posters, unless there is raw data: who imports them deletes the folder first.

    Only those of an attendee's repository: any other data/raw is not what the lessons are about.
    """
    if posters is None or any(folders.raw_dir.iterdir()):
        return folders
    if not (posters.parents[1] / "workshop.toml").is_file():
        return replace(folders, passed_over=posters, found=raw.survey(posters))
    copy = folders.partial_dir / f"raw-{os.getpid()}"
    try:
        raw.copy(posters, copy)
        copy.replace(folders.raw_dir / raw.PREFIX)
    except OSError:
        shutil.rmtree(copy, ignore_errors=True)
        raise
    return replace(folders, copied_from=posters, found=raw.survey(posters))


def _remove_abandoned(partial: Path) -> None:
    """What a server left there that was killed; another one may be at work in the same folder."""
    for left in partial.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if left.lstat().st_mtime < time.time() - _ABANDONED_S:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _not_written(path: Path, error: OSError) -> BucketError:
    places = (path, *path.parents)
    in_the_way = next((p for p in places if os.path.isfile(p)), None)  # noqa: PTH113 - long names
    if in_the_way:
        problem = f"{in_the_way} is a file, and objects are kept in a folder"
    else:
        problem = f"{path} cannot be written: {error.strerror}"
    return BucketError(problem, f"{COMMAND} --dir FOLDER   (a folder that you may write to)")
