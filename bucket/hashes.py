"""The two hashes that Google Cloud Storage tells of each object."""

import base64
import hashlib

import google_crc32c


class Hashes:
    """MD5 and CRC32C of bytes that come in blocks."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc32c: int = 0

    def update(self, block: bytes) -> None:
        """Take up more bytes."""
        self._md5.update(block)
        self._crc32c = google_crc32c.extend(self._crc32c, block)

    @property
    def md5(self) -> str:
        """In base64."""
        return base64.b64encode(self._md5.digest()).decode("ascii")

    @property
    def crc32c(self) -> str:
        """In base64, the high byte first."""
        return base64.b64encode(self._crc32c.to_bytes(4, "big")).decode("ascii")
