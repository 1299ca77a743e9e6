"""Where an attendee's data is to go: the address, and the options that reach its server."""

import hashlib
import os

from grader.facts.repository import Repository
from workshop import endpoints, remote_addresses

REMOTE = "dvc-workshop"
"""What the lessons call the remote."""
_REMOTE_ELSEWHERE = "storage"
_BUCKET = "gs://dvc-workshop"
_SERVER_VARIABLE = "STORAGE_EMULATOR_HOST"
"""Where gcsfs looks for a server that is not Google's, too."""


def url(repository: Repository) -> str:
    """The address by workshop.toml, else the workshop's bucket and the attendee's own name.

    Of a repository that is none of the workshop's, a folder beside it.
    """
    settings = repository.settings
    if repository.is_foreign and not settings.remote:
        return remote_addresses.folder_beside(repository.root)
    return settings.remote or f"{_bucket(repository)}/{name(repository)}"


def remote_name(repository: Repository) -> str:
    """What to call a remote that is to be added."""
    return _REMOTE_ELSEWHERE if repository.is_foreign else REMOTE


def name(repository: Repository) -> str:
    """The attendee's by workshop.toml, else the first name of who made the last commit."""
    git, commit = repository.git, repository.commit
    author = git.author(commit) if git and commit else ""
    known = [name for name in (repository.settings.attendee or "", author) if name]
    for full_name in known:
        if prefix := remote_addresses.prefix_of(full_name):
            return prefix
    # Two neighbours without Latin letters in their names still need two places.
    return f"attendee-{hashlib.sha256(known[0].encode()).hexdigest()[:6]}" if known else "attendee"


def server_options(repository: Repository, remote: str, address: str) -> dict[str, str]:
    """What ``remote`` needs to reach ``address``: nothing but where that is the bucket server's."""
    known = repository.remote_options
    is_ours = f"{address}/".startswith(f"{_bucket(repository)}/")
    if not is_ours and "endpointurl" not in known.get(remote.lower(), {}):
        return {}
    chosen = [options["endpointurl"] for options in known.values() if "endpointurl" in options]
    server = endpoints.complete_endpoint([*chosen, _endpoint()][0])
    return {"endpointurl": server, "allow_anonymous_login": "true"}


def _endpoint() -> str:
    address = os.environ.get(_SERVER_VARIABLE, "")
    return address if address.startswith(("http://", "https://")) else endpoints.BUCKET_SERVER


def _bucket(repository: Repository) -> str:
    """The bucket beside that of the raw data, which `grader start` names."""
    raw = repository.settings.raw
    return beside(raw) if raw and "://" in raw else _BUCKET


def beside(raw: str) -> str:
    """Where attendees push to: the bucket of that name without ``-raw``, or the folder above."""
    raw = raw.rstrip("/")
    above = raw.rpartition("/")[0]
    return raw.removesuffix("-raw") if above.endswith("/") else above
