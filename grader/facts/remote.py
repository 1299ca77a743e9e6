"""A DVC remote, asked object by object: through fsspec, within a time limit."""

import base64
import importlib
import importlib.util
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from dvcstate.documents import regular_file
from grader.facts.objects import Objects, UnreadObjectsError
from grader.finding import UnknownError
from grader.step import Command, Note
from workshop import activation, endpoints, remote_addresses

# With all else that a check does, the attendee has an answer within ten seconds.
TIMEOUT_S = 7.0
_LISTENS_S = 3.0
# Kept of the time limit, for the last object that is read of a folder.
_SPARE_S = 1.5
_PAGE = 1000
_LARGEST_LISTING = 256 * 2**20
_THREADS = 32
# On a server on the same machine a listing of 1,500 objects took 0.05 s, and asking for 900 objects
# 2.5 s; on a far one the 30 round trips for 900 objects cost as much as 30 pages of a listing.
_LISTED_FOR_ONE_ASKED = 10
_WEB = ("http", "https")
# It would open a page to log in.
_NOT_ASKED = ("gdrive",)
Answer = TypeVar("Answer")
Remotes = Mapping[str, Mapping[str, str]]


def resolve_options(name: str, remotes: Remotes) -> Mapping[str, str] | None:
    """The options of a remote, None where there is none of that name.

    ``remote://base/folder`` stands for a folder of the remote ``base``, with its options.
    """
    options = remotes.get(name.lower())
    scheme, _, rest = (options or {}).get("url", "").partition("://")
    if options is None or scheme != "remote":
        return options
    base, _, folder = rest.partition("/")
    others = {other: values for other, values in remotes.items() if other != name.lower()}
    below = resolve_options(base, others)
    if below is None or "url" not in below:
        return options
    url = "/".join([below["url"].rstrip("/"), *([folder.strip("/")] if folder else [])])
    return {**below, **options, "url": url}


class BadObjects(NamedTuple):
    """Objects that a remote does not have, and those that it has with wrong bytes."""

    absent: list[str]
    wrong: list[str]


