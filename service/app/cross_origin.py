"""Cross-origin requests (CORS): which pages of other sites may read what the service answers.

By hand, as part of every answer: Starlette's middleware would have to be imported for the requests
that ``service.app.dispatcher`` answers without FastAPI.
"""

from collections.abc import Sequence

from service.protocol import Headers

ANY = "*"
_METHODS = b"GET, HEAD, POST"
_EXPOSED = b"retry-after, x-request-id"
"""A page reads a few headers of an answer without leave, and these are not among them."""
_PREFLIGHT_SECONDS = b"600"


def access_headers(origins: Sequence[str], request: Headers) -> list[tuple[bytes, bytes]]:
    """What allows the page that sent ``request`` to read the answer; nothing for a page of none.

    ``origins`` are those of the settings.
    """
    if not origins:
        return []
    if ANY in origins:
        allowed = [(b"access-control-allow-origin", b"*")]
    else:
        # Even in an answer to others: a cache must not give them each other's.
        origin = dict(request).get(b"origin", b"")
        allowed = [(b"vary", b"Origin")]
        if origin.decode("latin-1") in origins:
            allowed.append((b"access-control-allow-origin", origin))
    return [*allowed, (b"access-control-expose-headers", _EXPOSED)]


def preflight_headers(origins: Sequence[str], request: Headers) -> list[tuple[bytes, bytes]] | None:
    """What answers a browser that asks before it sends a request; None for any other request."""
    values = dict(request)
    if not origins or not {b"origin", b"access-control-request-method"} <= values.keys():
        return None
    wanted = values.get(b"access-control-request-headers", b"")
    return [
        (b"access-control-allow-methods", _METHODS),
        *([(b"access-control-allow-headers", wanted)] if wanted else []),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
    ]
