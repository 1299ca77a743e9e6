"""The addresses of remotes: whole or not, and whether a folder is in the repository itself."""

import os
import re
from pathlib import Path

from grader.facts.repository import Repository
from grader.remotes.web_pages import web_page
from workshop import remote_addresses

_SCHEMES = (
    *("gs", "s3", "azure", "gdrive", "oss", "ssh", "hdfs", "webhdfs", "webdav", "webdavs"),
    *("http", "https", "ftp", "sftp", "gcs"),
)
# ftp, sftp and gcs are what people write for ssh and gs: DVC has no such remotes.
_SUPPORTED = frozenset(_SCHEMES) - {"ftp", "sftp", "gcs"}
# gs:/bucket, gs;//bucket, gs//bucket, and the same behind the ../ that `dvc remote add` writes.
_ALMOST = re.compile(rf"^(?:\.\./|\./)*(?:{'|'.join(_SCHEMES)})(?:[:;]|//)", re.IGNORECASE)
# What `dvc remote add` makes of gs//bucket: a path from the folder .dvc, its slashes joined.
_NORMALISED = re.compile(rf"^\.\./(?:{'|'.join(_SCHEMES)});?/", re.IGNORECASE)
# ada@host:/store, as scp and rsync take it
_SCP = re.compile(r"^(?:\.\./)*(?P<host>[\w.-]+@[\w.-]+):(?P<place>/?[^:]+)$")
_PLACE = re.compile(r"\w+://|[/~]|\.\.|[A-Za-z]:[\\/]")
"""How an address begins, or the path of a folder, and no name of a remote."""


def is_address(name: str) -> bool:
    """Whether the name of a remote is an address, or the path of a folder."""
    return bool(_PLACE.match(name))


def harm(url: str) -> str:
    """What DVC does with an address that is none."""
    if url.startswith("file://"):
        return "is a folder in a form that DVC takes for no address: dvc push stops"
    if _has_query(url):
        return "has a ? in it: DVC takes that for the end of the place, and pushes above it"
    if url.startswith("remote://"):
        return "builds on a remote that is not there: dvc push stops"
    if page := web_page(url):
        return page.what
    return "is no address that DVC knows: it pushes into a folder of that name, here"


def named_base(url: str) -> str | None:
    """The other remote that an address builds on."""
    scheme, _, rest = url.partition("://")
    return rest.partition("/")[0].lower() if scheme == "remote" else None


def is_malformed(url: str) -> bool:
    """Whether DVC would take the address for a folder, or refuse it."""
    if web_page(url):
        return True
    scheme, separator, rest = url.partition("://")
    if separator and scheme.isalnum():
        if _has_query(url):
            return True
        return scheme.lower() not in _SUPPORTED | {"remote"} or not rest.strip("/")
    return any(pattern.match(url) for pattern in (_ALMOST, _NORMALISED, _SCP))


def _has_query(url: str) -> bool:
    return url.startswith("gs://") and "?" in url


def is_inside(repository: Repository, url: str) -> bool:
    """Whether an absolute path leads into the repository, through links as well."""
    if "://" in url or not Path(url).expanduser().is_absolute():
        return False
    git = repository.git
    top = os.path.realpath(git.root if git else repository.root)
    return Path(os.path.realpath(Path(url).expanduser())).is_relative_to(top)


def place(repository: Repository) -> str:
    """The agreed address, or a folder beside the repository."""
    git = repository.git
    root = git.root if git else repository.root
    return repository.settings.remote or remote_addresses.folder_beside(root)


def address_in_ascii(repository: Repository, url: str) -> str:
    """The same place as DVC can write it, or one like it."""
    if "://" in url:
        return remote_addresses.latin_letters(url)
    folder = repository.root / ".dvc" / Path(url).expanduser()
    return remote_addresses.written_address(folder) or place(repository)


def correct_address(url: str) -> str:
    """What a malformed address was meant to be; empty where nobody can tell."""
    if url.startswith("file://"):
        return url.removeprefix("file://")
    if _has_query(url):
        return url.partition("?")[0]
    if page := web_page(url):
        return page.meant
    if scp := _SCP.match(url):
        return f"ssh://{scp['host']}/{scp['place'].lstrip('/')}"
    scheme, _, rest = re.sub(r"^(?:\.\./|\./)*", "", url).partition("/")
    scheme = scheme.rstrip(":;")
    place = rest.strip("/")
    return f"{scheme if scheme in _SUPPORTED else 'gs'}://{place}" if place else ""
