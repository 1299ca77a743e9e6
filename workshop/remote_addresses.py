"""The addresses of remotes: which module DVC needs, and which are not for one attendee alone."""

import re

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
