"""A remote that a web server offers: asked for each object, since no web server lists its files.

Not by fsspec, for which a server that does not answer and one that does not have a file are alike.
"""

import base64
import http.client
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

_ABSENT = frozenset((404, 410))
_REDIRECTED = frozenset((301, 302, 303, 307, 308))
_NO_HEAD = frozenset((405, 501))
_LARGEST = 256 * 2**20


class HttpFiles:
    """The files below an address; ``options`` are those of DVC's config for the remote."""

    def __init__(self, options: Mapping[str, str], timeout_s: float) -> None:
        self._headers = _headers(options)
        self._timeout_s = timeout_s
        self._ssl = _ssl_context(options.get("ssl_verify", ""))
        self._own = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close what every thread has opened."""
        for connection in self._connections:
            connection.close()

    def info(self, url: str) -> dict[str, Any]:
        """That the file is there; a FileNotFoundError where it is not, else an OSError."""
        status = self._status("HEAD", url)
        if status in _NO_HEAD:
            self._read(url, 1)
        elif status in _REDIRECTED or status == 0:
            self._open("HEAD", url).close()
        else:
            _refuse(status, url)
        return {"name": url}

    def cat_file(self, url: str) -> bytes:
        """The bytes of the file."""
        return self._read(url, _LARGEST)

    def _read(self, url: str, at_most: int) -> bytes:
        with self._open("GET", url) as response:
            content: bytes = response.read(at_most)
            return content

    def _status(self, method: str, url: str) -> int:
        """The status by this thread's connection; 0 where a proxy is to be asked instead."""
        parts = urlsplit(url)
        if parts.scheme in urllib.request.getproxies():
            return 0
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        for _ in range(2):  # a server may have closed the connection meanwhile
            if connection is None:
                connection = self._connect(parts.scheme, parts.hostname or "", parts.port)
            try:
                connection.request(method, quote(parts.path or "/"), headers=self._headers)
                with connection.getresponse() as response:
                    response.read()
                    self._own.connection = connection
                    return response.status
            except (http.client.HTTPException, ConnectionError):
                connection.close()
                if getattr(self._own, "connection", None) is None:
                    raise
                connection = self._own.connection = None
        raise ConnectionError(f"{parts.netloc} closes each connection")

    def _connect(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        time_s, ssl_ = self._timeout_s, self._ssl
        connection = (
            http.client.HTTPSConnection(host, port, timeout=time_s, context=ssl_)
            if scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=time_s)
        )
        self._connections.append(connection)
        return connection

    def _open(self, method: str, url: str) -> Any:
        parts = urlsplit(url)
        plain = parts._replace(path=quote(parts.path)).geturl()
        request = urllib.request.Request(plain, headers=self._headers, method=method)  # noqa: S310
        try:
            return urllib.request.urlopen(request, timeout=self._timeout_s, context=self._ssl)  # noqa: S310 - http and https alone come here
        except urllib.error.HTTPError as error:
            error.close()
            _refuse(error.code, url)
            raise


def _refuse(status: int, url: str) -> None:
    """An error for every status that does not say that the file is there."""
    if status in _ABSENT:
        raise FileNotFoundError(url)
    if status >= 300:
        reason = http.client.responses.get(status, "")
        raise OSError(f"{urlsplit(url).netloc} answers {status} {reason}")


def _headers(options: Mapping[str, str]) -> dict[str, str]:
    """As dvc_http: ``auth`` is basic, or custom with a header of one's own."""
    password, method = options.get("password", ""), options.get("auth", "").lower()
    if method == "custom" and options.get("custom_auth_header"):
        return {options["custom_auth_header"]: password}
    if method == "basic":
        pair = f"{options.get('user', '')}:{password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _ssl_context(verify: str) -> ssl.SSLContext:
    """``ssl_verify``: false, or the path of a certificate."""
    context = ssl.create_default_context()
    if verify.lower() == "false":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif verify and verify.lower() != "true":
        context.load_verify_locations(verify)
    return context
