"""What `grader start` is asked for, looked at before anything is made."""

import contextlib
import importlib.util
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workshop import endpoints
from workshop.course.manifest import Lesson
from workshop.start import remote_places, servers
from workshop.start.start_error import StartError

_SCHEMES = frozenset(
    ("azure", "gdrive", "gs", "hdfs", "http", "https", "oss", "s3", "ssh", "webdav", "webdavs",
     "webhdfs")
)  # fmt: skip
_GIT_DROPS = "".join(map(chr, range(33))) + ".,:;<>\"\\'"
"""What git takes off the ends of a name (ident.c); of nothing else it makes no commit."""


@dataclass(frozen=True)
class Remote:
    """Where data is to go; ``endpoint`` is the address of a bucket server that is not Google's."""

    url: str
    endpoint: str | None = None

    def without_slashes(self) -> "Remote":
        """The same, its server's address as it is put before the paths of requests."""
        return replace(self, endpoint=self.endpoint and self.endpoint.rstrip("/"))


def check_name(attendee: str | None) -> None:
    """A StartError for a name with which git would make no commit."""
    if attendee and not (attendee.isprintable() and attendee.strip(_GIT_DROPS)):
        raise StartError(
            f"git takes no name like {attendee!r}", "name the attendee with --name, as --name Ada"
        )


def check_folder(folder: Path) -> None:
    """A StartError for a folder that holds something."""
    if folder.exists() and not folder.is_dir():
        raise StartError(f"{folder} is a file", "name another folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise StartError(
            f"{folder} is not empty, and nothing in it is overwritten", "name another folder"
        )


def check_remote(
    remote: Remote | None, lessons: Sequence[Lesson], folder: Path, name: str | None = None
) -> None:
    """A StartError for a remote that is nobody's place, or a folder of the repository to DVC.

    A bucket server has to be what it says, and to answer before anything is pushed to it.
    """
    if remote is None:
        return
    known = {lesson.id for lesson in lessons}
    if remote.endpoint is not None:
        _check_endpoint(remote.url, remote.endpoint, known)
    scheme, separator, rest = remote.url.partition("://")
    if separator and scheme in _SCHEMES and rest.strip("/") and remote.url.isprintable():
        _check_place(remote, name)
        if "share" in known:
            _check_plugin(scheme)
        if "share" in known and remote.endpoint is not None:
            servers.check(remote.url, remote.endpoint)
        return
    path = Path(remote.url)
    if separator or not (path.is_absolute() or remote.url.startswith("/")):
        raise StartError(
            f"{remote.url!r} is no address of a remote, and no absolute path of a folder",
            "--remote with an address as gs://dvc-workshop/NAME, or a folder by its whole path",
        )
    if Path(os.path.abspath(path)).is_relative_to(folder):  # noqa: PTH100 - links stay
        raise StartError(f"{remote.url} is inside of {folder}", "--remote with a folder beside it")


def _check_place(remote: Remote, name: str | None) -> None:
    if what := remote_places.not_ones_own(remote.url):
        own = name if name and re.fullmatch(r"[A-Za-z0-9-]+", name) else "ada"
        bucket = "dvc-workshop" if remote.url.startswith("gs://") else "BUCKET"
        scheme = remote.url.partition("://")[0]
        raise StartError(
            f"{remote.url} {what}", f"--remote {scheme}://{bucket}/{own}   (with your own name)"
        )


def _check_plugin(scheme: str) -> None:
    module = remote_places.PLUGINS.get(scheme)
    if module and not importlib.util.find_spec(module):
        package = module.replace("_", "-")
        raise StartError(
            f"DVC needs {package} for {scheme}:// addresses, and it is not installed here",
            f"python -m pip install {package}",
        )


def _check_endpoint(url: str, endpoint: str, known: set[str]) -> None:
    if not url.startswith("gs://"):
        raise StartError("--endpoint is for a gs:// remote", "--remote gs://dvc-workshop/NAME")
    if "remote" not in known:
        raise StartError(
            "--endpoint is for a remote that --at sets up", "leave it out, or --at end"
        )
    if not endpoints.is_whole(endpoint):
        wanted = endpoints.mended(endpoint) if "://" not in endpoint else ""
        raise StartError(
            f"{endpoint} is no address of a server: it begins with http:// and has a port",
            f"--endpoint {wanted if endpoints.is_whole(wanted) else endpoints.BUCKET_SERVER}",
        )


@contextlib.contextmanager
def undone_on_failure(*folders: Path) -> Iterator[None]:
    """Delete again what was made of ``folders`` where it does not come to its end.

    What was there before stays: a folder with what it held, and an empty one.
    """
    before = {one: _entries(one) for one in folders}
    above = [one for each in folders for one in each.parents if not one.exists()]
    try:
        yield
    except BaseException:
        for folder, entries in before.items():
            if entries is None:
                _delete(folder)
            elif not entries:
                for one in _entries(folder) or ():
                    _delete(folder / one)
        for made in sorted(set(above), key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):  # somebody else uses it by now
                made.rmdir()
        raise


def _entries(folder: Path) -> set[str] | None:
    """What lies in it; None where there is no folder. What cannot be read is not ours."""
    try:
        return {one.name for one in folder.iterdir()}
    except FileNotFoundError:
        return None
    except OSError:
        return {""}


def _delete(path: Path) -> None:
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    if sys.platform == "win32":  # which deletes nothing that is read-only, as DVC's objects are
        for one in path.rglob("*"):
            with contextlib.suppress(OSError):
                one.chmod(stat.S_IWRITE)
    shutil.rmtree(path, ignore_errors=True)
