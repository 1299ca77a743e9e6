"""Uploads in the three ways of Google Cloud Storage: the bytes alone, described, and resumable."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp.web import BaseRequest, Response

from bucket import answers, body, conditions, multipart, names
from bucket.asked import Asked, Bucket
from bucket.errors import RefusedError
from bucket.sessions import Part, Session, Sessions, part
from bucket.upload import Upload


class Uploads:
    """Takes uploads; ``partial_dir`` holds what is on its way in, on the disk of the buckets."""

    def __init__(self, partial_dir: Path) -> None:
        self._partial_dir = partial_dir
        self._sessions = Sessions()

    def close(self) -> None:
        """Leave nothing of what is not whole."""
        self._sessions.close_all()

    async def answer(self, asked: Asked, bucket: Bucket) -> Response:
        """Take an upload, or a part of one."""
        asked.check_method("POST", "PUT", "DELETE")
        bucket.check_writable()
        if key := asked.query.get("upload_id"):
            return await self._resume(asked, bucket, key)
        asked.check_method("POST", "PUT")
        match asked.query.get("uploadType"):
            case "media":
                return await self._take(asked, bucket, self._write_media)
            case "multipart":
                return await self._take(asked, bucket, self._write_multipart)
            case "resumable":
                return await self._start(asked, bucket)
        raise RefusedError(400, "Invalid uploadType: media, multipart or resumable")

    async def _take(
        self,
        asked: Asked,
        bucket: Bucket,
        write: Callable[[Asked, Upload], Awaitable[dict[str, Any]]],
    ) -> Response:
        """A whole upload in one request."""
        only_if = conditions.of(asked.query)
        async with self.uploading() as upload:
            description = await write(asked, upload)
            name = _name_of(asked, description)
            upload.finish(_declared(asked, description))
            only_if.check(bucket.store.look(name))
            held = bucket.store.keep(upload, name)
        return answers.of_json(answers.described(bucket.name, held, asked.base))

    @asynccontextmanager
    async def uploading(self) -> AsyncIterator[Upload]:
        """An upload to write to, of which nothing is left unless it is kept."""
        upload = Upload(self._partial_dir)
        try:
            yield upload
        finally:
            upload.drop()

    async def _write_media(self, asked: Asked, upload: Upload) -> dict[str, Any]:
        async for block in body.blocks(asked.request):
            upload.write(block)
        return {}

    async def _write_multipart(self, asked: Asked, upload: Upload) -> dict[str, Any]:
        boundary = multipart.boundary_of(asked.request.headers.get("Content-Type", ""))
        return await multipart.described(body.blocks(asked.request), boundary, upload.write)

    async def _start(self, asked: Asked, bucket: Bucket) -> Response:
        """Begin a resumable upload."""
        description = multipart.description(await body.short(asked.request))
        name = _name_of(asked, description)
        declared, only_if = _declared(asked, description), conditions.of(asked.query)
        only_if.check(bucket.store.look(name))
        upload = Upload(self._partial_dir)
        key = self._sessions.open(Session(bucket.name, name, upload, declared, only_if))
        place = f"{asked.base}/upload/storage/v1/b/{bucket.name}/o"
        location = f"{place}?uploadType=resumable&upload_id={key}"
        return Response(headers={"Location": location, "X-GUploader-UploadID": key})

    async def _resume(self, asked: Asked, bucket: Bucket, key: str) -> Response:
        session = self._sessions.get(key)
        if session.bucket != bucket.name:
            raise RefusedError(404, f"No such upload in the bucket {bucket.name}.")
        async with session.lock:
            self._sessions.get(key)  # it may have ended while this request waited
            if asked.request.method == "DELETE":
                self._sessions.close(key)
                raise RefusedError(499, "The upload was cancelled.")
            return await self._continue(asked, bucket, session, key)

    async def _continue(self, asked: Asked, bucket: Bucket, session: Session, key: str) -> Response:
        request, upload = asked.request, session.upload
        now = part(request.headers.get("Content-Range"), request.content_length)
        await self._append(request, upload, now)
        whole = now.whole
        if whole is None and "Content-Range" not in request.headers:
            whole = upload.size
        if whole is None or upload.size < whole:
            far = {"Range": f"bytes=0-{upload.size - 1}"} if upload.size else {}
            return Response(status=308, headers=far)
        if upload.size > whole:
            raise RefusedError(400, f"{upload.size} bytes came, and {whole} were announced.")
        try:
            upload.finish({**session.declared, **_hashes(request.headers.get("X-Goog-Hash", ""))})
            session.only_if.check(bucket.store.look(session.name))
            held = bucket.store.keep(upload, session.name)
        finally:
            self._sessions.close(key)
        return answers.of_json(answers.described(bucket.name, held, asked.base))

    async def _append(self, request: BaseRequest, upload: Upload, now: Part) -> None:
        """Take up what is new: a client that missed an answer sends some bytes again."""
        if now.start is None:
            return
        if now.start > upload.size:
            raise RefusedError(400, f"Invalid Content-Range: {upload.size} bytes came so far.")
        known = upload.size - now.start
        async for block in body.blocks(request):
            fresh = block[known:]
            known = max(0, known - len(block))
            if fresh and now.stop is not None and upload.size + len(fresh) > now.stop:
                raise RefusedError(400, "Invalid body: more bytes than were announced.")
            upload.write(fresh)


def _name_of(asked: Asked, description: Mapping[str, Any]) -> str:
    name = asked.query.get("name") or description.get("name")
    if name is not None and not isinstance(name, str):
        raise RefusedError(400, "Invalid object name: it is no text.")
    return names.checked(name or "")


def _declared(asked: Asked, description: Mapping[str, Any]) -> dict[str, str]:
    """The hashes that the client says the object has."""
    headers = asked.request.headers
    declared = _hashes(headers.get("X-Goog-Hash", ""))
    if md5 := headers.get("Content-MD5"):
        declared["md5"] = md5.strip()
    for key, kind in (("md5Hash", "md5"), ("crc32c", "crc32c")):
        if isinstance(value := description.get(key), str):
            declared[kind] = value
    return declared


def _hashes(header: str) -> dict[str, str]:
    pairs = (one.strip().partition("=") for one in header.split(","))
    return {kind: value for kind, _, value in pairs if kind in ("md5", "crc32c")}
