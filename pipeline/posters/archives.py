"""The files of a folder, a zip or a tar, one after another, with nothing hostile among them.

By hand and not with pooch 1.9, its ``HTTPDownloader``, ``Unzip`` and ``Untar``: with them 39 of the
87 cases in tests/pipeline/test_public.py fail. It has no limit on bytes or files, follows paths and
links out of the archive as far as Python lets it, takes the part that a killed run left for the
whole file (there is no hash to compare with), and asks four times for an address that is wrong.
"""

import bz2
import gzip
import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from pipeline.shared.errors import DatasetError

MAX_BYTES = 5_000_000_000
"""The most that all files together may unpack to; the public poster set has 260 MB."""
MAX_FILES = 200_000
MAX_HEADER_BYTES = 1 << 24
"""The most that tarfile may read at a stroke: it holds a header, however long, in memory."""


CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Archive:
    """A folder, a zip or a tar (.gz, .bz2, .xz) at ``path``, and what its user calls it."""

    path: Path
    name: str


@dataclass(frozen=True)
class ArchivedFile:
    """A regular file: its path within, its size in bytes, and how to read it.

    ``open`` works until the next file is asked for.
    """

    path: PurePosixPath
    size: int
    open: Callable[[], IO[bytes]]


def files(archive: Archive) -> Iterator[ArchivedFile]:
    """Each file in ``archive``, in its order; folders are left out.

    Raises DatasetError for what is neither folder, zip nor tar, for a damaged one, for a path that
    leads out of it, for links and devices, and beyond MAX_FILES or MAX_BYTES.
    """
    with _report_damage(archive):
        count = total = 0
        for file in _walk(archive):
            count, total = count + 1, total + file.size
            if count > MAX_FILES or total > MAX_BYTES:
                raise _refusal(archive, f"more than {MAX_FILES:,} files or {MAX_BYTES:,} bytes")
            yield file


def copy(file: ArchivedFile, target: Path, archive: Archive) -> None:
    """Write the ``file`` that ``archive`` just gave to ``target``, which must not be there yet."""
    # "x": on a disk that takes two names for one, one of two files would be lost.
    with _report_damage(archive), file.open() as reader, target.open("xb") as writer:
        shutil.copyfileobj(reader, writer, CHUNK_BYTES)


def _walk(archive: Archive) -> Iterator[ArchivedFile]:
    if archive.path.is_dir():
        return _files_of_folder(archive)
    with archive.path.open("rb") as file:
        start = file.read(512)
    if start.startswith((b"PK\3\4", b"PK\5\6")):  # the second begins a zip without files
        return _files_of_zip(archive)
    return _files_of_tar(archive, start)


@contextmanager
def _report_damage(archive: Archive) -> Iterator[None]:
    """Tell what the readers of archives raise for damaged ones, which is not one type but many."""
    try:
        yield
    except (
        EOFError,
        LookupError,
        NotImplementedError,
        ValueError,
        lzma.LZMAError,
        struct.error,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise _damage_error(archive, error) from None
    except OSError as error:
        if error.errno is not None:  # the system's: a full disk, a file that may not be read
            raise
        raise _damage_error(archive, error) from None


def _damage_error(archive: Archive, error: Exception) -> DatasetError:
    return DatasetError(
        f"{archive.name} is damaged or cut off: {str(error) or type(error).__name__}",
        "get the file again",
    )


def _refusal(archive: Archive, what: str) -> DatasetError:
    return DatasetError(
        f"{archive.name} holds {what}, which is refused",
        "take the data set from where it is published",
    )


def _files_of_folder(archive: Archive) -> Iterator[ArchivedFile]:
    for path in _paths(archive.path, ()):
        within = PurePosixPath(path.relative_to(archive.path).as_posix())
        yield ArchivedFile(within, path.stat().st_size, partial(_open, path))


def _paths(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """The files in ``folder`` and behind its links, save for one to a folder ``above`` it.

    Links are followed here alone: unlike an archive's, they are of the user's own making.
    """
    real = folder.resolve()
    if real in above:
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _paths(path, (*above, real))
        elif path.is_file():
            yield path


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _files_of_zip(archive: Archive) -> Iterator[ArchivedFile]:
    with zipfile.ZipFile(archive.path) as reader:
        for info in reader.infolist():
            path = _path_within(archive, info.filename)
            # The upper half is the mode on Unix, 0 in an archive that Windows made.
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refusal(archive, f"a link or device, {info.filename!r}")
            if info.flag_bits & 1:  # encrypted
                raise _refusal(archive, f"the encrypted file {info.filename!r}")
            if not info.is_dir():
                yield ArchivedFile(path, info.file_size, partial(reader.open, info))


def _files_of_tar(archive: Archive, start: bytes) -> Iterator[ArchivedFile]:
    with _open_stream(archive.path, start) as stream:
        reader = _tar_reader(archive, start, stream)
        for member in reader:
            path = _path_within(archive, member.name)
            if member.isreg():
                yield ArchivedFile(path, member.size, partial(_open_member, reader, member))
            elif not member.isdir():
                raise _refusal(archive, f"a link or device, {member.name!r}")
        _check_end(reader, stream)


def _tar_reader(archive: Archive, start: bytes, stream: "_BoundedStream") -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=cast(BinaryIO, stream), mode="r:")
    except tarfile.ReadError:
        raise DatasetError(
            f"{archive.name} is no folder, zip or tar: it begins with {start[:16]!r}",
            "give the data set's archive, or the folder that holds train.csv and Images",
        ) from None


def _open_member(reader: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = reader.extractfile(member)
    if file is None:  # not for a regular file
        raise tarfile.ReadError(f"{member.name} cannot be read")
    return file


def _check_end(reader: tarfile.TarFile, stream: "_BoundedStream") -> None:
    """Miss the end mark where the tar was cut within a header, which tarfile takes for the end.

    Then read on to the end, where the compressed kinds have their checksums.
    """
    stream.seek(reader.offset)
    block = stream.read(tarfile.BLOCKSIZE)
    if not block or block.strip(b"\0"):
        raise tarfile.ReadError("its end is missing")
    while stream.read(CHUNK_BYTES):
        pass


@contextmanager
def _open_stream(path: Path, start: bytes) -> "Iterator[_BoundedStream]":
    file: IO[bytes]
    if start.startswith(b"\x1f\x8b"):
        file = cast(IO[bytes], gzip.GzipFile(path))
    elif start.startswith(b"BZh"):
        file = cast(IO[bytes], bz2.BZ2File(path))
    elif start.startswith(b"\xfd7zXZ\0"):
        file = cast(IO[bytes], lzma.LZMAFile(path))  # noqa: SIM115 - closed below
    else:
        file = path.open("rb")
    with file:
        yield _BoundedStream(file)


class _BoundedStream:
    """What tarfile needs of a file, without the memory and time that a bomb would have it take."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        if size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        self._check(self.tell() + size)
        return self._file.read(size)

    def seek(self, place: int) -> int:
        self._check(place)
        return self._file.seek(place)

    def _check(self, place: int) -> None:
        if place > 2 * MAX_BYTES:  # the files, their headers and their padding
            raise tarfile.ReadError(f"it goes beyond byte {place:,}")


def _path_within(archive: Archive, name: str) -> PurePosixPath:
    """The path that ``name`` gives, which is refused if it could lead out, on any system."""
    slashed = name.replace("\\", "/")
    path = PurePosixPath(slashed)
    if path.is_absolute() or ".." in path.parts or ":" in slashed or "\0" in slashed:
        raise _refusal(archive, f"a path that leads out of it, {name!r}")
    return path
