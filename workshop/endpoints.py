"""The address of a server in place of a cloud's own: whole or not, and what is spoken there."""

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
BUCKET_COMMAND = "python -m workshop bucket"
BUCKET_PORT = 4443
BUCKET_SERVER = f"http://127.0.0.1:{BUCKET_PORT}"
"""The workshop's own server, as the lessons start it."""


def address(endpoint: str) -> tuple[str, int]:
    """Host and port; a ValueError where the port is no number."""
    parts = urlsplit(endpoint)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


def bucket_command(endpoint: str) -> str:
    """What starts the bucket server where ``endpoint`` expects it."""
    try:
        port = address(endpoint)[1]
    except ValueError:
        port = BUCKET_PORT
    return BUCKET_COMMAND + (f" --port {port}" if port != BUCKET_PORT else "")


def is_whole(endpoint: str) -> bool:
    """Whether it says how to speak to the server, and to which."""
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # what port tells that is no number
        return False


def mended(endpoint: str) -> str:
    """With what it lacks at its beginning, and without slashes at its end."""
    rest = endpoint.rpartition("://")[2].strip("/")
    scheme = endpoint.partition("://")[0] if is_whole(endpoint) else "http"
    return f"{scheme}://{rest}"


def speaks_plain_http(where: tuple[str, int], timeout_s: float) -> bool:
    """Whether the server there refuses TLS, and answers without it."""
    import http.client  # here, since every command reads this module and few ask a server
    import ssl

    try:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent
        secure = http.client.HTTPSConnection(*where, timeout=timeout_s, context=context)
        secure.connect()
        secure.close()
    except (ssl.SSLError, ConnectionError):
        return _answers(where, timeout_s)
    except OSError:
        return False
    return False


def _answers(where: tuple[str, int], timeout_s: float) -> bool:
    import http.client

    plain = http.client.HTTPConnection(*where, timeout=timeout_s)
    try:
        plain.request("GET", "/")
        return plain.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        plain.close()
