"""The posters that are drawn here, and the table beside them: written, continued, compared."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from tqdm import tqdm

from pipeline.posters.artwork import collection
from pipeline.shared.errors import DatasetError
from pipeline.shared.hashing import counted_files, folder_md5
from pipeline.shared.outs import whole_folder


class OtherDataError(DatasetError):
    """The folder holds something that would be lost if posters were written there."""

    def __init__(self, raw_dir: Path, what: str) -> None:
        super().__init__(
            f"{raw_dir} holds other data ({what}), which would be lost",
            "move it away, or add --force to replace it",
        )


@dataclass(frozen=True)
class Record:
    """What a .dvc file records of the folder it tracks."""

    path: Path
    md5: str
    file_count: int | None


def write_posters(
    raw_dir: Path, count: int, say: Callable[[str], None], *, force: bool = False
) -> None:
    """Make ``raw_dir`` hold the first ``count`` drawn posters, and ``say`` what came of it.

    Raises OtherDataError where ``raw_dir`` holds anything but drawn posters, or more of them than
    ``count``, unless ``force`` is set.
    """
    started = time.monotonic()
    drawn = 0 if force else count_drawn(raw_dir, count)
    pictures = _check_pictures(_show_progress(collection.pictures(count), count), raw_dir, drawn)
    if drawn == count:
        for _ in pictures:
            pass
        say(f"{raw_dir} already holds these {count} posters")
        return
    with whole_folder(raw_dir) as partial:
        size = _write(pictures, count, partial)
    kept = f", of which {drawn} were there before," if drawn else ""
    seconds = time.monotonic() - started
    say(f"{raw_dir}: {count} posters{kept} in {size / 1e6:.1f} MB, drawn in {seconds:.1f} s")


def write_recorded_posters(
    raw_dir: Path, count: int, record_path: Path, say: Callable[[str], None], *, force: bool
) -> None:
    """Write the posters whose hash the .dvc file records; other data stays, with a notice."""
    record = _read_record(record_path)
    if raw_dir.is_dir() and folder_md5(raw_dir) == record.md5:
        say(f"{raw_dir} already holds what {record.path} records")
        return
    try:
        write_posters(raw_dir, count, say, force=force)
    except OtherDataError as other:
        say(f"notice: {other.problem}: left alone; to replace it, add --force")
        return
    _compare(raw_dir, count, record)


def _compare(raw_dir: Path, count: int, record: Record) -> None:
    md5 = folder_md5(raw_dir)
    if md5 == record.md5:
        return
    if record.file_count not in (None, count + 1):
        raise DatasetError(
            f"{raw_dir} holds {count} posters and their table, {record.path} records"
            f" {record.file_count} files",
            f"add --count {record.file_count - 1}, or accept these: dvc commit {record.path}",
        )
    raise DatasetError(
        f"{raw_dir} hashes to {md5}, {record.path} records {record.md5}: this machine draws other"
        " bytes (other versions of Pillow or numpy than in requirements.txt?)",
        f"install those and add --force, or accept these posters: dvc commit {record.path}",
    )


def count_drawn(raw_dir: Path, count: int) -> int:
    """How many of the first ``count`` posters ``raw_dir`` seems to hold: names and rows agree."""
    if not raw_dir.exists():
        return 0
    names = {path.relative_to(raw_dir).as_posix() for path in counted_files(raw_dir)}
    if not names:
        return 0
    drawn = len(names) - 1
    if names != {"train.csv", *map(_name, range(drawn))}:
        raise OtherDataError(raw_dir, f"{len(names)} files")
    if (raw_dir / "train.csv").read_bytes() != collection.table(drawn).encode():
        raise OtherDataError(raw_dir, "another train.csv")
    if drawn > count:
        raise OtherDataError(raw_dir, f"{drawn} drawn posters, more than {count}")
    return drawn


def _check_pictures(pictures: Iterable[bytes], raw_dir: Path, drawn: int) -> Iterator[bytes]:
    """``pictures``, as long as the first ``drawn`` are those in ``raw_dir``."""
    for index, picture in enumerate(pictures):
        if index < drawn and (raw_dir / _name(index)).read_bytes() != picture:
            raise OtherDataError(raw_dir, f"another {_name(index)}")
        yield picture


def _show_progress(pictures: Iterable[bytes], count: int) -> Iterable[bytes]:
    """``pictures`` with a progress bar, where there is somebody to see it."""
    return tqdm(pictures, "Drawing posters", count, unit="poster", leave=False, disable=None)


def _write(pictures: Iterable[bytes], count: int, folder: Path) -> int:
    """Write the table and ``pictures`` to ``folder``; the sum of their bytes."""
    table = collection.table(count).encode()
    (folder / "train.csv").write_bytes(table)
    (folder / "Images").mkdir()
    size = len(table)
    for index, picture in enumerate(pictures):
        size += (folder / _name(index)).write_bytes(picture)
    return size


def _name(index: int) -> str:
    return f"Images/{collection.identifier(index)}.jpg"


def _read_record(path: Path) -> Record:
    try:
        out = yaml.safe_load(path.read_text("utf-8"))["outs"][0]
        file_count = out.get("nfiles")
        if not (file_count is None or isinstance(file_count, int)):
            raise TypeError
        return Record(path, str(out["md5"]), file_count)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file", f"git checkout {path}") from None
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        raise DatasetError(f"{path} records no out as DVC does", f"git checkout {path}") from None
