"""What the environment sets: the repository to serve, and the limits of a request.

Read by hand: pydantic adds 0.1 s and 8 MB to a start that needs it for nothing else.
"""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

PREFIX = "WORKSHOP_"
MAY_BE_ZERO = ("drain_seconds",)
# https://example.org and http://localhost:3000, as browsers send them: without a slash at the end
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#@A-Z]+")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
# One processor stays for the event loop.
THREADS = min(2, max(1, (os.cpu_count() or 1) - 1))


class SettingsError(Exception):
    """An environment variable with a wrong value; the text says which and why."""


@dataclass(frozen=True)
class ServiceSettings:
    """The environment variables ``WORKSHOP_…``, with their defaults; durations are in seconds."""

    repo: Path = Path()
    """The repository whose model, results and pipeline are served."""

    max_file_bytes: int = 10_000_000
    max_body_bytes: int = 32_000_000
    max_files: int = 64
    max_pixels: int = 20_000_000
    """Width times height of what a decoder gives, known from the header before it is decoded.

    A JPEG that is decoded at a reduced scale may have ten times as many.
    """
    max_request_pixels: int = 160_000_000
    """Of all pictures of one request that do not run on the event loop."""
    max_decode_seconds: float = 4.0
    """Of the processor's time, for all these pictures of one request; then a decoder is ended."""
    max_answer_seconds: float = 5.0
    """Of the clock's, for several such pictures of one request; what would take longer gets a 503.

    Less than 4 s of a processor take so long only where others use it too.
    """

    max_requests: int = 512
    """Predictions at one time, from the first byte received; one more gets a 503."""
    max_wait_seconds: float = 0.5
    """A job for the event loop (few small plain JPEGs) that waits longer gets a 503."""
    max_pool_wait_seconds: float = 5.0
    """A job for the thread pool that waits longer gets a 503."""
    max_held_bytes: int = 128_000_000
    """Bytes of all bodies in memory at one time; more get a 503."""
    receive_seconds: float = 30.0
    """The time a client has to send its body."""
    threads: int = THREADS
    """For pictures that take some 50 ms. Large ones wait for one process of their own."""

    cors_origins: tuple[str, ...] = ()
    """The sites whose pages may read the answers (CORS), as ``https://example.org``; * for all."""
    hosts: tuple[str, ...] = ()
    """Names with a dot that this service answers as, such as ``workshop.example.org``; * for all.

    It always answers by address, and as a name without a dot.
    """
    access_log: bool = False
    """One JSON line a request on stdout, in place of uvicorn's own log."""
    drain_seconds: float = 5.0
    """How long after SIGTERM new requests are answered, each with ``Connection: close``."""


def read_settings(environment: Mapping[str, str] = os.environ) -> ServiceSettings:
    """The settings of this process; a SettingsError names each variable that is wrong."""
    variables = {name.upper(): value for name, value in environment.items()}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, kind in get_type_hints(ServiceSettings).items():
        variable = f"{PREFIX}{name.upper()}"
        if variable in variables:
            text = variables[variable]
            try:
                values[name] = _parse(name, kind, text)
            except ValueError as error:
                problems.append(f"{variable} {error}, got {text!r}")
    if problems:
        raise SettingsError(f"{'; '.join(problems)}\n  fix: change or unset that variable")
    return ServiceSettings(**values)


def _parse(name: str, kind: type, text: str) -> Path | bool | float | tuple[str, ...]:
    """The value of ``text`` for the setting ``name``; a ValueError says what it should be."""
    if kind is Path:
        return Path(text)
    if kind == tuple[str, ...]:
        return _parse_hosts(text) if name == "hosts" else _parse_origins(text)
    if kind is bool:
        for value, names in ((True, "1 true t yes y on"), (False, "0 false f no n off")):
            if text.lower() in names.split():
                return value
        raise ValueError("should be 1 or 0")
    try:
        number: int | float = kind(text)
    except ValueError:
        raise ValueError(f"should be a valid {'integer' if kind is int else 'number'}") from None
    if kind is int and number < 1:
        raise ValueError("should be greater than or equal to 1")
    if kind is float and not math.isfinite(number):
        raise ValueError("should be a finite number")
    may_be_zero = name in MAY_BE_ZERO
    if number < 0 or (number == 0 and not may_be_zero):
        raise ValueError(f"should be greater than {'or equal to ' if may_be_zero else ''}0")
    return number


def _parse_origins(text: str) -> tuple[str, ...]:
    """Separated by commas or spaces; a page of a file has the origin ``null``."""
    origins = tuple(text.replace(",", " ").split())
    if not all(origin in ("*", "null") or _ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError("should be * or sites such as https://example.org, with commas between")
    return origins


def _parse_hosts(text: str) -> tuple[str, ...]:
    """Separated by commas or spaces, in small letters as a request is compared."""
    hosts = tuple(text.lower().replace(",", " ").split())
    if not all(host == "*" or _HOST.fullmatch(host) for host in hosts):
        raise ValueError("should be * or names such as workshop.example.org, with commas between")
    return hosts


def describe_limits(settings: ServiceSettings) -> str:
    """One sentence on what a request may hold; the 413 of an AVIF says the limit of its kind."""
    return (
        f"At most {megabytes(settings.max_file_bytes)} and {settings.max_pixels / 1e6:g} Mpx "
        f"a file (a JPEG: ten times as many; an AVIF with transparency, or in 4:4:4 with 10 or 12 "
        f"bits: {0.6 * settings.max_pixels / 1e6:g} to {0.96 * settings.max_pixels / 1e6:g}), "
        f"{settings.max_files} files and {megabytes(settings.max_body_bytes)} a request, "
        f"received within {settings.receive_seconds:g} s."
    )


def megabytes(count: int) -> str:
    """``count`` bytes as people write it: 10 MB."""
    return f"{count / 1e6:g} MB"
