"""``workshop.toml``: whose repository it is, and where the workshop's data is to go."""

import tomllib
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """``remote`` is the attendee's own address, ``raw`` that of the shared raw data."""

    attendee: str | None = None
    remote: str | None = None
    raw: str | None = None


def read_settings(text: str | None) -> Settings:
    """The settings; all None where there is no file, or none that can be read."""
    try:
        table = tomllib.loads(text or "").get("workshop", {})
    except tomllib.TOMLDecodeError:
        return Settings()
    if not isinstance(table, dict):
        return Settings()
    values = {key: table.get(key) for key in ("attendee", "remote", "raw")}
    return Settings(**{k: v if isinstance(v, str) and v else None for k, v in values.items()})
