"""The HTTP/1.1 side of uvicorn, with two of its answers corrected before a request is one.

uvicorn with httptools drops the body of a request that offers another protocol, as Java's
HttpClient and ``curl --http2`` do with ``Upgrade: h2c`` (Kludex/uvicorn#2722), and answers what is
no HTTP in plain text. Only these two cases run code of this module: all other requests pass through
the same calls as before.
"""

import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.problems import MEDIA_TYPE, Problem, problem_json
from service.protocol import Receive


def correct_uvicorn(receive: Receive) -> None:
    """Let the uvicorn that calls this app's lifespan use ``CorrectedProtocol``.

    ``receive`` is the lifespan's. The class is an option of uvicorn (``--http``), and nobody should
    have to type it; uvicorn listens after the lifespan has begun, so it is not too late here.
    Another server, or another protocol by that option, stays as it is.
    """
    config: Any = getattr(getattr(receive, "__self__", None), "config", None)
    if getattr(config, "http_protocol_class", None) is HttpToolsProtocol:
        config.http_protocol_class = CorrectedProtocol


class CorrectedProtocol(HttpToolsProtocol):
    """One connection. An offer of a protocol other than websocket is ignored (RFC 9110, 7.8)."""

    def data_received(self, data: bytes) -> None:
        """As uvicorn's own, which reads no further than the head of a request with an offer."""
        self._unset_keepalive_if_required()
        try:
            while data:
                data = self._feed(data)
        except httptools.HttpParserError as error:
            self.logger.warning("Invalid HTTP request received: %s", error)
            self.send_400_response(str(error))

    def _feed(self, data: bytes) -> bytes:
        """Parse ``data``; what is left of it behind the head of a request with an offer."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if super()._should_upgrade():
                self.handle_websocket_upgrade()
                return b""
            return self._head_without_offer() + data[upgrade.args[0] :]
        return b""

    def _should_upgrade(self) -> bool:
        """No request with an offer starts the app at the end of its head: ``_feed`` decides."""
        return True

    def _head_without_offer(self) -> bytes:
        """The head of the present request as if nothing was offered, for a new parser.

        The present one takes what follows for another protocol, and cannot be told otherwise.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":  # an offer by itself: without end, if it were parsed again
            raise httptools.HttpParserInvalidMethodError("CONNECT is for proxies")
        version = self.parser.get_http_version().encode()
        kept = (b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade")
        head = b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, b"".join(kept))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        return head

    def send_400_response(self, msg: str) -> None:
        """Answer with a problem that what came is no HTTP, and close the connection."""
        request_id = uuid.uuid4().hex
        problem = Problem(
            HTTPStatus.BAD_REQUEST,
            f"this is no HTTP/1.1 request that can be read: {msg}",
            f"send it with an HTTP client, to an address that begins with {self.scheme}://",
        )
        content = problem_json(problem, request_id)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(content)),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + _lines(headers) + content)
        self.transport.close()


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n"
