"""Responses in the form of Google Cloud Storage's JSON API."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aiohttp.web import Response

from bucket.errors import ApiError
from bucket.object_metadata import ObjectMetadata
from bucket.request import ParsedRequest


def json_response(document: object, status: int = 200) -> Response:
    """A JSON body."""
    body = json.dumps(document, ensure_ascii=True).encode("ascii")
    return Response(body=body, status=status, content_type="application/json", charset="UTF-8")


def error_response(error: ApiError) -> Response:
    """The response to a request that was refused."""
    return json_response(error.as_json(), error.status)


def bucket_resource(request: ParsedRequest, name: str) -> dict[str, Any]:
    """What the API says of a bucket."""
    return {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"{request.base_url}/storage/v1/b/{name}",
        "location": "WORKSHOP",
        "locationType": "region",
        "storageClass": "STANDARD",
        "projectNumber": "0",
        "metageneration": "1",
        "timeCreated": "2020-01-01T00:00:00.000000Z",
        "updated": "2020-01-01T00:00:00.000000Z",
    }


def object_resource(
    request: ParsedRequest, bucket: str, metadata: ObjectMetadata
) -> dict[str, Any]:
    """What the API says of an object."""
    base_url = request.base_url
    path = f"b/{bucket}/o/{quote(metadata.name, safe='')}"
    time = datetime.fromtimestamp(metadata.generation / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{metadata.name}/{metadata.generation}",
        "selfLink": f"{base_url}/storage/v1/{path}",
        "mediaLink": f"{base_url}/download/storage/v1/{path}?alt=media",
        "name": metadata.name,
        "bucket": bucket,
        "generation": str(metadata.generation),
        "metageneration": "1",
        "contentType": metadata.content_type,
        "storageClass": "STANDARD",
        "size": str(metadata.size),
        "md5Hash": metadata.md5,
        "crc32c": metadata.crc32c,
        # Google's has the generation in it. `dvc status` compares etags of imported data: this one
        # stays where the same bytes are uploaded again.
        "etag": metadata.md5,
        "timeCreated": time,
        "updated": time,
        "timeStorageClassUpdated": time,
    }
