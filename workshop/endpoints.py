"""The address of a bucket server, as DVC's option ``endpointurl`` has it, and who answers there."""

from __future__ import annotations  # grader.doctor runs from Python 3.8 on

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
BUCKET_COMMAND = "python -m workshop bucket"
BUCKET_PORT = 4443
BUCKET_SERVER = f"http://127.0.0.1:{BUCKET_PORT}"
"""The workshop's own server, as the lessons start it."""


def host_and_port(endpoint: str) -> tuple[str, int]:
    """The server's address for a socket; a ValueError where the port is no number."""
    parts = urlsplit(endpoint)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


def bucket_command(endpoint: str) -> str:
    """What starts the bucket server at ``endpoint``."""
    try:
        port = host_and_port(endpoint)[1]
    except ValueError:
        port = BUCKET_PORT
    return BUCKET_COMMAND + (f" --port {port}" if port != BUCKET_PORT else "")


def is_complete(endpoint: str) -> bool:
    """Whether it says how to speak to the server, and to which."""
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # urlsplit reads the port when it is asked for
        return False


def complete_endpoint(endpoint: str) -> str:
    """With the scheme that it lacks, and without slashes at its end."""
    rest = endpoint.rpartition("://")[2].strip("/")
    scheme = endpoint.partition("://")[0] if is_complete(endpoint) else "http"
    return f"{scheme}://{rest}"


def speaks_plain_http(address: tuple[str, int], timeout_s: float) -> bool:
    """Whether the server at a host and port refuses TLS, and answers without it."""
    import http.client  # here: every command imports this module, and few ask a server
    import ssl

    try:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent
        secure = http.client.HTTPSConnection(*address, timeout=timeout_s, context=context)
        secure.connect()
        secure.close()
        return False
    except (ssl.SSLError, ConnectionError):
        plain = http.client.HTTPConnection(*address, timeout=timeout_s)
        try:
            plain.request("GET", "/")
            return plain.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            plain.close()
    except OSError:
        return False
