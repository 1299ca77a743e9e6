"""A listing's request and answer: prefix, delimiter, pages."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any

from aiohttp.web import Response

from bucket import answers
from bucket.errors import RefusedError
from bucket.store import Store, Wanted

_MOST = 1000


async def page(bucket: str, store: Store, query: Mapping[str, str], base: str) -> Response:
    """One page of a bucket's objects, in order of their names."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    start, end = query.get("startOffset", ""), query.get("endOffset", "")
    wanted = Wanted(prefix, delimiter, start, end, _limit(query.get("maxResults")))
    found = await asyncio.to_thread(store.page, wanted, _after(query.get("pageToken")))
    document: dict[str, Any] = {"kind": "storage#objects"}
    if found.prefixes:
        document["prefixes"] = found.prefixes
    if found.items:
        document["items"] = [answers.described(bucket, held, base) for held in found.items]
    if found.after is not None:
        token = base64.urlsafe_b64encode(found.after.encode("utf-8"))
        document["nextPageToken"] = token.decode("ascii")
    return answers.of_json(document)


def _after(token: str | None) -> str:
    try:
        return base64.b64decode((token or "").encode("ascii"), b"-_", validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        raise RefusedError(400, "Invalid pageToken: it is none of this server's.") from None


def _limit(text: str | None) -> int:
    if text is None:
        return _MOST
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise RefusedError(400, "Invalid maxResults: it is no number above 0.")
    return min(_MOST, int(text[:9]))
