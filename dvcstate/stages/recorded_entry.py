"""What an entry of a lock file or a ``.dvc`` file records of the content of a dep or an out.

As dvc/output.py: the hash that ``hash:`` names, the listing of a folder under ``files:``, and what
a cloud that keeps versions said, under ``cloud:``.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from dvcstate.errors import FileError
from dvcstate.model import RecordedHash

Entry = Mapping[str, Any]

# The fields of an entry that `hash:` can name: dvc_data/hashfile/meta.py.
_FIELDS = frozenset(
    ("md5", "etag", "checksum", "version_id", "size", "nfiles", "isexec")
)  # fmt: skip
_OF_CLOUD = ("etag", "checksum", "version_id")


def recorded_hash(entry: Entry, inside: bool, cached: bool = True) -> RecordedHash:
    """The hash in ``entry``, a FileError where it is a number; ``cached``: of a cached out."""
    files = tuple(map(_merge_cloud, entry.get("files") or ()))
    entry = _merge_cloud(entry)
    # Outside of the repository DVC takes the md5 by the current rules, whatever `hash:` says.
    algorithm = entry.get("hash", "md5-dos2unix") if inside else "md5"
    value = _listing_md5(files, algorithm) if files else _value(entry, algorithm)
    if isinstance(value, int) and value and entry.get("nfiles") and not cached:
        value = str(value)  # DVC ends where it asks a number for its ".dir", and does not ask here
    if value and not isinstance(value, str):
        raise FileError(f"the md5 {value!r} is a number", "put it in quotes")
    return RecordedHash(algorithm, value or None, entry.get("size"), entry.get("nfiles"), files)


def written_fields(entry: Entry) -> dict[str, Any]:
    """The fields by which DVC tells one content from another, as it writes them into the file."""
    merged = _merge_cloud(entry)
    fields = {name: merged[name] for name in ("md5", *_OF_CLOUD) if merged.get(name)}
    remote = next(iter(entry.get("cloud") or ()), None)
    if remote:
        versions = {name: fields.pop(name) for name in _OF_CLOUD if name in fields}
        if versions:
            fields["cloud"] = {remote: versions}
    return fields


def written_files(files: Iterable[Entry]) -> list[dict[str, Any]]:
    """The listing of a folder as DVC writes it into the file."""
    listing = ({**written_fields(file), "relpath": file["relpath"]} for file in files)
    return sorted(listing, key=lambda file: file["relpath"])


def _value(entry: Entry, algorithm: str) -> Any:
    if "hash" not in entry or algorithm == "md5":
        return entry.get("md5")
    if algorithm == "md5-dos2unix":  # written out, it names a field that no entry has
        return None
    value = entry.get(algorithm) if algorithm in _FIELDS else None
    # Of a folder DVC takes the md5 where there is no other hash.
    return value or (entry.get("md5") if entry.get("nfiles") else None)


def _merge_cloud(entry: Entry) -> Entry:
    """What a cloud says, in the place of what is said beside it."""
    clouds: dict[str, dict[str, Any]] = entry.get("cloud") or {}
    remote, of_cloud = next(iter(clouds.items()), ("", {}))
    return {**entry, **of_cloud} if remote else entry


def _listing_md5(files: Iterable[Entry], algorithm: str) -> str:
    """The hash of a folder whose files are listed in the entry itself."""
    field = "md5" if algorithm == "md5-dos2unix" else algorithm
    if field not in _FIELDS:
        raise FileError(f"the files are listed without {algorithm!r}", "dvc commit records it anew")
    by_name = {file["relpath"]: file.get(field) for file in files}
    listing = [
        {field: value, "relpath": name} if value else {"relpath": name}
        for name, value in sorted(by_name.items())
    ]
    text = json.dumps(listing, sort_keys=True)
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest() + ".dir"
