"""Uploads in the three ways of Google Cloud Storage: the bytes alone, multipart, and resumable."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from aiohttp.web import BaseRequest, Response

from bucket import multipart
from bucket.errors import ApiError
from bucket.object_names import check_name
from bucket.object_store import Bucket
from bucket.partial_file import PartialFile
from bucket.request import ParsedRequest
from bucket.request_body import read_blocks, read_description
from bucket.responses import json_response, object_resource
from bucket.resumable import ContentRange, ResumableUpload, ResumableUploads, parse_content_range


class UploadHandler:
    """Takes uploads; ``partial_dir`` holds what is not complete, on the disk of the buckets."""

    def __init__(self, partial_dir: Path) -> None:
        self._partial_dir = partial_dir
        self._resumable = ResumableUploads()

    def close(self) -> None:
        """Delete what is not complete."""
        self._resumable.remove_all()

    async def handle(self, request: ParsedRequest, bucket: Bucket) -> Response:
        """Take an upload, or a part of one."""
        request.check_method("POST", "PUT", "DELETE")
        bucket.check_writable()
        if key := request.query.get("upload_id"):
            return await self._resume(request, bucket, key)
        request.check_method("POST", "PUT")
        match request.query.get("uploadType"):
            case "media" | "multipart":
                return await self._receive(request, bucket)
            case "resumable":
                return await self._begin(request, bucket)
        raise ApiError(400, "Invalid uploadType: media, multipart or resumable")

    async def _receive(self, request: ParsedRequest, bucket: Bucket) -> Response:
        """A whole upload in one request."""
        preconditions, blocks = request.preconditions, read_blocks(request.http)
        with closing(PartialFile(self._partial_dir)) as file:
            description: dict[str, Any] = {}
            if request.query["uploadType"] == "multipart":
                boundary = multipart.boundary_of(request.http.headers.get("Content-Type", ""))
                description = await multipart.read_parts(blocks, boundary, file.write)
            else:
                async for block in blocks:
                    file.write(block)
            name = _object_name(request, description)
            file.finish(_declared_hashes(request, description))
            preconditions.check(bucket.store.find(name))
            metadata = bucket.store.put(file, name)
        return json_response(object_resource(request, bucket.name, metadata))

    async def _begin(self, request: ParsedRequest, bucket: Bucket) -> Response:
        """Begin a resumable upload."""
        description = multipart.parse_description(await read_description(request.http))
        name = _object_name(request, description)
        hashes, preconditions = _declared_hashes(request, description), request.preconditions
        preconditions.check(bucket.store.find(name))
        file = PartialFile(self._partial_dir)
        key = self._resumable.add(ResumableUpload(bucket.name, name, file, hashes, preconditions))
        path = f"{request.base_url}/upload/storage/v1/b/{bucket.name}/o"
        location = f"{path}?uploadType=resumable&upload_id={key}"
        return Response(headers={"Location": location, "X-GUploader-UploadID": key})

    async def _resume(self, request: ParsedRequest, bucket: Bucket, key: str) -> Response:
        upload = self._resumable.get(key)
        if upload.bucket != bucket.name:
            raise ApiError(404, f"No such upload in the bucket {bucket.name}.")
        async with upload.lock:
            self._resumable.get(key)  # it may have ended while this request waited
            if request.http.method == "DELETE":
                self._resumable.remove(key)
                raise ApiError(499, "The upload was cancelled.")
            return await self._continue(request, bucket, upload, key)

    async def _continue(
        self, request: ParsedRequest, bucket: Bucket, upload: ResumableUpload, key: str
    ) -> Response:
        headers, file = request.http.headers, upload.file
        part = parse_content_range(headers.get("Content-Range"), request.http.content_length)
        await _append(request.http, file, part)
        total = part.total
        if total is None and "Content-Range" not in headers:
            total = file.size
        if total is None or file.size < total:
            progress = {"Range": f"bytes=0-{file.size - 1}"} if file.size else {}
            return Response(status=308, headers=progress)
        if file.size > total:
            raise ApiError(400, f"{file.size} bytes came, and {total} were announced.")
        try:
            file.finish({**upload.declared_hashes, **_parse_hashes(headers.get("X-Goog-Hash", ""))})
            upload.preconditions.check(bucket.store.find(upload.name))
            metadata = bucket.store.put(file, upload.name)
        finally:
            self._resumable.remove(key)
        return json_response(object_resource(request, bucket.name, metadata))


async def _append(request: BaseRequest, file: PartialFile, part: ContentRange) -> None:
    """Add the new bytes: a client that missed a response sends some of them again."""
    if part.start is None:
        return
    if part.start > file.size:
        raise ApiError(400, f"Invalid Content-Range: {file.size} bytes came so far.")
    known = file.size - part.start
    async for block in read_blocks(request):
        fresh = block[known:]
        known = max(0, known - len(block))
        if fresh and part.stop is not None and file.size + len(fresh) > part.stop:
            raise ApiError(400, "Invalid body: more bytes than were announced.")
        file.write(fresh)


def _object_name(request: ParsedRequest, description: Mapping[str, Any]) -> str:
    name = request.query.get("name") or description.get("name")
    if name is not None and not isinstance(name, str):
        raise ApiError(400, "Invalid object name: it is no text.")
    return check_name(name or "")


def _declared_hashes(request: ParsedRequest, description: Mapping[str, Any]) -> dict[str, str]:
    """The hashes that the client says the object has, in any of the places that Google reads."""
    headers = request.http.headers
    hashes = _parse_hashes(headers.get("X-Goog-Hash", ""))
    if md5 := headers.get("Content-MD5"):
        hashes["md5"] = md5.strip()
    for key, kind in (("md5Hash", "md5"), ("crc32c", "crc32c")):
        if isinstance(value := description.get(key), str):
            hashes[kind] = value
    return hashes


def _parse_hashes(header: str) -> dict[str, str]:
    """Of ``crc32c=AAAAAA==,md5=…``."""
    pairs = (pair.strip().partition("=") for pair in header.split(","))
    return {kind: value for kind, _, value in pairs if kind in ("md5", "crc32c")}
