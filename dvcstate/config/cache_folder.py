"""The folder of DVC's cache, where the config names an address for it.

As dvc/cachemgr.py: whatever the address is, DVC takes the path in it for one on this machine,
relative to the folder in which it runs.
"""

import os
from collections.abc import Mapping

from dvcstate.config import config_schema, remote_reference
from dvcstate.config.remote_reference import Remotes
from dvcstate.errors import FileError

# What DVC adds to `cache.dir`, and no remote but a folder takes (dvc/config_schema.py).
_OF_CACHE_DIR = {"protected": "false", "slow_link_warning": "true"}
# The package that DVC imports for an address.
_PLUGINS = {
    "https": "dvc_http", "webdavs": "dvc_webdav", "webhdfs": "dvc_hdfs", "memory": "dvc_objects",
}  # fmt: skip


def of_dir(value: str, root: str, remotes: Remotes) -> str:
    """The folder that ``cache.dir`` means; a FileError where DVC takes it for none."""
    if not remote_reference.scheme(value) and not value.startswith("//"):
        return value
    return _folder({"url": value, **_OF_CACHE_DIR}, root, remotes)


def of_remote(name: str, root: str, remotes: Remotes) -> str:
    """The folder that ``cache.local`` means, which names a remote; a FileError as above."""
    if name.lower() not in remotes:
        raise FileError(f"the remote {name!r} does not exist", f"dvc remote add {name} FOLDER")
    return _folder(remotes[name.lower()], root, remotes)


def _folder(options: Mapping[str, str], root: str, remotes: Remotes) -> str:
    if remote_reference.scheme(options["url"]) == "remote":
        base = remote_reference.options(options["url"], remotes)
        options = {**base, **options, "url": base["url"]}
    wrong = config_schema.problem({'remote ""': options})
    if wrong:
        raise FileError(wrong.detail, "name a folder")
    return os.path.join(root, _path_in(options["url"]))  # as it is, with `..` in it


def _path_in(url: str) -> str:
    """What is left of ``url`` where it is taken for a path: _strip_protocol of DVC's file systems.

    In ``gs://bucket/x`` and ``s3://bucket/x`` the bucket is part of it, in ``ssh://host/x`` the
    host is not, and ``http://host/x`` and ``file:///x`` are paths as they are.
    """
    scheme = remote_reference.scheme(url)
    if scheme not in remote_reference.ADDRESS_SCHEMES:
        return url
    import importlib.util  # 5 ms that few configs need

    plugin = _PLUGINS.get(scheme, f"dvc_{scheme}")
    package = plugin.replace("_", "-")
    if importlib.util.find_spec(plugin) is None:
        missing = f"{url!r} needs {package}, which is not installed"
        raise FileError(missing, f"pip install {package}")
    if scheme in ("http", "https"):
        return url
    parts = remote_reference.split(url)
    path: str = f"{parts.path}#{parts.fragment}" if parts.fragment else parts.path
    if scheme in ("gs", "s3"):
        path = parts.netloc.rpartition("@")[2].partition(":")[0] + path
    elif scheme not in ("ssh", "memory"):
        raise FileError(f"{url!r} is no folder on this machine", "name a folder")
    return path
