"""Where an attendee's data is to go, and what was left unreplaced in the text that said so."""

import hashlib
import os
import re
import unicodedata

from grader import fixes
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from workshop import endpoints

_BUCKET = "gs://dvc-workshop"
_SERVER_VARIABLE = "STORAGE_EMULATOR_HOST"
"""Where gcsfs looks for a server that is not Google's, too."""


def url(repository: Repository) -> str:
    """The address by workshop.toml, else the workshop's bucket and the attendee's own name."""
    settings = repository.settings
    return settings.remote or f"{_bucket(repository)}/{name(repository)}"


def name(repository: Repository) -> str:
    """The attendee's by workshop.toml, else the first name of who made the last commit."""
    author = (
        repository.git.author(repository.commit) if repository.git and repository.commit else ""
    )
    known = [one for one in (repository.settings.attendee or "", author) if one]
    for one in known:
        if words := re.findall(r"[a-z0-9][a-z0-9-]*", _in_latin(one)):
            return str(words[0])
    # Two neighbours without Latin letters in their names are still not one.
    return f"attendee-{hashlib.sha256(known[0].encode()).hexdigest()[:6]}" if known else "attendee"


def _in_latin(name: str) -> str:
    """In small letters without their accents."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def server_options(
    repository: Repository, snapshot: Snapshot, remote: str, address: str
) -> list[Step]:
    """What ``remote`` lacks to reach ``address``, where that is the bucket server's."""
    known = repository.remote_options.get(remote.lower(), {})
    told = [one["endpointurl"] for one in repository.remote_options.values()
                 if "endpointurl" in one]  # fmt: skip
    if not f"{address}/".startswith(f"{_bucket(repository)}/") and "endpointurl" not in known:
        return []
    there = snapshot.remotes.get(remote.lower(), {})
    server = endpoints.mended([*told, _endpoint()][0])
    wanted = {"endpointurl": server, "allow_anonymous_login": "true"}
    return [
        fixes.command("dvc", "remote", "modify", remote, key, value)
        for key, value in wanted.items()
        if key not in there
    ]


def _endpoint() -> str:
    told = os.environ.get(_SERVER_VARIABLE, "")
    return told if told.startswith(("http://", "https://")) else endpoints.BUCKET_SERVER


def _bucket(repository: Repository) -> str:
    """The bucket beside that of the raw data, which `grader start` names."""
    raw = repository.settings.raw
    return beside(raw) if raw and "://" in raw else _BUCKET


def beside(raw: str) -> str:
    """Where attendees push to: the bucket of that name without ``-raw``, or the folder above."""
    raw = raw.rstrip("/")
    above = raw.rpartition("/")[0]
    return raw.removesuffix("-raw") if above.endswith("/") else above
