"""A listing's request and response: prefix, delimiter, pages."""

import asyncio
import base64
from typing import Any

from aiohttp.web import Response

from bucket.errors import ApiError
from bucket.object_metadata import ListQuery
from bucket.object_store import Bucket
from bucket.request import ParsedRequest
from bucket.responses import json_response, object_resource

_MAX_RESULTS = 1000  # as Google


async def list_objects(request: ParsedRequest, bucket: Bucket) -> Response:
    """One page of a bucket's objects, in order of their names."""
    options = request.query
    prefix, delimiter = options.get("prefix", ""), options.get("delimiter", "")
    start, end = options.get("startOffset", ""), options.get("endOffset", "")
    query = ListQuery(prefix, delimiter, start, end, _parse_limit(options.get("maxResults")))
    after = _decode_token(options.get("pageToken", ""))
    # In a thread: it may hash files that were changed by hand, or whose hashes are not remembered.
    page = await asyncio.to_thread(bucket.store.list_page, query, after)
    document: dict[str, Any] = {"kind": "storage#objects"}
    if page.prefixes:
        document["prefixes"] = page.prefixes
    if page.items:
        document["items"] = [object_resource(request, bucket.name, item) for item in page.items]
    if page.after is not None:
        token = base64.urlsafe_b64encode(page.after.encode("utf-8"))
        document["nextPageToken"] = token.decode("ascii")
    return json_response(document)


def _decode_token(token: str) -> str:
    try:
        return base64.b64decode(token.encode("ascii"), b"-_", validate=True).decode("utf-8")
    except ValueError:
        raise ApiError(400, "Invalid pageToken: it is none of this server's.") from None


def _parse_limit(text: str | None) -> int:
    if text is None:
        return _MAX_RESULTS
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise ApiError(400, "Invalid maxResults: it is no number above 0.")
    return min(_MAX_RESULTS, int(text[:9]))
