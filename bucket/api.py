"""The requests that gcsfs and Google's own clients make, answered from folders.

It is not Google Cloud Storage: it does not ask who a client is, keeps one version of each object
and no metadata of the client's, and has two buckets. It is for a classroom's network.
"""

import errno
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from aiohttp.web import BaseRequest, Response, StreamResponse

from bucket import downloads
from bucket.errors import ApiError
from bucket.listing import list_objects
from bucket.object_metadata import ObjectMetadata
from bucket.object_names import check_name
from bucket.object_store import Bucket
from bucket.partial_file import PartialFile
from bucket.request import ParsedRequest, parse_request
from bucket.responses import bucket_resource, error_response, json_response, object_resource
from bucket.uploads import UploadHandler

_DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageApi:
    """Answers every request; ``partial_dir`` is on the same disk as the buckets."""

    def __init__(
        self, buckets: list[Bucket], partial_dir: Path, report: Callable[[str], None]
    ) -> None:
        self._buckets = {bucket.name: bucket for bucket in buckets}
        self._partial_dir = partial_dir
        self._uploads = UploadHandler(partial_dir)
        self._report = report
        self.front_page = ""

    async def __call__(self, http: BaseRequest) -> StreamResponse:
        """The response to any request."""
        try:
            return await self._answer(parse_request(http))
        except ApiError as error:
            return error_response(error)
        except (ConnectionError, TimeoutError):  # the client left, or reads nothing any more
            return _abort_connection(http)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                self._report(f"error: {error}")
            if http.writer.output_size:
                return _abort_connection(http)
            return error_response(_disk_error(error))

    def close(self) -> None:
        """Delete what is not complete."""
        self._uploads.close()

    async def _answer(self, request: ParsedRequest) -> StreamResponse:
        match request.words:
            case [""]:
                return Response(text=self.front_page)
            case ["storage", "v1", "b"]:
                _check_reads_bucket(request)
                items = [bucket_resource(request, name) for name in self._buckets]
                return json_response({"kind": "storage#buckets", "items": items})
            case ["upload", "storage", "v1", "b", bucket, "o"]:
                return await self._uploads.handle(request, self._bucket(bucket))
            case ["download", "storage", "v1", "b", bucket, "o", name]:
                return await _download(request, self._bucket(bucket), name)
            case ["storage", "v1", "b", bucket, *rest]:
                return await self._answer_in_bucket(request, self._bucket(bucket), rest)
        raise _not_found(request)

    def _bucket(self, name: str) -> Bucket:
        if name not in self._buckets:
            names = " and ".join(self._buckets)
            raise ApiError(404, f"The bucket {name[:100]} does not exist. There is: {names}")
        return self._buckets[name]

    async def _answer_in_bucket(
        self, request: ParsedRequest, bucket: Bucket, rest: list[str]
    ) -> StreamResponse:
        match rest:
            case []:
                _check_reads_bucket(request)
                return json_response(bucket_resource(request, bucket.name))
            case ["o"]:
                request.check_method("GET")
                return await list_objects(request, bucket)
            case ["o", name]:
                return await _answer_for_object(request, bucket, name)
            case ["o", name, "moveTo", "o", new_name]:
                request.check_method("POST")
                response = await self._copy(request, bucket, name, bucket, new_name)
                if name != new_name:
                    bucket.store.remove(name)
                return response
            case ["o", name, "rewriteTo" | "copyTo" as method, "b", target, "o", new_name]:
                request.check_method("POST")
                is_rewrite = method == "rewriteTo"
                target_bucket = self._bucket(target)
                return await self._copy(request, bucket, name, target_bucket, new_name, is_rewrite)
        raise _not_found(request)

    async def _copy(
        self,
        request: ParsedRequest,
        source: Bucket,
        name: str,
        target: Bucket,
        new_name: str,
        is_rewrite: bool = False,
    ) -> Response:
        target.check_writable()
        metadata = _find_object(request, source, name)
        with closing(PartialFile(self._partial_dir)) as file:
            async for block in downloads.read_blocks(metadata):
                file.write(block)
            file.finish({"md5": metadata.md5})
            copy = target.store.put(file, check_name(new_name))
        resource = object_resource(request, target.name, copy)
        if not is_rewrite:
            return json_response(resource)
        # Google may need several requests for a rewrite: the client asks again until it is done.
        sizes = {"objectSize": str(copy.size), "totalBytesRewritten": str(copy.size)}
        return json_response(
            {"kind": "storage#rewriteResponse", "done": True, **sizes, "resource": resource}
        )


async def _answer_for_object(request: ParsedRequest, bucket: Bucket, name: str) -> StreamResponse:
    match request.http.method:
        case "GET" if request.query.get("alt") == "media":
            return await _download(request, bucket, name)
        case "GET":
            metadata = _find_object(request, bucket, name)
            return json_response(object_resource(request, bucket.name, metadata))
        case "DELETE":
            bucket.check_writable()
            _find_object(request, bucket, name)
            if not bucket.store.remove(name):
                raise _no_such_object(bucket, name)
            return Response(status=204)
        case "PATCH" | "PUT":
            bucket.check_writable()
            raise ApiError(400, "Invalid request: this server keeps no metadata.")
    raise ApiError(405, f"The method {request.http.method[:20]} is not for an object.")


async def _download(request: ParsedRequest, bucket: Bucket, name: str) -> StreamResponse:
    request.check_method("GET")
    metadata = _find_object(request, bucket, name)
    try:
        return await downloads.send_object(request.http, metadata)
    except FileNotFoundError:
        raise _no_such_object(bucket, name) from None


def _find_object(request: ParsedRequest, bucket: Bucket, name: str) -> ObjectMetadata:
    """The object that is asked for; an ApiError where there is none, or another generation."""
    metadata = bucket.store.find(check_name(name))
    generation = request.query.get("generation")
    if metadata is None or (generation and generation != str(metadata.generation)):
        raise _no_such_object(bucket, name)
    request.preconditions.check(metadata)
    return metadata


def _check_reads_bucket(request: ParsedRequest) -> None:
    if request.http.method in ("POST", "PUT", "PATCH", "DELETE"):
        raise ApiError(403, "This server neither makes nor changes buckets.")
    request.check_method("GET")


def _not_found(request: ParsedRequest) -> ApiError:
    return ApiError(404, f"Nothing is at {request.http.path[:200]}")


def _no_such_object(bucket: Bucket, name: str) -> ApiError:
    return ApiError(404, f"No such object: {bucket.name}/{name}")


def _disk_error(error: OSError) -> ApiError:
    """What the client is told; it tries again after a 503 alone."""
    if error.errno == errno.ENAMETOOLONG:
        return ApiError(400, "Invalid object name: it is too long for this server's disk.")
    if error.errno in _DISK_IS_FULL:
        return ApiError(507, "The disk of the bucket server is full: nothing was kept.")
    return ApiError(503, f"The bucket's folder: {error.strerror}")


def _abort_connection(http: BaseRequest) -> Response:
    """Close it: the client must not take the rest for a response. What is returned is not sent."""
    if http.transport is not None:
        http.transport.abort()
    return error_response(ApiError(408, "The connection was broken off."))