@dataclass(frozen=True)
class Remote:
    """The remote called ``name``; ``options`` are those of DVC's config, config.local included.

    What it has not answered within TIMEOUT_S of ``since`` makes it unreachable.
    ``uses_dvc_2_layout``: it is asked where DVC looks for what DVC 2 recorded
    (dvc/data_cloud.py). What is there is not compared with its name, which is the hash of the same
    text with other line ends.
    """

    name: str
    options: Mapping[str, str]
    config_dir: Path
    since: float = field(default_factory=time.monotonic)
    uses_dvc_2_layout: bool = False

    @property
    def url(self) -> str:
        """Its address, or absolute path."""
        url = self.options["url"]
        if "://" in url:
            return url.rstrip("/")
        return os.path.abspath(self.config_dir / Path(url).expanduser())  # noqa: PTH100 - links stay

    def is_same_location(self, other: "Remote") -> bool:
        """Whether both addresses name one place: a path may be written in several ways."""
        if "://" in self.url or "://" in other.url:
            return self.url == other.url
        return os.path.realpath(self.url) == os.path.realpath(other.url)

    @property
    def endpoint(self) -> str | None:
        """The address of a server that is not Google's own, if the remote is on one."""
        return self.options.get("endpointurl") or None

    def find_bad_objects(self, names: Iterable[str]) -> BadObjects:
        """Those of ``names`` that are absent or wrong there; an UnknownError if it cannot say."""
        unique = list(dict.fromkeys(names))
        search = self._search_cloud if "://" in self.url else self._search_folder
        return self._within_time(lambda: search(unique))

    def content(self, name: str) -> bytes | None:
        """The bytes of one object, None where the remote does not have it."""
        read = self._download if "://" in self.url else self._read
        return self._within_time(lambda: read(name))

    def find_folders(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` at whose place a remote on this machine has a folder.

        dvc push takes it for absent, and stops as it writes the object there.
        """
        if "://" in self.url:
            return []
        return [name for name in names if Path(self.object_location(name)).is_dir()]

    def object_location(self, name: str) -> str:
        """The path or the address of the object of that name."""
        return f"{self.url}{self._object_path(name)}"

    def _object_path(self, name: str) -> str:
        return f"{self._folder}/{name[:2]}/{name[2:]}"

    @property
    def _folder(self) -> str:
        return "" if self.uses_dvc_2_layout else "/files/md5"

    def _search_folder(self, names: list[str]) -> BadObjects:
        """Each object is read: DVC takes any file of that name for it, also half a copy."""
        if not Path(self.url).is_dir():
            why = f"there is no folder {self.url}"
            raise _unreachable(self.name, why, "Nothing was pushed yet, or its disk is not here.")
        # Not by Path.is_file: there are thousands, and building a Path takes longer than the stat.
        is_there = {n: os.path.isfile(self.object_location(n)) for n in names}  # noqa: PTH113
        absent = [name for name in names if not is_there[name]]
        folders = self.find_folders(absent)
        absent = [name for name in absent if name not in folders]
        if self.uses_dvc_2_layout:
            return BadObjects(absent, folders)
        present = [name for name in names if is_there[name]]
        until = self.since + TIMEOUT_S - _SPARE_S
        try:
            corrupt = Objects(Path(self.url)).find_corrupt(present, until)
            return BadObjects(absent, [*folders, *corrupt])
        except UnreadObjectsError as unread:
            if absent or folders:
                return BadObjects(absent, folders)
            raise UnknownError(
                f"The remote {self.name} holds more than was read in {TIMEOUT_S:g} s:"
                f" {unread.count} of {len(names)} objects are left. What was read is"
                " remembered: ask again.",
                Command(("grader", "check")),
                code="remote-unreachable",
            ) from None

    def _read(self, name: str) -> bytes | None:
        try:
            return regular_file.read(self.object_location(name), _LARGEST_LISTING)
        except OSError:
            return None

    def _search_cloud(self, names: list[str]) -> BadObjects:
        """By one listing, or object by object where the remote holds far more than is asked.

        A listing answers for a thousand objects a request, one request after the other. An
        attendee's own remote holds a few thousand objects: a few requests, where asking for each
        object would take a thousand. A remote that 200 attendees share holds 200 times as many:
        there it is faster to ask for each object, several at a time. As DVC does, we count one of
        the 256 folders. Google Cloud Storage tells each object's MD5, which is its name in DVC.
        """
        files, root = self._files()
        paths = {name: f"{root}{self._object_path(name)}" for name in names}
        if not names:
            details = {}
        elif self._is_too_long_to_list(files, root, len(names)):
            try:
                details = _ask_each(files, list(paths.values()))
            finally:
                if _is_web_server(files):
                    files.close()
        else:
            details = files.find(f"{root}{self._folder}", detail=True)
        absent = [name for name, path in paths.items() if path not in details]
        present = [(name, details[path]) for name, path in paths.items() if path in details]
        wrong = [name for name, detail in present if _md5_of(detail) not in (None, name[:32])]
        return BadObjects(absent, [] if self.uses_dvc_2_layout else wrong)

    def _is_too_long_to_list(self, files: Any, root: str, count: int) -> bool:
        if _is_web_server(files):
            return True
        estimate = 256 * len(files.find(f"{root}{self._folder}/00"))
        return estimate > _LISTED_FOR_ONE_ASKED * max(count, _PAGE)

    def _download(self, name: str) -> bytes | None:
        files, root = self._files()
        try:
            content: bytes = files.cat_file(f"{root}{self._object_path(name)}")
        except FileNotFoundError:
            return None
        return content

    def _files(self) -> tuple[Any, str]:
        """What asks the remote, as fsspec does, and the path that its objects are below."""
        scheme, _, root = self.url.partition("://")
        plugin = remote_addresses.PLUGINS.get(scheme)
        if scheme in _NOT_ASKED:
            raise UnknownError(
                f"The remote {self.name} is at {scheme}://, which the grader does not ask: a page"
                " to log in would open. dvc push asks it, and says what it sends.",
                Command(("dvc", "push", "-r", self.name)),
                code="remote-unreachable",
            )
        if plugin is None or importlib.util.find_spec(plugin) is None:
            raise _unreachable(self.name, f"nothing is installed here that reads {scheme}://")
        if self.endpoint:
            self._check_listens(self.endpoint)
        if scheme in _WEB:
            from grader.facts.http_files import HttpFiles  # 60 ms with http.client and ssl

            return HttpFiles(self.options, TIMEOUT_S), self.url
        if scheme != "gs":
            return self._files_of_plugin()
        _import_gcsfs()
        import fsspec

        _silence("gcsfs")
        return fsspec.filesystem(scheme, **self._storage_options()), root

    def _files_of_plugin(self) -> tuple[Any, str]:
        """By DVC's own plugin, which knows what its options mean."""
        from dvc_objects.fs import get_fs_cls

        kind = get_fs_cls({"url": self.url})  # type: ignore[no-untyped-call]
        options = {key: _typed(value) for key, value in self.options.items()}
        # ask_password and the like would wait for somebody who types.
        asked = {key for key in options if key.startswith("ask_")}
        own = {key: value for key, value in options.items() if key not in asked | {"url"}}
        _silence(kind.__module__.partition(".")[0])
        system = kind(**{**kind._get_kwargs_from_urls(self.url), **own})
        return system.fs, str(kind._strip_protocol(self.url)).rstrip("/")

    def _check_listens(self, endpoint: str) -> None:
        """Fail at once, where gcsfs would try again for half a minute."""
        import socket  # 1.5 ms, where no endpoint is asked

        try:
            address = endpoints.host_and_port(endpoint)
            socket.create_connection(address, timeout=_LISTENS_S).close()
            if endpoint.startswith("https://") and endpoints.speaks_plain_http(address, _LISTENS_S):
                raise self._not_https(endpoint)
        except (OSError, ValueError) as error:
            raise UnknownError(
                f"The remote {self.name} could not be asked: no server answers at {endpoint}"
                f" ({error}). Is the bucket server running, and is that its address?",
                Note(
                    "in a terminal of its own, and left running:"
                    f" {endpoints.bucket_command(endpoint)}"
                ),
                code="remote-unreachable",
            ) from None

    def _not_https(self, endpoint: str) -> UnknownError:
        mended = endpoints.complete_endpoint(endpoint.replace("https://", "http://", 1))
        return UnknownError(
            f"The remote {self.name} could not be asked: the server at {endpoint} speaks http, not"
            " https.",
            Command(("dvc", "remote", "modify", self.name, "endpointurl", mended)),
            code="remote-unreachable",
        )

    def _storage_options(self) -> dict[str, Any]:
        """DVC's options for gs:// in gcsfs' words."""
        # fsspec keeps its clients for ever, with the listings that they have read.
        options: dict[str, Any] = {"skip_instance_cache": True}
        endpoint = self.options.get("endpointurl")
        is_anonymous = self.options.get("allow_anonymous_login", "").lower() == "true"
        if endpoint or is_anonymous:  # an attendee's own server gets no credentials of ours
            options["token"] = "anon"  # noqa: S105 - gcsfs' word for none
        elif path := self.options.get("credentialpath"):
            options["token"] = path
        options |= {"endpoint_url": endpoint} if endpoint else {}
        return options | ({"project": p} if (p := self.options.get("projectname")) else {})

    def _within_time(self, ask: Callable[[], Answer]) -> Answer:
        """The answer, if it comes in time. In a daemon thread: no client has a limit for all."""
        answers: list[Answer] = []
        failures: list[Exception] = []

        def work() -> None:
            try:
                answers.append(ask())
            except Exception as error:  # noqa: BLE001 - each cloud's client has errors of its own
                failures.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(max(0.0, self.since + TIMEOUT_S - time.monotonic()))
        if answers:
            return answers[0]
        if failures and isinstance(failures[0], UnknownError):
            raise failures[0]
        if failures and isinstance(failures[0], FileNotFoundError):  # gcsfs' word for it
            raise _unreachable(self.name, f"there is no bucket {self.url.split('/')[2]}")
        if failures:
            words = " ".join(str(failures[0]).split())[:200] or type(failures[0]).__name__
            raise _unreachable(self.name, words)
        raise _unreachable(self.name, f"no answer within {TIMEOUT_S:g} s")


def _silence(package: str) -> None:
    """Without a handler of its own, a client's logger prints each error to stderr."""
    import logging  # 5 ms, where no cloud is asked

    logging.getLogger(package).addHandler(logging.NullHandler())


def _is_web_server(files: Any) -> bool:
    """It lists nothing: each object is asked for, by connections that are closed at the end."""
    return not hasattr(files, "find")


def _typed(value: str) -> str | int | bool:
    """A value of the config as DVC's schema reads it."""
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if value.isdecimal() and len(value) < 10 else value


def _import_gcsfs() -> None:
    """With its experimental calls off, which the workshop's bucket server does not answer."""
    before = os.environ.get(activation.VARIABLE)
    os.environ[activation.VARIABLE] = activation.VALUE  # read at import
    try:
        importlib.import_module("gcsfs")
    finally:
        os.environ.pop(activation.VARIABLE)
        if before is not None:
            os.environ[activation.VARIABLE] = before


def _md5_of(detail: Mapping[str, Any]) -> str | None:
    """An object's MD5 in hex, None where the cloud does not tell it."""
    try:
        return base64.b64decode(detail["md5Hash"]).hex()
    except (KeyError, TypeError, ValueError):
        return None


def _ask_each(files: Any, paths: list[str]) -> dict[str, Any]:
    """What each of ``paths`` is, those that are absent left out; the first error, if any.

    Not by ``exists``, which takes every error for a no. The threads of a ThreadPoolExecutor would
    keep a program from ending while a cloud does not answer; those of this pool are daemons.
    """
    from multiprocessing.pool import ThreadPool

    def ask(path: str) -> Any:
        try:
            return files.info(path)
        except FileNotFoundError:
            return None

    with ThreadPool(min(_THREADS, len(paths))) as pool:
        details = pool.map(ask, paths, chunksize=1)
    return {path: detail for path, detail in zip(paths, details, strict=True) if detail}


_LOOK = "Look at the network, then at the address, then at the credentials."


def _unreachable(name: str, why: str, advice: str = _LOOK) -> UnknownError:
    return UnknownError(
        f"The remote {name} could not be asked: {why}. {advice}",
        Command(("dvc", "remote", "list")),
        Command(("dvc", "push", "-r", name)),
        code="remote-unreachable",
    )
