"""The body of a request, in blocks, within time limits: no client holds a connection for ever."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp.web import BaseRequest
from aiohttp.web_exceptions import HTTPException

from bucket.errors import ApiError

_SILENCE_S = 30.0
_GRACE_S = 60.0
_SLOWEST = 8192  # bytes a second, after the grace: bad Wi-Fi has more
_MAX_DESCRIPTION = 1 << 20  # gcsfs sends some hundred bytes


async def read_blocks(request: BaseRequest) -> AsyncIterator[bytes]:
    """The body as it arrives; an ApiError where it arrives too slowly or is malformed."""
    clock = asyncio.get_running_loop().time
    start, size = clock(), 0
    while True:
        seconds_left = start + _GRACE_S + size / _SLOWEST - clock()
        try:
            async with asyncio.timeout(min(_SILENCE_S, seconds_left)):
                block = await request.content.readany()
        except TimeoutError:
            raise ApiError(408, "The body did not come in time.") from None
        except (HTTPException, ValueError, AssertionError) as error:
            raise ApiError(400, f"Malformed body: {error}") from None
        if not block:
            return
        size += len(block)
        yield block


async def read_description(request: BaseRequest) -> bytes:
    """A whole body that describes an object; an ApiError where it is too long for that."""
    content = bytearray()
    async for block in read_blocks(request):
        content += block
        if len(content) > _MAX_DESCRIPTION:
            raise ApiError(400, f"The description is longer than {_MAX_DESCRIPTION} bytes.")
    return bytes(content)
