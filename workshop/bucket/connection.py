"""The server's side of connections: limits, refusals in Google's form, and who speaks TLS to it."""

from collections.abc import Callable
from typing import Any

from aiohttp.web import BaseRequest, Response, Server, StreamResponse
from aiohttp.web_protocol import RequestHandler

from workshop.bucket import answers
from workshop.bucket.errors import RefusedError

_IDLE_S = 60.0  # for the headers of the first request too
_TLS_HELLO = b"\x16\x03"


class BucketServer(Server):
    """Makes a connection's handler; ``on_tls`` is told the address of who speaks TLS."""

    def __init__(
        self,
        handler: Callable[[BaseRequest], Any],
        on_tls: Callable[[str], None],
    ) -> None:
        self._limits: dict[str, Any] = {
            "keepalive_timeout": _IDLE_S,
            "lingering_time": 10.0,
            "access_log": None,
            "auto_decompress": False,  # bytes are kept as they come
            "max_line_size": 16_384,
            "max_field_size": 16_384,
        }
        super().__init__(handler, **self._limits)
        self.on_tls = on_tls

    def __call__(self) -> RequestHandler:
        """As asyncio wants it for each connection."""
        return _Connection(self, loop=self._loop, **self._limits)


class _Connection(RequestHandler):
    __slots__ = ("_bucket_server", "_is_first")

    def __init__(self, server: BucketServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._bucket_server = server
        self._is_first = True

    def data_received(self, data: bytes) -> None:
        """Bytes of requests, or of gcsfs trying gRPC, which this server does not speak."""
        if self._is_first and data.startswith(_TLS_HELLO) and self.transport is not None:
            self._bucket_server.on_tls(self.transport.get_extra_info("peername")[0])
            self.transport.close()
            return
        self._is_first = False
        super().data_received(data)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """What is no HTTP is told so; a bug of ours is logged as aiohttp does."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        first = (message or "malformed request").strip().partition("\n")[0][:200]
        response: Response = answers.of_error(RefusedError(status, first))
        response.force_close()
        return response
