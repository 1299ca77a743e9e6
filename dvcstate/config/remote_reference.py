"""What ``remote://name/folder`` stands for: a folder of a remote that DVC's config names.

As dvc/fs/__init__.py, _resolve_remote_refs: the address of the remote, then the rest.
"""

import os
from collections.abc import Mapping

from dvcstate.errors import FileError

Remotes = Mapping[str, Mapping[str, str]]
"""The options of each remote, by its name in lower case."""

_SCHEME = "remote://"


def local_path(address: str, remotes: Remotes) -> str | None:
    """The path that ``address`` means on this machine, None where it means none."""
    if not address.startswith(_SCHEME):
        return None
    url = options(address, remotes)["url"]
    return None if "://" in url else os.path.abspath(url)


def is_versioned(address: str, remotes: Remotes) -> bool:
    """Whether a version of the data may be meant: DVC then looks for a newer one."""
    if "#" in address or "?" in address:
        return True
    chosen = options(address, remotes) if address.startswith(_SCHEME) else {}
    return any(chosen.get(name, "").lower() == "true" for name in ("version_aware", "worktree"))


def options(address: str, remotes: Remotes) -> Mapping[str, str]:
    """The options of the remote that ``address`` begins with, with the whole address as ``url``."""
    name, _, rest = address.removeprefix(_SCHEME).partition("/")
    base = remotes.get(name.lower())
    if base is None or "url" not in base:
        raise FileError(
            f"{address!r} names the remote {name!r}, and no config has it",
            f"dvc remote add {name} ADDRESS, or correct the name",
        )
    if base["url"].startswith(_SCHEME):
        others = {other: values for other, values in remotes.items() if other != name.lower()}
        base = {**options(base["url"], others), **{k: v for k, v in base.items() if k != "url"}}
    return {**base, "url": f"{base['url']}/{rest.lstrip('/')}"}
