"""Answers in the words of Google Cloud Storage's JSON API."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aiohttp.web import Response

from bucket.errors import RefusedError
from bucket.store import Held

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def of_json(document: object, status: int = 200) -> Response:
    """A JSON body."""
    body = json.dumps(document, ensure_ascii=True).encode("ascii")
    return Response(body=body, status=status, content_type="application/json", charset="UTF-8")


def of_error(error: RefusedError) -> Response:
    """A refusal."""
    return of_json(error.as_json(), error.status)


def bucket(name: str, base: str) -> dict[str, Any]:
    """What a bucket is."""
    return {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"{base}/storage/v1/b/{name}",
        "location": "WORKSHOP",
        "locationType": "region",
        "storageClass": "STANDARD",
        "projectNumber": "0",
        "metageneration": "1",
        "timeCreated": "2020-01-01T00:00:00.000000Z",
        "updated": "2020-01-01T00:00:00.000000Z",
    }


def described(bucket_name: str, held: Held, base: str) -> dict[str, Any]:
    """What an object is."""
    place = f"b/{bucket_name}/o/{quote(held.name, safe='')}"
    time = datetime.fromtimestamp(held.generation / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "kind": "storage#object",
        "id": f"{bucket_name}/{held.name}/{held.generation}",
        "selfLink": f"{base}/storage/v1/{place}",
        "mediaLink": f"{base}/download/storage/v1/{place}?alt=media",
        "name": held.name,
        "bucket": bucket_name,
        "generation": str(held.generation),
        "metageneration": "1",
        "contentType": held.content_type,
        "storageClass": "STANDARD",
        "size": str(held.size),
        "md5Hash": held.md5,
        "crc32c": held.crc32c,
        # Of the bytes alone: what is put there again unchanged is not new to `dvc status`.
        "etag": held.md5,
        "timeCreated": time,
        "updated": time,
        "timeStorageClassUpdated": time,
    }


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last; None for all, as for what is no single range."""
    found = _RANGE.fullmatch((header or "").strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= stop:
        raise RefusedError(416, f"Request range not satisfiable: {header} of {size} bytes.")
    return start, stop
