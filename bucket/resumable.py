"""Resumable uploads: an object in several requests, until it is complete, cancelled or too old."""

import asyncio
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from bucket.errors import ApiError
from bucket.partial_file import PartialFile
from bucket.preconditions import Preconditions

_MAX_UPLOADS = 2000  # each has an open file, of the 16,384 that server.py asks for
_IDLE_S = 3600.0
_CONTENT_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)")
"""``bytes 0-99/200``; ``bytes 0-99/*``: of an unknown size; ``bytes */200``: how many are there?"""


@dataclass
class ResumableUpload:
    """One object in several requests, one at a time."""

    bucket: str
    name: str
    file: PartialFile
    declared_hashes: Mapping[str, str]
    preconditions: Preconditions
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last_used: float = field(default_factory=time.monotonic)


class ResumableUploads:
    """The uploads that are under way, by their id; a limited number of them."""

    def __init__(self) -> None:
        self._by_id: dict[str, ResumableUpload] = {}

    def add(self, upload: ResumableUpload) -> str:
        """Remember an upload; its id. Those that nobody used for an hour are forgotten."""
        oldest = time.monotonic() - _IDLE_S
        for key, other in list(self._by_id.items()):
            if other.last_used < oldest and not other.lock.locked():
                self.remove(key)
        if len(self._by_id) >= _MAX_UPLOADS:
            upload.file.close()
            raise ApiError(503, f"{_MAX_UPLOADS} uploads are under way.")
        key = uuid.uuid4().hex
        self._by_id[key] = upload
        return key

    def get(self, key: str) -> ResumableUpload:
        """The upload of that id; an ApiError where it is over, or from before a restart."""
        upload = self._by_id.get(key)
        if upload is None:
            raise ApiError(404, "No such upload: it is over, or the server was started again.")
        upload.last_used = time.monotonic()
        return upload

    def remove(self, key: str) -> None:
        """Forget an upload, with its bytes unless they became an object."""
        if upload := self._by_id.pop(key, None):
            upload.file.close()

    def remove_all(self) -> None:
        """Forget all."""
        for key in list(self._by_id):
            self.remove(key)


@dataclass(frozen=True)
class ContentRange:
    """What a request brings of an upload: the bytes from ``start`` up to before ``stop``.

    ``start`` is None where it brings nothing and asks how far the upload is. ``stop`` and ``total``
    (the size of the object) are None as long as the client does not know them.
    """

    start: int | None
    stop: int | None
    total: int | None


def parse_content_range(header: str | None, length: int | None) -> ContentRange:
    """Of a request with that Content-Range and Content-Length."""
    if header is None:
        return ContentRange(0, length, length)
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if not match:
        raise ApiError(400, f"Malformed Content-Range: {header[:80]}")
    start, end, total = match.groups()
    if start and (
        int(end) < int(start)
        or (length is not None and length != int(end) - int(start) + 1)
        or (total != "*" and int(end) >= int(total))
    ):
        raise ApiError(400, f"Content-Range {header[:80]} contradicts the body or itself.")
    size = None if total == "*" else int(total)
    return ContentRange(int(start), int(end) + 1, size) if start else ContentRange(None, None, size)
