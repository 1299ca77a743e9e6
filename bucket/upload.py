"""One object on its way in: a file beside the others, hashed while it grows."""

import contextlib
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from bucket.errors import RefusedError
from bucket.hashes import Hashes


class Upload:
    """Bytes as they come, in a file of ``folder`` that nobody sees until it is kept."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / uuid.uuid4().hex
        self.size = 0
        try:
            self._file = self.path.open("xb", buffering=0)
        except FileNotFoundError:  # somebody removed the folder while the server ran
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb", buffering=0)
        self.hashes = Hashes()

    def write(self, block: bytes) -> None:
        """Take up more bytes; size and hashes are of what is in the file, also on a full disk."""
        while block:
            written = self._file.write(block)
            self.hashes.update(block[:written])
            self.size += written
            block = block[written:]

    def finish(self, declared: Mapping[str, str]) -> None:
        """Close the file, and compare with what the client said its hashes are."""
        self._file.close()
        for kind, mine in (("md5", self.hashes.md5), ("crc32c", self.hashes.crc32c)):
            theirs = declared.get(kind, mine)
            if theirs != mine:
                raise RefusedError(
                    400, f"Provided {kind} hash {theirs!r} doesn't match calculated hash {mine!r}."
                )

    def drop(self) -> None:
        """Leave nothing, where it was not kept."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)  # noqa: PTH108 - a thousand a second
