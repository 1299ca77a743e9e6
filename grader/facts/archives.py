"""The files in a zip or tar: their md5s, within limits; nothing is unpacked to the disk."""

import hashlib
import io
import lzma
import zlib
from collections.abc import Iterator
from typing import IO

_ZIP = (".zip",)
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_MOST, _LARGEST = 20_000, 256 * 2**20
"""Members, and bytes of them together, that are read: the public data set has 7,900 files."""
_PIECE = 2**20
_UNREADABLE = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What damaged archives, those with a password and those of an unknown method raise.

Beside the errors of zipfile and tarfile themselves.
"""


def is_archive_name(path: str) -> bool:
    """Whether ``path`` is called as an archive that is read here."""
    return path.lower().endswith((*_ZIP, *_TAR))


def member_md5s(path: str, content: bytes) -> Iterator[str]:
    """The md5 of each file in the archive, as far as it can be read within the limits."""
    import tarfile  # 2 ms with zipfile, and few repositories have an archive in git
    import zipfile

    left = _LARGEST
    try:
        for number, member in enumerate(_members(path, content)):
            if number == _MOST:
                return
            digest = hashlib.md5(usedforsecurity=False)
            while piece := member.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    return
                digest.update(piece)
            yield digest.hexdigest()
    except (*_UNREADABLE, zipfile.BadZipFile, tarfile.TarError):
        return


def _members(path: str, content: bytes) -> Iterator[IO[bytes]]:
    file = io.BytesIO(content)
    if path.lower().endswith(_ZIP):
        import zipfile

        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    with archive.open(info) as member:
                        yield member
        return
    import tarfile

    with tarfile.open(fileobj=file, mode="r|*") as stream:
        for entry in stream:
            if entry.isfile() and (extracted := stream.extractfile(entry)):
                yield extracted
