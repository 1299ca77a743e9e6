"""An object whose bytes still arrive: a file that is hashed while it grows."""

import base64
import contextlib
import hashlib
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

import google_crc32c

from bucket.errors import ApiError


class ObjectHashes:
    """The two hashes that Google Cloud Storage has of each object, in base64."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc32c: int = 0

    def update(self, block: bytes) -> None:
        """Add the next bytes."""
        self._md5.update(block)
        self._crc32c = google_crc32c.extend(self._crc32c, block)

    @property
    def md5(self) -> str:
        """The MD5 hash."""
        return base64.b64encode(self._md5.digest()).decode("ascii")

    @property
    def crc32c(self) -> str:
        """The CRC32C, its high byte first."""
        return base64.b64encode(self._crc32c.to_bytes(4, "big")).decode("ascii")


class PartialFile:
    """A file in ``folder``, which is on the disk of the buckets: no object until it is complete."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / uuid.uuid4().hex
        self.size = 0
        self.hashes = ObjectHashes()
        try:
            self._file = self.path.open("xb", buffering=0)
        except FileNotFoundError:  # somebody deleted the folder while the server ran
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb", buffering=0)

    def write(self, block: bytes) -> None:
        """Add bytes; size and hashes are of what is in the file, also when the disk gets full."""
        while block:
            written = self._file.write(block)
            self.hashes.update(block[:written])
            self.size += written
            block = block[written:]

    def finish(self, declared: Mapping[str, str]) -> None:
        """Close the file; an ApiError where its hashes are not those that the client declared."""
        self._file.close()
        for kind, actual in (("md5", self.hashes.md5), ("crc32c", self.hashes.crc32c)):
            expected = declared.get(kind, actual)
            if expected != actual:
                raise ApiError(
                    400,
                    f"Provided {kind} hash {expected!r} doesn't match calculated hash {actual!r}.",
                )

    def close(self) -> None:
        """Delete the file, unless it became an object."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
