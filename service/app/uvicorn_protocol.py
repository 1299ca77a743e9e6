"""The HTTP/1.1 side of uvicorn, with its answers to unusual clients corrected.

uvicorn with httptools drops the body of a request that offers another protocol, as Java's
HttpClient and ``curl --http2`` do with ``Upgrade: h2c`` (Kludex/uvicorn#2722), and answers what is
no HTTP in plain text, before a request that came whole. It takes trailers for headers. All other
requests pass through the same calls as before.
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
            # uvicorn's own code fails for no other reason than an address, and says no more.
            is_address = isinstance(error, httptools.HttpParserCallbackError)
            complaint = "its address is too long, or has no path" if is_address else str(error)
            method = self.parser.get_method()
            reason, fix = _explain(data, method, complaint, self.scheme or "http")
            client = ":".join(map(str, self.client)) if self.client else "a client"
            self.logger.warning("No HTTP/1.1 request from %s: %s", client, reason)
            if not self._close_after_answer():
                self._refuse(reason, fix)

    def eof_received(self) -> bool:  # type: ignore[override] # as asyncio has it; uvicorn has None
        """Keep the connection for the answer to a request that came whole, as ``nc -N`` sends it.

        uvicorn closes it at once (Kludex/uvicorn#1264).
        """
        return self._close_after_answer()

    def on_headers_complete(self) -> None:
        """As uvicorn's own; what comes behind a body are trailers, no headers (RFC 9110, 6.5.1)."""
        super().on_headers_complete()
        self.headers = list(self.headers)  # trailers go here; the scope keeps the other list

    def _close_after_answer(self) -> bool:
        """Whether a request that came whole is being answered; the connection ends after that."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return False
        cycle.keep_alive = False
        return True

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

    def _refuse(self, reason: str, fix: str) -> None:
        """Answer with a problem that what came is no HTTP, and close the connection."""
        request_id = uuid.uuid4().hex
        problem = Problem(
            HTTPStatus.BAD_REQUEST,
            f"this is no HTTP/1.1 request that can be read: {reason}",
            fix,
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


def _explain(data: bytes, method: bytes, complaint: str, scheme: str) -> tuple[str, str]:
    """What the bytes are that the parser complains about, and what to do.

    A client of another protocol does not show the answer: the log has the same words.
    """
    if data.startswith(_TLS_START) and scheme == "http":
        return (
            "it is TLS, and this port speaks none",
            "use an address that begins with http://, or send it to the proxy that speaks TLS",
        )
    if method == _HTTP_2_METHOD:
        return (
            "it is HTTP/2 without an offer (prior knowledge), which is not spoken here",
            "send it as HTTP/1.1: curl without --http2-prior-knowledge, gRPC not at all",
        )
    if b"transfer-encoding" in data.lower():
        return (
            f"{complaint} (a body has a Content-Length, or is chunked by Transfer-Encoding)",
            "send it with a Content-Length, or with Transfer-Encoding: chunked alone",
        )
    return complaint, f"send it with an HTTP client, to an address that begins with {scheme}://"


_TLS_START = b"\x16"
"""The type of a record of a handshake (RFC 8446, 5.1); no request begins so."""
_HTTP_2_METHOD = b"PRI"
"""What a client of HTTP/2 says first, PRI * HTTP/2.0, is a request of HTTP/1 (RFC 9113, 3.4)."""


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n"
