"""What goes in and out: the messages of ASGI, between uvicorn and an app, and JSON.

The types are written here because an import of Starlette's own takes 20 ms.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


async def send_answer(
    send: Send, status: int, media_type: str, content: bytes, headers: Mapping[str, str]
) -> None:
    """Send a whole answer."""
    lines = [
        *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        (b"content-length", b"%d" % len(content)),
        (b"content-type", media_type.encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": content})


def as_json(document: Any) -> bytes:
    """``document`` as readable UTF-8 JSON."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Half a surrogate pair, as in a filename that is no UTF-8, has no UTF-8: it stays an escape.
    return text.encode("utf-8", "backslashreplace")
