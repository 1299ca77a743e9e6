"""Resumable uploads: what came so far, until it is whole, given up or forgotten."""

import asyncio
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from bucket.conditions import Conditions
from bucket.errors import RefusedError
from bucket.upload import Upload

_MOST = 2000
_IDLE_S = 3600.0
_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)")


@dataclass
class Session:
    """One object on its way, in several requests, one at a time."""

    bucket: str
    name: str
    upload: Upload
    declared: Mapping[str, str]
    only_if: Conditions
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    touched: float = field(default_factory=time.monotonic)


class Sessions:
    """The uploads that are under way, by their id; a bounded number of them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def open(self, session: Session) -> str:
        """Remember it; its id. What was left alone for an hour is forgotten."""
        before = time.monotonic() - _IDLE_S
        for key, one in list(self._by_id.items()):
            if one.touched < before and not one.lock.locked():
                self.close(key)
        if len(self._by_id) >= _MOST:
            session.upload.drop()
            raise RefusedError(503, f"{_MOST} uploads are under way.")
        key = uuid.uuid4().hex
        self._by_id[key] = session
        return key

    def get(self, key: str) -> Session:
        """The upload of that id; a RefusedError where it is over, or from before a restart."""
        session = self._by_id.get(key)
        if session is None:
            raise RefusedError(404, "No such upload: it is over, or the server was started again.")
        session.touched = time.monotonic()
        return session

    def close(self, key: str) -> None:
        """Forget it, with the bytes that nobody kept."""
        if session := self._by_id.pop(key, None):
            session.upload.drop()

    def close_all(self) -> None:
        """Leave nothing of what is not whole."""
        for key in list(self._by_id):
            self.close(key)


@dataclass(frozen=True)
class Part:
    """What a request brings of an upload: the bytes from ``start`` up to before ``stop``.

    ``start`` is None where it brings nothing and asks how far the upload is. ``stop``, and
    ``whole`` for the length of all, are None as long as the client does not know them.
    """

    start: int | None
    stop: int | None
    whole: int | None


def part(header: str | None, length: int | None) -> Part:
    """Of a request with that Content-Range and Content-Length."""
    if header is None:
        return Part(0, length, length)
    found = _RANGE.fullmatch(header.strip())
    if not found:
        raise RefusedError(400, f"Malformed Content-Range: {header[:80]}")
    start, end, whole = found.groups()
    if start and (
        int(end) < int(start)
        or (length is not None and length != int(end) - int(start) + 1)
        or (whole != "*" and int(end) >= int(whole))
    ):
        raise RefusedError(400, f"Content-Range {header[:80]} contradicts the body or itself.")
    size = None if whole == "*" else int(whole)
    return Part(int(start), int(end) + 1, size) if start else Part(None, None, size)
