"""The start and the end of a service: ASGI's lifespan, and the set-up of the process."""

import traceback
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import cv2

from service.app.uvicorn_protocol import correct_uvicorn
from service.protocol import Receive, Send
from service.resources import Resources, open_resources
from service.runtime import access_log, memory
from service.settings import SettingsError, read_settings


async def run_lifespan(
    resources: AbstractAsyncContextManager[object], receive: Receive, send: Send
) -> None:
    """Enter ``resources`` at the start and leave them at the end.

    A wrong setting stops the start with two lines, anything else with its traceback.
    """
    await receive()  # lifespan.startup
    correct_uvicorn(receive)
    phase = "startup"
    try:
        async with resources:
            await send({"type": "lifespan.startup.complete"})
            phase = "shutdown"
            await receive()  # lifespan.shutdown
    except BaseException as error:
        is_expected = isinstance(error, SettingsError)
        message = f"error: {error}" if is_expected else traceback.format_exc()
        await send({"type": f"lifespan.{phase}.failed", "message": message})
        raise
    await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def open_service() -> AsyncIterator[Resources]:
    """Read the environment, set up this process, and open the resources."""
    settings = read_settings()
    memory.return_large_blocks()
    # More threads decode a large picture no sooner, and take the processor from the event loop.
    cv2.setNumThreads(1)
    if settings.access_log:
        access_log.replace_uvicorn_log()
    async with open_resources(settings) as resources:
        with memory.frozen_gc():
            yield resources
