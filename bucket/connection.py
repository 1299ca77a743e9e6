"""The server's side of connections: limits, refusals in Google's form, and who speaks TLS to it."""

from collections.abc import Callable
from typing import Any

from aiohttp.web import BaseRequest, Response, Server, StreamResponse
from aiohttp.web_protocol import RequestHandler

from bucket import answers
from bucket.errors import RefusedError

_IDLE_S = 60.0  # for the headers of the first request too
_TLS_HELLO = b"\x16\x03"
_HEADER = 5
_HTTP_1 = b"\x08http/1.1"
"""What a client of https offers in its hello (RFC 7301); gRPC offers h2 alone."""


class BucketServer(Server):
    """Makes a connection's handler; ``on_tls`` is told who speaks TLS, and if that is gRPC."""

    def __init__(
        self,
        handler: Callable[[BaseRequest], Any],
        on_tls: Callable[[str, bool], None],
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
    __slots__ = ("_bucket_server", "_hello", "_is_first")

    def __init__(self, server: BucketServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._bucket_server = server
        self._is_first = True
        self._hello = b""

    def data_received(self, data: bytes) -> None:
        """Bytes of requests, or of TLS: of gcsfs trying gRPC, or of an address with https."""
        if self._is_first and (self._hello or data).startswith(_TLS_HELLO):
            self._hello += data
            self._close_on_hello()
            return
        self._is_first = False
        super().data_received(data)

    def _close_on_hello(self) -> None:
        """Once the hello is whole, in one packet or several: its last words tell who it is."""
        length = int.from_bytes(self._hello[3:_HEADER], "big")
        if len(self._hello) < _HEADER + length or self.transport is None:
            return
        is_grpc = _HTTP_1 not in self._hello
        self._bucket_server.on_tls(self.transport.get_extra_info("peername")[0], is_grpc)
        self.transport.close()

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
