"""The requests that gcsfs and Google's own clients make, answered from folders.

What it isn't: Google Cloud Storage. It asks nobody who they are, keeps one version of each object
and no metadata of the client's, and has two buckets. It is for a classroom's network.
"""

import errno
from collections.abc import Callable
from pathlib import Path

from aiohttp.web import BaseRequest, Response, StreamResponse

from bucket import answers, downloads, listing, names
from bucket.asked import Asked, Bucket, parts_of
from bucket.errors import RefusedError
from bucket.uploads import Uploads

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Handler:
    """Answers every request; ``partial_dir`` takes what is on its way in, on the same disk."""

    def __init__(
        self,
        buckets: list[Bucket],
        partial_dir: Path,
        welcome: str = "",
        report: Callable[[str], None] = print,
    ) -> None:
        self._buckets = {bucket.name: bucket for bucket in buckets}
        self._uploads = Uploads(partial_dir)
        self.welcome = welcome
        self._report = report

    async def __call__(self, request: BaseRequest) -> StreamResponse:
        """The answer, whatever was asked: a refusal where it cannot be had."""
        try:
            return await self._answer(parts_of(request))
        except RefusedError as error:
            return answers.of_error(error)
        except (ConnectionError, TimeoutError):  # the client left, or takes nothing any more
            return _broken_off(request)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                self._report(f"error: {error}")
            if request.writer.output_size:
                return _broken_off(request)
            return answers.of_error(_of_folder(error))

    def close(self) -> None:
        """Leave nothing of what is not whole."""
        self._uploads.close()

    async def _answer(self, asked: Asked) -> StreamResponse:
        match asked.words:
            case [""]:
                return Response(text=self.welcome)
            case ["storage", "v1", "b"]:
                return self._list_buckets(asked)
            case ["upload", "storage", "v1", "b", bucket, "o"]:
                return await self._uploads.answer(asked, self._bucket(bucket))
            case ["download", "storage", "v1", "b", bucket, "o", name]:
                return await self._download(asked, self._bucket(bucket), name)
            case ["storage", "v1", "b", bucket, *rest]:
                return await self._in_bucket(asked, self._bucket(bucket), rest)
        raise RefusedError(404, f"Nothing is at {asked.request.path[:200]}")

    def _bucket(self, name: str) -> Bucket:
        if name not in self._buckets:
            there = " and ".join(self._buckets)
            raise RefusedError(404, f"The bucket {name[:100]} does not exist. There is: {there}")
        return self._buckets[name]

    def _list_buckets(self, asked: Asked) -> Response:
        _check_only_read(asked)
        items = [answers.bucket(name, asked.base) for name in self._buckets]
        return answers.of_json({"kind": "storage#buckets", "items": items})

    async def _in_bucket(self, asked: Asked, bucket: Bucket, rest: list[str]) -> StreamResponse:
        match rest:
            case []:
                _check_only_read(asked)
                return answers.of_json(answers.bucket(bucket.name, asked.base))
            case ["o"]:
                asked.check_method("GET")
                return await listing.page(bucket.name, bucket.store, asked.query, asked.base)
            case ["o", name]:
                return await self._object(asked, bucket, name)
            case ["o", name, "moveTo", "o", copy]:
                asked.check_method("POST")
                return await self._move(asked, bucket, name, copy)
            case ["o", name, "rewriteTo" | "copyTo" as how, "b", target, "o", copy]:
                asked.check_method("POST")
                return await self._copy(asked, bucket, name, how, self._bucket(target), copy)
        raise RefusedError(404, f"Nothing is at {asked.request.path[:200]}")

    async def _object(self, asked: Asked, bucket: Bucket, name: str) -> StreamResponse:
        match asked.request.method:
            case "GET" if asked.query.get("alt") == "media":
                return await self._download(asked, bucket, name)
            case "GET":
                held = bucket.held(asked, name)
                return answers.of_json(answers.described(bucket.name, held, asked.base))
            case "DELETE":
                bucket.check_writable()
                bucket.held(asked, name)
                if not bucket.store.remove(name):
                    raise bucket.no_object(name)
                return Response(status=204)
            case "PATCH" | "PUT":
                bucket.check_writable()
                raise RefusedError(400, "Invalid request: this server keeps no metadata.")
        raise RefusedError(405, f"The method {asked.request.method[:20]} is not for an object.")

    async def _download(self, asked: Asked, bucket: Bucket, name: str) -> StreamResponse:
        asked.check_method("GET")
        held = bucket.held(asked, name)
        try:
            return await downloads.stream(asked.request, held)
        except FileNotFoundError:
            raise bucket.no_object(name) from None

    async def _copy(
        self, asked: Asked, source: Bucket, name: str, how: str, target: Bucket, copy: str
    ) -> Response:
        target.check_writable()
        held = source.held(asked, name)
        async with self._uploads.uploading() as upload:
            async for block in downloads.blocks(held.path, 0, held.size):
                upload.write(block)
            upload.finish({"md5": held.md5})
            kept = target.store.keep(upload, names.checked(copy))
        resource = answers.described(target.name, kept, asked.base)
        if how == "copyTo":
            return answers.of_json(resource)
        sizes = {"objectSize": str(kept.size), "totalBytesRewritten": str(kept.size)}
        return answers.of_json(
            {"kind": "storage#rewriteResponse", "done": True, **sizes, "resource": resource}
        )

    async def _move(self, asked: Asked, bucket: Bucket, name: str, copy: str) -> Response:
        answer = await self._copy(asked, bucket, name, "copyTo", bucket, copy)
        if name != copy:
            bucket.store.remove(name)
        return answer


def _check_only_read(asked: Asked) -> None:
    if asked.request.method in ("POST", "PUT", "PATCH", "DELETE"):
        raise RefusedError(403, "This server neither makes nor changes buckets.")
    asked.check_method("GET")


def _of_folder(error: OSError) -> RefusedError:
    """What the client is told; it tries again after a 503 alone."""
    if error.errno == errno.ENAMETOOLONG:
        return RefusedError(400, "Invalid object name: it is too long for this server's disk.")
    if error.errno in _FULL:
        return RefusedError(507, "The disk of the bucket server is full: nothing was kept.")
    return RefusedError(503, f"The bucket's folder: {error.strerror}")


def _broken_off(request: BaseRequest) -> Response:
    """Close the connection: half an answer is better than two in one. What is returned is lost."""
    if request.transport is not None:
        request.transport.abort()
    return answers.of_error(RefusedError(408, "The connection was broken off."))
