"""An object's bytes on their way out, all or a range of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from aiohttp.web import BaseRequest, Response, StreamResponse

from bucket import answers
from bucket.errors import RefusedError
from bucket.store import Held

_BLOCK = 1 << 18
_SILENCE_S = 60.0


async def stream(request: BaseRequest, held: Held) -> StreamResponse:
    """The object, or the range that the request asks for; a FileNotFoundError where it is gone."""
    headers = {
        "Content-Type": held.content_type,
        "X-Goog-Hash": f"crc32c={held.crc32c},md5={held.md5}",
        "X-Goog-Generation": str(held.generation),
        "ETag": f'"{held.md5}"',
        "Accept-Ranges": "bytes",
    }
    try:
        wanted = answers.wanted_range(request.headers.get("Range"), held.size)
    except RefusedError as error:
        refusal = answers.of_error(error)
        refusal.headers["Content-Range"] = f"bytes */{held.size}"
        return refusal
    start, stop = wanted or (0, held.size)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{held.size}"
    status = 206 if wanted else 200
    if stop - start <= _BLOCK:
        return Response(body=_read(held.path, start, stop), status=status, headers=headers)
    response = StreamResponse(status=status, headers=headers)
    response.content_length = stop - start
    with Path(held.path).open("rb") as file:
        await response.prepare(request)
        async for block in _rest(file, start, stop):
            async with asyncio.timeout(_SILENCE_S):
                await response.write(block)
    await response.write_eof()
    return response


async def blocks(path: str, start: int, stop: int) -> AsyncIterator[bytes]:
    """The bytes of a file, in blocks."""
    with Path(path).open("rb") as file:
        async for block in _rest(file, start, stop):
            yield block


async def _rest(file: BinaryIO, start: int, stop: int) -> AsyncIterator[bytes]:
    file.seek(start)
    while start < stop:
        block = await asyncio.to_thread(file.read, min(_BLOCK, stop - start))
        if not block:
            raise ConnectionResetError("the file became shorter while it was read")
        start += len(block)
        yield block


def _read(path: str, start: int, stop: int) -> bytes:
    with Path(path).open("rb") as file:
        file.seek(start)
        return file.read(stop - start)
