"""What the environment may set: the repository that is served, and the limits of a request."""

import os
from pathlib import Path
from typing import Annotated

import pydantic
import pydantic_settings

PREFIX = "WORKSHOP_"

Count = Annotated[int, pydantic.Field(ge=1)]


class SettingsError(Exception):
    """An environment variable that cannot be what it says; the text says which and why."""


class Settings(pydantic_settings.BaseSettings):
    """The environment variables ``WORKSHOP_…``, with their defaults."""

    model_config = pydantic_settings.SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    repo: Path = Path()
    """The repository whose model, results and pipeline are served; the current folder."""

    max_file_bytes: Count = 10_000_000
    max_body_bytes: Count = 32_000_000
    max_files: Count = 64
    max_pixels: Count = 20_000_000
    """Width times height of one picture, read from its header before it is decoded."""

    max_requests: Count = 512
    """Predictions received or computed at one time; one more is told 503."""
    max_wait_seconds: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] = 0.5
    """One small plain JPEG that waits longer for its turn is told 503."""
    max_pool_wait_seconds: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] = 5.0
    """All else that waits longer for a thread is told 503."""
    max_held_bytes: Count = 128_000_000
    """Bytes of all bodies in memory at one time; one more is told 503."""
    receive_seconds: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] = 30.0
    """The time a client has to send its body."""
    threads: Count = min(2, max(1, (os.cpu_count() or 1) - 1))
    """For what is not one small plain JPEG; 20 Mpx take 140 MB in each, as WebP 300."""

    access_log: bool = False
    """One JSON line a request on stdout, in place of uvicorn's own."""
    drain_seconds: Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)] = 5.0
    """How long SIGTERM lets requests still come, each answered with ``Connection: close``."""


def read() -> Settings:
    """The settings of this process; a SettingsError names each variable that is wrong."""
    try:
        return Settings()
    except pydantic.ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{'.'.join(map(str, detail['loc'])).upper()} {detail['msg']}, "
            f"got {detail['input']!r}"
            for detail in error.errors()
        )
        raise SettingsError(f"{problems}\n  fix: change or unset that variable") from None


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
