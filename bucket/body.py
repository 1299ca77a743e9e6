"""The body of a request, in blocks, within time limits: nobody holds a connection for ever."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp.web import BaseRequest
from aiohttp.web_exceptions import HTTPException

from bucket.errors import RefusedError

SILENCE_S = 30.0
_GRACE_S = 60.0
_SLOWEST = 8192  # bytes a second, after the grace
_JSON_BYTES = 1 << 20


async def blocks(request: BaseRequest) -> AsyncIterator[bytes]:
    """The body as it comes; a RefusedError where it comes too slowly or is malformed."""
    clock = asyncio.get_running_loop().time
    started, received = clock(), 0
    while True:
        left = started + _GRACE_S + received / _SLOWEST - clock()
        try:
            async with asyncio.timeout(min(SILENCE_S, left)):
                block = await request.content.readany()
        except TimeoutError:
            raise RefusedError(408, "The body did not come in time.") from None
        except (HTTPException, ValueError, AssertionError) as error:
            raise RefusedError(400, f"Malformed body: {error}") from None
        if not block:
            return
        received += len(block)
        yield block


async def short(request: BaseRequest) -> bytes:
    """A whole body that describes something; a RefusedError where it is longer than that takes."""
    content = bytearray()
    async for block in blocks(request):
        content += block
        if len(content) > _JSON_BYTES:
            raise RefusedError(400, f"The description is longer than {_JSON_BYTES} bytes.")
    return bytes(content)
