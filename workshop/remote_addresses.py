"""The addresses of remotes: what DVC can write and needs, and which are for one attendee alone."""

import hashlib
import os
import re
import unicodedata
from pathlib import Path

PLUGINS = {
    "gs": "dvc_gs", "s3": "dvc_s3", "azure": "dvc_azure", "ssh": "dvc_ssh",
    "gdrive": "dvc_gdrive", "oss": "dvc_oss", "hdfs": "dvc_hdfs", "webdav": "dvc_webdav",
    "webdavs": "dvc_webdav", "http": "dvc_http", "https": "dvc_http",
    "webhdfs": "dvc_webhdfs",
}  # fmt: skip
"""The module that DVC needs for a kind of address."""
RAW = "gs://dvc-workshop-raw"
"""Where the bucket server offers the raw data, read-only."""
_BUCKETS = frozenset(("gs", "s3", "azure", "oss"))
_PLACEHOLDER = re.compile(
    r"<[^/]*>|\{[^/]*\}|\[[^/]*\]|…|\.\.\.|YOUR[-_ ]?[A-Z_ -]+|your[-_](?:name|bucket|prefix)|NAME"
)
"""``<name>``, ``YOUR-NAME``, ``…``: a part that the lessons and DVC's own help leave open."""
_NO_BUCKET = re.compile(r"MY[-_]?BUCKET|BUCKET(?:[-_]?NAME)?|CACHE|RAW|PROJECT")
"""The same of a bucket, whose real name has no capitals."""


def written_address(folder: Path) -> str | None:
    """The address of a folder in ASCII, from anywhere on this computer; None where there is none.

    DVC writes its config in ASCII, whatever the locale (Config._save_config in dvc/config.py), and
    stops at any other letter. It keeps a ``~`` as it is and reads it as the home folder (ExpPath
    there), which is where the letters of a user's name stand.
    """
    path = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay
    if str(path).isascii():
        return str(path)
    home = Path.home()
    for whole, above in ((path, home), (path.resolve(), home.resolve())):
        if whole.is_relative_to(above):
            address = f"~/{whole.relative_to(above).as_posix()}"
            return address if address.isascii() else None
    return None


def folder_beside(folder: Path) -> str:
    """The address of a folder for the remote of the repository in ``folder``, beside it.

    Where DVC does not write the letters of that, it has a name in ASCII, and where that is not
    enough it is in the home folder.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay
    name = f"{latin_letters(folder.name).strip() or 'workshop'}-remote"
    number = hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]
    places = folder.with_name(f"{folder.name}-remote"), folder.with_name(name)
    addresses = (written_address(place) for place in places)
    return next(filter(None, addresses), f"~/{name}-{number}")


def latin_letters(text: str) -> str:
    """``text`` in ASCII: letters without their accents, and nothing for what is then left."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if letter.isascii())


def prefix_of(attendee: str) -> str | None:
    """What an attendee's name is as a part of an address: ``jurgen`` for Jürgen Müller.

    None for a name without a Latin letter.
    """
    words = re.findall(r"[a-z0-9][a-z0-9-]*", latin_letters(attendee.casefold()))
    return str(words[0]) if words else None


def placeholders(address: str) -> list[str]:
    """The parts of an address in whose place an attendee's own name was to be typed."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.casefold() == "remote":
        return []
    bucket, *prefix = rest.split("/")
    parts = [bucket] if _NO_BUCKET.fullmatch(bucket) else []
    return parts + [part for part in (bucket, *prefix) if _PLACEHOLDER.fullmatch(part)]


def is_root_of_bucket(address: str) -> bool:
    """Whether an address names a bucket and no place in it; a web server is no bucket."""
    scheme, _, rest = address.partition("://")
    return scheme in _BUCKETS and "/" not in rest.strip("/")


def why_not_own(address: str) -> str | None:
    """Why an address cannot be for one attendee alone; None where it may be."""
    if parts := placeholders(address):
        return f"still has {' and '.join(parts)} in it, where a name of yours belongs"
    if f"{address.rstrip('/')}/".startswith(f"{RAW}/"):
        return "is the place of the raw data, where nobody pushes to"
    if is_root_of_bucket(address):
        return "is the root of a bucket, which everybody shares"
    return None
