"""The server's side of connections: limits, errors in Google's form, and clients that speak TLS.

With aiohttp, which gcsfs needs anyway. Its low-level server, without the routes and middlewares of
an application, leaves paths as they came, and shows us bytes that are no HTTP.
"""

from collections.abc import Callable
from typing import Any

from aiohttp.web import BaseRequest, Response, Server, StreamResponse
from aiohttp.web_protocol import RequestHandler

from bucket.errors import ApiError
from bucket.responses import error_response

_IDLE_S = 60.0  # for the headers of the first request too
_TLS_HELLO = b"\x16\x03"
_TLS_HEADER_SIZE = 5
_HTTP_1 = b"\x08http/1.1"
"""What a client of https offers in its hello (ALPN, RFC 7301); gRPC offers h2 alone."""


class BucketServer(Server):
    """Makes a handler for each connection; calls ``on_tls`` with a client that speaks TLS.

    Its second argument is whether the client tries gRPC.
    """

    def __init__(
        self, handler: Callable[[BaseRequest], Any], on_tls: Callable[[str, bool], None]
    ) -> None:
        self.on_tls = on_tls
        self._limits: dict[str, Any] = {
            "keepalive_timeout": _IDLE_S,
            "lingering_time": 10.0,  # reads on after a refusal, so that the client sees it
            "access_log": None,
            "auto_decompress": False,  # objects have the bytes that were sent
            "max_line_size": 16_384,
            "max_field_size": 16_384,
        }
        super().__init__(handler, **self._limits)

    def __call__(self) -> RequestHandler:
        """A handler, as asyncio wants one for each connection."""
        return _Connection(self, loop=self._loop, **self._limits)


# aiohttp.web does not export RequestHandler, but only this shows a connection's first bytes.
class _Connection(RequestHandler):
    __slots__ = ("_bucket_server", "_hello", "_is_first")

    def __init__(self, server: BucketServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._bucket_server = server
        self._is_first = True
        self._hello = b""

    def data_received(self, data: bytes) -> None:
        """Bytes of requests, or of TLS: gcsfs tries gRPC, or an endpoint begins with https."""
        if self._is_first and (self._hello or data).startswith(_TLS_HELLO):
            self._hello += data
            self._close_after_hello()
            return
        self._is_first = False
        super().data_received(data)

    def _close_after_hello(self) -> None:
        """Once the hello is complete, in one packet or several: its end has what is offered."""
        length = int.from_bytes(self._hello[3:_TLS_HEADER_SIZE], "big")
        if len(self._hello) < _TLS_HEADER_SIZE + length or self.transport is None:
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
        """Answer what is no HTTP in Google's form; a bug of ours is logged as aiohttp does."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        first_line = (message or "malformed request").strip().partition("\n")[0][:200]
        response: Response = error_response(ApiError(status, first_line))
        response.force_close()
        return response
