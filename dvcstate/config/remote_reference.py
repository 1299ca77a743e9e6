"""What ``remote://name/folder`` stands for: a folder of a remote that DVC's config names.

As dvc/fs/__init__.py, _resolve_remote_refs: the address of the remote, then the rest.
"""

import os
from collections.abc import Mapping
from typing import Any

from dvcstate.errors import FileError

Remotes = Mapping[str, Mapping[str, str]]
"""The options of each remote, by its name in lower case; no ``url`` is a relative path."""

# dvc_objects.fs and dvc.fs: a scheme that is not in this list makes a path, not an address.
ADDRESS_SCHEMES = frozenset(
    ("memory", "azure", "gdrive", "gs", "hdfs", "http", "https", "oss", "s3", "ssh", "webdav",
     "webdavs", "webhdfs", "dvc", "git", "remote", "ds")
)  # fmt: skip
_SCHEME = "remote://"


def split(address: str) -> Any:
    """The parts of ``address`` as urllib splits it; a FileError where it cannot."""
    from urllib.parse import urlparse  # 5 ms that few projects need

    try:
        return urlparse(address)
    except ValueError as error:  # "s3://[x" and "//[x": no IPv6 address
        raise FileError(f"the address {address!r} cannot be read: {error}", "correct it") from None


def scheme(address: str) -> str:
    """The scheme of ``address``, empty for a path, such as ``//host/share`` and ``C://data``."""
    if ":" not in address and not address.startswith("//"):
        return ""
    found: str = split(address).scheme
    return "" if os.name == "nt" and len(found) == 1 else found


def local_path(address: str, remotes: Remotes) -> str | None:
    """The path that ``address`` means on this machine, None where it means none."""
    if not address.startswith(_SCHEME):
        return None
    url = options(address, remotes)["url"]
    return None if scheme(url) in ADDRESS_SCHEMES else os.path.abspath(url)


def is_versioned(address: str, remotes: Remotes) -> bool:
    """Whether a version of the data may be meant: DVC then looks for a newer one."""
    if "#" in address or "?" in address:
        return True
    chosen = options(address, remotes) if address.startswith(_SCHEME) else {}
    return any(chosen.get(name, "").lower() == "true" for name in ("version_aware", "worktree"))


def options(address: str, remotes: Remotes) -> Mapping[str, str]:
    """The options of the remote that ``address`` begins with, with the whole address as ``url``."""
    parts = split(address)
    name, rest = parts.netloc, parts.path.lstrip("/")
    base = remotes.get(name.lower())
    if base is None or "url" not in base:
        raise FileError(
            f"{address!r} names the remote {name!r}, and no config has it",
            f"dvc remote add {name} ADDRESS, or correct the name",
        )
    if base["url"].startswith(_SCHEME):
        others = {other: values for other, values in remotes.items() if other != name.lower()}
        base = {**options(base["url"], others), **{k: v for k, v in base.items() if k != "url"}}
    return {**base, "url": f"{base['url']}/{rest}"}
