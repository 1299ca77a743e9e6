"""The start and the end of a service, as uvicorn tells them: ASGI's lifespan."""

import traceback
from contextlib import AbstractAsyncContextManager

from service.app.asgi import Receive, Send
from service.settings import SettingsError


async def lived(
    resources: AbstractAsyncContextManager[object], receive: Receive, send: Send
) -> None:
    """Enter ``resources`` at the start and leave them at the end.

    A wrong setting stops the start in two lines, anything else with its traceback.
    """
    await receive()
    phase = "startup"
    try:
        async with resources:
            await send({"type": "lifespan.startup.complete"})
            phase = "shutdown"
            await receive()
    except BaseException as error:
        plain = isinstance(error, SettingsError)
        message = f"error: {error}" if plain else traceback.format_exc()
        await send({"type": f"lifespan.{phase}.failed", "message": message})
        raise
    await send({"type": "lifespan.shutdown.complete"})
