"""The folders of the bucket server, made ready before it starts: objects, raw data, uploads."""

import contextlib
import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bucket import raw_data
from bucket.errors import BucketError
from bucket.options import ServerOptions

_PARTIAL = ".partial"
_ABANDONED_S = 3600.0  # as long as a resumable upload may rest


@dataclass(frozen=True)
class BucketFolders:
    """Where everything is: ``raw_prefix`` is what the names of the raw data begin with.

    ``copied_from`` are the posters that were copied at this start; ``not_copied`` those that were
    not, since they are no attendee's. ``raw_files`` are then the files there.
    """

    objects_dir: Path
    partial_dir: Path
    raw_dir: Path
    raw_prefix: str
    raw_files: raw_data.RawFiles
    copied_from: Path | None = None
    not_copied: Path | None = None


def prepare_folders(options: ServerOptions) -> BucketFolders:
    """Make what is not there yet, and list what is offered; a BucketError where that fails."""
    _check_apart(options)
    objects_dir, partial_dir = options.folder / options.bucket, options.folder / _PARTIAL
    raw_dir = options.folder / f"{options.bucket}-raw"
    try:
        for folder in (objects_dir, raw_dir, partial_dir):
            folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(partial_dir)
        probe = partial_dir / f"probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _write_error(options, error) from None
    try:
        if options.raw_dir:
            files, prefix = raw_data.list_files(options.raw_dir), f"{raw_data.PREFIX}/"
            return BucketFolders(objects_dir, partial_dir, options.raw_dir, prefix, files)
        files = raw_data.list_files(raw_dir)
        return _offer_posters(options, BucketFolders(objects_dir, partial_dir, raw_dir, "", files))
    except OSError as error:
        raise BucketError(
            f"the raw data cannot be offered: {error.filename or raw_dir}: {error.strerror}",
            f"{options.command} --raw FOLDER",
        ) from None


def _check_apart(options: ServerOptions) -> None:
    """Refuse a folder of raw data that holds pushed objects, or is among them."""
    root = os.path.realpath(options.folder)
    own_folders = [os.path.realpath(options.folder / name) for name in (options.bucket, _PARTIAL)]
    for raw_dir in filter(None, (options.raw_dir, options.posters_dir)):
        real_path = os.path.realpath(raw_dir)
        if _is_in(root, real_path) or any(_is_in(real_path, folder) for folder in own_folders):
            raise BucketError(
                f"{options.folder}, where objects are kept, and {raw_dir}, the raw data, are one in"
                " the other",
                f"{options.command} --dir FOLDER   (another one, beside the raw data)",
            )


def _is_in(path: str, folder: str) -> bool:
    return path == folder or raw_data.is_below(path, folder)


def _offer_posters(options: ServerOptions, folders: BucketFolders) -> BucketFolders:
    """Copy the posters, unless there is raw data: who imports them deletes the folder first."""
    posters_dir = options.posters_dir
    if posters_dir is None or any(folders.raw_dir.iterdir()):
        return folders
    files = raw_data.list_files(posters_dir)
    if not options.copies_posters:
        return replace(folders, not_copied=posters_dir, raw_files=files)
    copy = folders.partial_dir / f"raw-{os.getpid()}"
    try:
        raw_data.copy_files(posters_dir, files.offered, copy)
        copy.replace(folders.raw_dir / raw_data.PREFIX)
    except OSError:
        shutil.rmtree(copy, ignore_errors=True)
        raise
    return replace(folders, copied_from=posters_dir, raw_files=files)


def _remove_abandoned(partial_dir: Path) -> None:
    """Delete what a killed server left; not what is new: a second one may use the same folder."""
    for path in partial_dir.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_mtime < time.time() - _ABANDONED_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _write_error(options: ServerOptions, error: OSError) -> BucketError:
    path = Path(error.filename or options.folder)
    # Not Path.is_file, which raises an OSError for a name that is too long.
    file = next((parent for parent in (path, *path.parents) if os.path.isfile(parent)), None)
    problem = f"{path} cannot be written: {error.strerror}"
    if file:
        problem = f"{file} is a file, and objects are kept in a folder"
    return BucketError(
        problem, f"{options.command} --dir FOLDER   (a folder that you may write to)"
    )
