"""Which requests of a browser are refused, since a page of somebody else sent them.

A page of another site can send a request here without leave, though it reads no answer: `Origin`
says which site, and `Sec-Fetch-Site` that it is another, where a browser sends no `Origin`, as for
an <img>. And by DNS rebinding a page can make its own name the address of this machine, and read
all: then `Host` is that name. https://owasp.org/www-community/attacks/DNS_Rebinding
"""

import re
from collections.abc import Sequence
from http import HTTPStatus

from service.app.cross_origin import ANY
from service.problems import Problem
from service.protocol import Headers

GUARDED = frozenset(("/predict", "/try", "/events"))
"""What costs work, or stays open."""
# An address in digits is nobody's name, and a name without a dot is in no public DNS: "localhost",
# "service" in a network of containers. workshop.localhost, 192.168.1.7, [::1], and a port
_OWN_HOST = re.compile(
    rb"(?:[a-z0-9_-]+|(?:[a-z0-9-]+\.)+localhost|[\d.]+|\[[\da-f:.]+\])(?::\d*)?"
)
_FOREIGN = (b"cross-site", b"same-site")  # another port of this machine is the same site
_DEFAULT_PORT = re.compile(rb":(?:80|443)$")
_LONGEST = 100


def check_request(
    method: str, path: str, headers: Headers, hosts: Sequence[str], origins: Sequence[str]
) -> None:
    """A Problem for a request that a page of another site sent.

    ``hosts`` and ``origins`` are those of the settings. OPTIONS, with which a browser asks before
    it sends a request, is answered as ever.
    """
    host = origin = fetch_site = None
    for header, value in headers:
        if header == b"host":
            host = value.lower()
        elif header == b"origin":
            origin = value
        elif header == b"sec-fetch-site":
            fetch_site = value
    if host is not None and not _OWN_HOST.fullmatch(host) and not _is_named(host, hosts):
        shown = host.decode("latin-1")[:_LONGEST]
        name = shown.partition(":")[0]
        raise Problem(
            HTTPStatus.MISDIRECTED_REQUEST,
            f"this service does not answer as {shown!r}, so that no page of another site can "
            "make that name its address",
            f"open it by its address or as localhost, or start it with WORKSHOP_HOSTS={name}",
        )
    if path not in GUARDED or method == "OPTIONS" or ANY in origins:
        return
    if origin is None:
        if fetch_site in _FOREIGN:
            raise _foreign_problem("another site", "the origin of that page")
        return
    own = _DEFAULT_PORT.sub(b"", host or b"")
    is_own = _DEFAULT_PORT.sub(b"", origin.lower().partition(b"://")[2]) == own
    if not is_own and origin.decode("latin-1") not in origins:
        shown = origin.decode("latin-1")[:_LONGEST]
        raise _foreign_problem(shown, shown)


def _foreign_problem(sender: str, origin: str) -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        f"a page of {sender} sent this request, and this service takes none from other sites",
        f"start it with WORKSHOP_CORS_ORIGINS={origin}",
    )


def _is_named(host: bytes, hosts: Sequence[str]) -> bool:
    """Whether the settings name the host."""
    name = re.sub(rb":\d*$", b"", host).decode("latin-1").rstrip(".")
    return ANY in hosts or name in hosts
