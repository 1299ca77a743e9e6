"""What `grader start` is asked for, checked before anything is made."""

import http.client
import importlib.util
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dvcstate.errors import ProjectError
from workshop import endpoints, remote_addresses, shell
from workshop.course.manifest import Lesson

_SCHEMES = frozenset(
    ("azure", "gdrive", "gs", "hdfs", "http", "https", "oss", "s3", "ssh", "webdav", "webdavs",
     "webhdfs")
)  # fmt: skip
_GIT_DROPS = "".join(map(chr, range(33))) + ".,:;<>\"\\'"
"""What git takes off the ends of a name (ident.c); it refuses a commit of nothing else."""
_ANSWER_S = 5.0


class StartError(ProjectError):
    """No repository could be made."""


@dataclass(frozen=True)
class RemoteAddress:
    """Where data is pushed; ``endpoint`` is the address of a bucket server that is not Google's."""

    url: str
    endpoint: str | None = None

    def without_slashes(self) -> "RemoteAddress":
        """The same, with an endpoint to which the paths of requests can be added."""
        return replace(self, endpoint=self.endpoint and self.endpoint.rstrip("/"))

    def as_written(self) -> "RemoteAddress":
        """The same, as DVC's config can hold it."""
        if "://" in self.url:
            return self
        address = remote_addresses.written_address(Path(self.url).expanduser())
        return replace(self, url=address or self.url)


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
    remote: RemoteAddress | None, lessons: Sequence[Lesson], folder: Path, name: str | None = None
) -> None:
    """A StartError for a remote that others share, or that DVC takes for a folder in ``folder``.

    A bucket server has to answer before anything is made that is to be pushed to it.
    """
    if remote is None:
        return
    names = {lesson.id for lesson in lessons}
    if remote.endpoint is not None:
        _check_endpoint(remote.url, remote.endpoint, names)
    scheme, separator, rest = remote.url.partition("://")
    if separator and scheme in _SCHEMES and rest.strip("/") and remote.url.isprintable():
        _check_letters(remote.url, remote.url.isascii(), remote_addresses.latin_letters(remote.url))
        _check_prefix(remote, name)
        if "share" in names:
            _check_plugin(scheme)
            if remote.endpoint is not None:
                _check_server(remote.url, remote.endpoint)
        return
    path = Path(remote.url).expanduser()
    if separator or not (path.is_absolute() or remote.url.startswith("/")):
        raise StartError(
            f"{remote.url!r} is no address of a remote, and no absolute path of a folder",
            "--remote with an address as gs://dvc-workshop/NAME, or a folder by its whole path",
        )
    if Path(os.path.abspath(path)).is_relative_to(folder):  # noqa: PTH100 - links stay
        raise StartError(f"{remote.url} is inside of {folder}", "--remote with a folder beside it")
    is_written = remote_addresses.written_address(path) is not None
    _check_letters(remote.url, is_written, remote_addresses.folder_beside(folder))


def _check_letters(url: str, is_written: bool, proposal: str) -> None:
    if not is_written:
        raise StartError(
            f"{url} has letters that DVC does not write into its config, which is in ASCII",
            f"--remote {shell.quote(proposal) if shell.is_quotable(proposal) else 'in ASCII'}",
        )


def _check_prefix(remote: RemoteAddress, name: str | None) -> None:
    if reason := remote_addresses.why_not_own(remote.url):
        own = name if name and re.fullmatch(r"[A-Za-z0-9-]+", name) else "ada"
        bucket = "dvc-workshop" if remote.url.startswith("gs://") else "BUCKET"
        scheme = remote.url.partition("://")[0]
        raise StartError(
            f"{remote.url} {reason}", f"--remote {scheme}://{bucket}/{own}   (with your own name)"
        )


def _check_plugin(scheme: str) -> None:
    module = remote_addresses.PLUGINS.get(scheme)
    if module and not importlib.util.find_spec(module):
        package = module.replace("_", "-")
        raise StartError(
            f"DVC needs {package} for {scheme}:// addresses, and it is not installed here",
            f"python -m pip install {package}",
        )


def _check_endpoint(url: str, endpoint: str, names: set[str]) -> None:
    if not url.startswith("gs://"):
        raise StartError("--endpoint is for a gs:// remote", "--remote gs://dvc-workshop/NAME")
    if "remote" not in names:
        raise StartError(
            "--endpoint is for a remote that --at sets up", "leave it out, or --at end"
        )
    if not endpoints.is_complete(endpoint):
        proposal = endpoints.complete_endpoint(endpoint)
        if "://" in endpoint or not endpoints.is_complete(proposal):
            proposal = endpoints.BUCKET_SERVER
        raise StartError(
            f"{endpoint} is no address of a server: it begins with http:// and has a port",
            f"--endpoint {proposal}",
        )


def _check_server(url: str, endpoint: str) -> None:
    """A StartError where no bucket server answers at ``endpoint``, or it lacks the bucket."""
    bucket = url.partition("://")[2].partition("/")[0]
    address = endpoints.host_and_port(endpoint)
    is_https = endpoint.startswith("https://")
    connection_class = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
    connection = connection_class(*address, timeout=_ANSWER_S)
    try:
        connection.request("GET", f"/storage/v1/b/{bucket}")
        response = connection.getresponse()
        status, body = response.status, response.read(100_000)
    except (OSError, http.client.HTTPException, ValueError):
        if is_https and endpoints.speaks_plain_http(address, _ANSWER_S):
            raise StartError(
                f"the server at {endpoint} speaks http, not https",
                f"--endpoint {endpoint.replace('https://', 'http://', 1)}",
            ) from None
        raise StartError(
            f"no server answers at {endpoint}", endpoints.bucket_command(endpoint)
        ) from None
    finally:
        connection.close()
    if status == 404:
        raise StartError(
            f"the server at {endpoint} has no bucket {bucket}. {_error_message(body)}".strip(),
            "--remote gs://dvc-workshop/NAME   (NAME is your own)",
        )


def _error_message(body: bytes) -> str:
    """What a server says in Google's form."""
    try:
        return " ".join(str(json.loads(body)["error"]["message"]).split())[:200]
    except (ValueError, TypeError, LookupError):
        return ""
