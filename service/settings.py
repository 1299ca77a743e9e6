"""What the environment may set: the repository that is served, and the limits of a request.

Read by hand: pydantic does it in a tenth of a second and 8 MB, and a start needs it for nothing
else.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

PREFIX = "WORKSHOP_"
THREADS = min(2, max(1, (os.cpu_count() or 1) - 1))


class SettingsError(Exception):
    """An environment variable that cannot be what it says; the text says which and why."""


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError("should be a valid integer") from None
    if number < 1:
        raise ValueError("should be greater than or equal to 1")
    return number


def _duration(text: str) -> float:
    """Seconds, and no endless ones."""
    try:
        number = float(text)
    except ValueError:
        raise ValueError("should be a valid number") from None
    if not math.isfinite(number):
        raise ValueError("should be a finite number")
    if number < 0:
        raise ValueError("should be greater than or equal to 0")
    return number


def _patience(text: str) -> float:
    number = _duration(text)
    if number == 0:
        raise ValueError("should be greater than 0")
    return number


def _switch(text: str) -> bool:
    for value, names in ((True, "1 true t yes y on"), (False, "0 false f no n off")):
        if text.lower() in names.split():
            return value
    raise ValueError("should be 1 or 0")


Count = Annotated[int, _count]
Duration = Annotated[float, _duration]
Patience = Annotated[float, _patience]
Switch = Annotated[bool, _switch]
Folder = Annotated[Path, Path]


@dataclass(frozen=True)
class Settings:
    """The environment variables ``WORKSHOP_…``, with their defaults."""

    repo: Folder = Path()
    """The repository whose model, results and pipeline are served; the current folder."""

    max_file_bytes: Count = 10_000_000
    max_body_bytes: Count = 32_000_000
    max_files: Count = 64
    max_pixels: Count = 20_000_000
    """Width times height of one picture, read from its header before it is decoded."""

    max_requests: Count = 512
    """Predictions received or computed at one time; one more is told 503."""
    max_wait_seconds: Patience = 0.5
    """A request of a few small plain JPEGs that waits longer for its turn is told 503."""
    max_pool_wait_seconds: Patience = 5.0
    """All else that waits longer for a thread is told 503."""
    max_held_bytes: Count = 128_000_000
    """Bytes of all bodies in memory at one time; one more is told 503."""
    receive_seconds: Patience = 30.0
    """The time a client has to send its body."""
    threads: Count = THREADS
    """For all that is no small plain JPEG; 20 Mpx take 140 MB in each, as WebP 300."""

    access_log: Switch = False
    """One JSON line a request on stdout, in place of uvicorn's own."""
    drain_seconds: Duration = 5.0
    """How long SIGTERM lets requests still come, each answered with ``Connection: close``."""


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; a SettingsError names each variable that is wrong."""
    given = {name.upper(): value for name, value in environment.items()}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        variable = f"{PREFIX}{name.upper()}"
        (parsed,) = hint.__metadata__
        if variable in given:
            try:
                values[name] = parsed(given[variable])
            except ValueError as error:
                problems.append(f"{variable} {error}, got {given[variable]!r}")
    if problems:
        raise SettingsError(f"{'; '.join(problems)}\n  fix: change or unset that variable")
    return Settings(**values)


def limits(settings: Settings) -> str:
    """One sentence on what a request may hold, for the documentation."""
    return (
        f"At most {megabytes(settings.max_file_bytes)} and {megapixels(settings.max_pixels)} "
        f"a file, {settings.max_files} files and {megabytes(settings.max_body_bytes)} a request, "
        f"received within {settings.receive_seconds:g} s."
    )


def megabytes(count: int) -> str:
    """``count`` bytes as people write it: 10 MB."""
    return f"{count / 1e6:g} MB"


def megapixels(count: int) -> str:
    """``count`` pixels as people write it: 20 Mpx."""
    return f"{count / 1e6:g} Mpx"
