"""``workshop.toml``: whose repository it is, where its data is to go, what was solved for them."""

import tomllib
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """``remote`` is the attendee's own address, ``raw`` that of the shared raw data.

    ``supplied`` are the ids of the lessons that ``start --at`` solved.
    """

    attendee: str | None = None
    remote: str | None = None
    raw: str | None = None
    supplied: tuple[str, ...] = ()


def read_settings(text: str | None) -> Settings:
    """The settings; all None where there is no file, or none that can be read."""
    try:
        table = tomllib.loads(text or "").get("workshop", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return Settings()
    if not isinstance(table, dict):
        return Settings()
    values = {key: table.get(key) for key in ("attendee", "remote", "raw")}
    supplied = table.get("supplied")
    return Settings(
        **{k: v if isinstance(v, str) and v else None for k, v in values.items()},
        supplied=tuple(map(str, supplied)) if isinstance(supplied, list) else (),
    )
