"""The requests that gcsfs and Google's own clients make, answered from folders.

It is not Google Cloud Storage: it does not ask who a client is, keeps one version of each object
and no metadata of the client's, and has two buckets. It is for a classroom's network.
"""

import errno
from collections.abc import Callable
from pathlib import Path

from aiohttp.web import BaseRequest, Response, StreamResponse

from bucket import downloads
from bucket.errors import ApiError
from bucket.listing import list_objects
from bucket.object_names import check_name
from bucket.object_store import Bucket
from bucket.objects import ObjectMetadata
from bucket.request import ParsedRequest, parse_request
from bucket.responses import bucket_resource, error_response, json_response, object_resource
from bucket.uploads import UploadHandler

_DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageApi:
    """Answers every request; ``partial_dir`` is on the same disk as the buckets."""

    def __init__(
        self, buckets: list[Bucket], partial_dir: Path, report: Callable[[str], None] = print
    ) -> None:
        self._buckets = {bucket.name: bucket for bucket in buckets}
        self._uploads = UploadHandler(partial_dir)
        self._report = report
        self.front_page = ""

    async def __call__(self, request: BaseRequest) -> StreamResponse:
        """The response to any request."""
        try:
            return await self._answer(parse_request(request))
        except ApiError as error:
            return error_response(error)
        except (ConnectionError, TimeoutError):  # the client left, or reads nothing any more
            return _abort_connection(request)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                self._report(f"error: {error}")
            if request.writer.output_size:
                return _abort_connection(request)
            return error_response(_disk_error(error))

    def close(self) -> None:
        """Delete what is not complete."""
        self._uploads.close()

    async def _answer(self, request: ParsedRequest) -> StreamResponse:
        match request.words:
            case [""]:
                return Response(text=self.front_page)
            case ["storage", "v1", "b"]:
                return self._list_buckets(request)
            case ["upload", "storage", "v1", "b", bucket, "o"]:
                return await self._uploads.handle(request, self._bucket(bucket))
            case ["download", "storage", "v1", "b", bucket, "o", name]:
                return await self._download(request, self._bucket(bucket), name)
            case ["storage", "v1", "b", bucket, *rest]:
                return await self._answer_in_bucket(request, self._bucket(bucket), rest)
        raise _not_found(request)

    def _bucket(self, name: str) -> Bucket:
        if name not in self._buckets:
            names = " and ".join(self._buckets)
            raise ApiError(404, f"The bucket {name[:100]} does not exist. There is: {names}")
        return self._buckets[name]

    def _list_buckets(self, request: ParsedRequest) -> Response:
        _check_reads_bucket(request)
        items = [bucket_resource(name, request.base_url) for name in self._buckets]
        return json_response({"kind": "storage#buckets", "items": items})

    async def _answer_in_bucket(
        self, request: ParsedRequest, bucket: Bucket, rest: list[str]
    ) -> StreamResponse:
        match rest:
            case []:
                _check_reads_bucket(request)
                return json_response(bucket_resource(bucket.name, request.base_url))
            case ["o"]:
                request.check_method("GET")
                return await list_objects(request, bucket)
            case ["o", name]:
                return await self._answer_for_object(request, bucket, name)
            case ["o", name, "moveTo", "o", new_name]:
                request.check_method("POST")
                return await self._move(request, bucket, name, new_name)
            case ["o", name, "rewriteTo" | "copyTo" as method, "b", target, "o", new_name]:
                request.check_method("POST")
                target_bucket = self._bucket(target)
                metadata = await self._copy(request, bucket, name, target_bucket, new_name)
                return _copy_response(request, method, target_bucket, metadata)
        raise _not_found(request)

    async def _answer_for_object(
        self, request: ParsedRequest, bucket: Bucket, name: str
    ) -> StreamResponse:
        match request.request.method:
            case "GET" if request.query.get("alt") == "media":
                return await self._download(request, bucket, name)
            case "GET":
                metadata = _find_object(request, bucket, name)
                return json_response(object_resource(bucket.name, metadata, request.base_url))
            case "DELETE":
                bucket.check_writable()
                _find_object(request, bucket, name)
                if not bucket.store.remove(name):
                    raise _no_such_object(bucket, name)
                return Response(status=204)
            case "PATCH" | "PUT":
                bucket.check_writable()
                raise ApiError(400, "Invalid request: this server keeps no metadata.")
        raise ApiError(405, f"The method {request.request.method[:20]} is not for an object.")

    async def _download(self, request: ParsedRequest, bucket: Bucket, name: str) -> StreamResponse:
        request.check_method("GET")
        metadata = _find_object(request, bucket, name)
        try:
            return await downloads.send_object(request.request, metadata)
        except FileNotFoundError:
            raise _no_such_object(bucket, name) from None

    async def _copy(
        self, request: ParsedRequest, source: Bucket, name: str, target: Bucket, new_name: str
    ) -> ObjectMetadata:
        target.check_writable()
        metadata = _find_object(request, source, name)
        async with self._uploads.open_file() as file:
            async for block in downloads.read_blocks(metadata):
                file.write(block)
            file.finish({"md5": metadata.md5})
            return target.store.put(file, check_name(new_name))

    async def _move(
        self, request: ParsedRequest, bucket: Bucket, name: str, new_name: str
    ) -> Response:
        metadata = await self._copy(request, bucket, name, bucket, new_name)
        if name != new_name:
            bucket.store.remove(name)
        return _copy_response(request, "moveTo", bucket, metadata)


def _copy_response(
    request: ParsedRequest, method: str, bucket: Bucket, metadata: ObjectMetadata
) -> Response:
    """The new object; for a rewrite, which Google may do in several steps, that all is done."""
    resource = object_resource(bucket.name, metadata, request.base_url)
    if method != "rewriteTo":
        return json_response(resource)
    sizes = {"objectSize": str(metadata.size), "totalBytesRewritten": str(metadata.size)}
    return json_response(
        {"kind": "storage#rewriteResponse", "done": True, **sizes, "resource": resource}
    )


def _find_object(request: ParsedRequest, bucket: Bucket, name: str) -> ObjectMetadata:
    """The object that is asked for; an ApiError where there is none, or another generation."""
    metadata = bucket.store.find(check_name(name))
    generation = request.query.get("generation")
    if metadata is None or (generation and generation != str(metadata.generation)):
        raise _no_such_object(bucket, name)
    request.preconditions.check(metadata)
    return metadata


def _check_reads_bucket(request: ParsedRequest) -> None:
    if request.request.method in ("POST", "PUT", "PATCH", "DELETE"):
        raise ApiError(403, "This server neither makes nor changes buckets.")
    request.check_method("GET")


def _not_found(request: ParsedRequest) -> ApiError:
    return ApiError(404, f"Nothing is at {request.request.path[:200]}")


def _no_such_object(bucket: Bucket, name: str) -> ApiError:
    return ApiError(404, f"No such object: {bucket.name}/{name}")


def _disk_error(error: OSError) -> ApiError:
    """What the client is told; it tries again after a 503 alone."""
    if error.errno == errno.ENAMETOOLONG:
        return ApiError(400, "Invalid object name: it is too long for this server's disk.")
    if error.errno in _DISK_IS_FULL:
        return ApiError(507, "The disk of the bucket server is full: nothing was kept.")
    return ApiError(503, f"The bucket's folder: {error.strerror}")


def _abort_connection(request: BaseRequest) -> Response:
    """Close it: the client must not take the rest for a response. What is returned is not sent."""
    if request.transport is not None:
        request.transport.abort()
    return error_response(ApiError(408, "The connection was broken off."))
