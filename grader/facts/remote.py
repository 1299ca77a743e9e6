"""A DVC remote, asked object by object: through fsspec, within a time limit."""

import base64
import importlib
import importlib.util
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from dvcstate.documents import regular_file
from grader.engine.finding import UnknownError
from grader.engine.step import Command, Note
from grader.facts.objects import Objects, Unread
from workshop import endpoints
from workshop.start import activation

TIMEOUT_S = 7.0  # with all else that a check takes, an answer comes within ten
_LISTENS_S = 3.0
_SPARE_S = 1.5
"""Kept of the time limit, for the last object that is read of a folder."""
_NOWHERE = logging.NullHandler()
_PAGE = 1000
_LARGEST_LISTING = 256 * 2**20
_AT_ONCE = 32
_LISTED_FOR_ONE_ASKED = 10
"""Between what was measured on a server on the same machine (a listing of 1,500 objects 0.05 s, 900
asked one by one 2.5 s) and a far one, where the 30 round trips of 900 cost as much as 30 pages."""
_PACKAGES = {"gs": "gcsfs", "s3": "s3fs", "azure": "adlfs"}
Answer = TypeVar("Answer")
Remotes = Mapping[str, Mapping[str, str]]


def options_of(name: str, remotes: Remotes) -> Mapping[str, str] | None:
    """The options of a remote, None where there is none of that name.

    ``remote://base/folder`` stands for a folder of the remote ``base``, with its options.
    """
    options = remotes.get(name.lower())
    scheme, _, rest = (options or {}).get("url", "").partition("://")
    if options is None or scheme != "remote":
        return options
    base, _, folder = rest.partition("/")
    others = {other: values for other, values in remotes.items() if other != name.lower()}
    below = options_of(base, others)
    if below is None or "url" not in below:
        return options
    url = "/".join([below["url"].rstrip("/"), *([folder.strip("/")] if folder else [])])
    return {**below, **options, "url": url}


@dataclass(frozen=True)
class Lacking:
    """Objects that a remote does not have, and those that it has with other bytes."""

    absent: list[str]
    wrong: list[str]


@dataclass(frozen=True)
class Remote:
    """The remote called ``name``; ``options`` are those of DVC's config, config.local included.

    All that is asked of it is answered within TIMEOUT_S of ``since``, or it is unreachable.
    ``is_of_dvc_2``: it is asked where DVC looks for what DVC 2 recorded (dvc/data_cloud.py). What
    is there is not compared with its name, which is that of a text with other ends of lines.
    """

    name: str
    options: Mapping[str, str]
    config_dir: Path
    since: float = field(default_factory=time.monotonic)
    is_of_dvc_2: bool = False

    @property
    def url(self) -> str:
        """Its address, or absolute path."""
        url = self.options["url"]
        if "://" in url:
            return url.rstrip("/")
        return os.path.abspath(self.config_dir / Path(url).expanduser())  # noqa: PTH100 - links stay

    def is_same_place(self, other: "Remote") -> bool:
        """Whether both addresses are one: a path may be written in several ways."""
        if "://" in self.url or "://" in other.url:
            return self.url == other.url
        return os.path.realpath(self.url) == os.path.realpath(other.url)

    @property
    def endpoint(self) -> str | None:
        """The address of a server that is not Google's own, if the remote is on one."""
        return self.options.get("endpointurl") or None

    def lacking(self, names: Iterable[str]) -> Lacking:
        """Those of ``names`` that it has not, or wrongly; an UnknownError where it cannot say."""
        names = list(dict.fromkeys(names))
        if "://" not in self.url:
            return self._within_time(lambda: self._lacking_in_folder(names))
        return self._within_time(lambda: self._lacking_in_cloud(names))

    def content(self, name: str) -> bytes | None:
        """The bytes of one object, None where the remote does not have it."""
        if "://" not in self.url:
            return self._within_time(lambda: self._read(name))
        return self._within_time(lambda: self._downloaded(name))

    def place(self, name: str) -> str:
        """Where the remote keeps the object of that name."""
        return f"{self.url}{self._below}/{name[:2]}/{name[2:]}"

    @property
    def _below(self) -> str:
        return "" if self.is_of_dvc_2 else "/files/md5"

    def _lacking_in_folder(self, names: list[str]) -> Lacking:
        """Every object is read: DVC takes whatever has its name for it, half a copy too."""
        if not Path(self.url).is_dir():
            raise _unreachable(self.name, f"there is no folder {self.url}")
        present = [name for name in names if os.path.isfile(self.place(name))]  # noqa: PTH113
        absent = [name for name in names if name not in set(present)]
        if self.is_of_dvc_2:
            return Lacking(absent, [])
        until = self.since + TIMEOUT_S - _SPARE_S
        try:
            return Lacking(absent, Objects(Path(self.url)).corrupt(present, until))
        except Unread as told:
            if absent:
                return Lacking(absent, [])
            raise UnknownError(
                f"The remote {self.name} holds more than was read in {TIMEOUT_S:g} s: {told.count}"
                f" of {len(names)} objects are left. What was read is remembered: ask again.",
                Command(("grader", "check")),
                code="remote-unreachable",
            ) from None

    def _read(self, name: str) -> bytes | None:
        try:
            return regular_file.read(self.place(name), _LARGEST_LISTING)
        except OSError:
            return None

    def _lacking_in_cloud(self, names: list[str]) -> Lacking:
        """By one listing, or object by object where the remote holds far more than is asked.

        A listing answers for a thousand objects a request, one request after the other. A room of
        200 has a place for each: an attendee's holds a few thousand objects, which are listed in a
        few requests where asking for each would take a thousand. A place that all share holds 200
        times as many: there, asking some at once is faster. As DVC does, one of the 256 folders
        tells how many there are. Google Cloud Storage tells the MD5 of each, its name in DVC.
        """
        files, root = self._files()
        root += self._below
        paths = {name: f"{root}/{name[:2]}/{name[2:]}" for name in names}
        estimate = 256 * len(files.find(f"{root}/00"))
        if estimate > _LISTED_FOR_ONE_ASKED * max(len(names), _PAGE):
            held = _held(files, list(paths.values()))
        else:
            held = files.find(root, detail=True)
        absent = [name for name, path in paths.items() if path not in held]
        there = [(name, held[path]) for name, path in paths.items() if path in held]
        wrong = [name for name, one in there if _md5_of(one) not in (None, name[:32])]
        return Lacking(absent, [] if self.is_of_dvc_2 else wrong)

    def _downloaded(self, name: str) -> bytes | None:
        files, root = self._files()
        try:
            content: bytes = files.cat_file(f"{root}{self._below}/{name[:2]}/{name[2:]}")
        except FileNotFoundError:
            return None
        return content

    def _files(self) -> tuple[Any, str]:
        scheme, _, root = self.url.partition("://")
        package = _PACKAGES.get(scheme)
        if package is None or importlib.util.find_spec(package) is None:
            raise _unreachable(self.name, f"nothing is installed here that reads {scheme}://")
        if self.endpoint:
            self._check_listens(self.endpoint)
        if scheme == "gs":
            _import_gcsfs()
        import fsspec

        logging.getLogger(package).addHandler(_NOWHERE)  # else it tells stderr of each error too
        return fsspec.filesystem(scheme, **self._storage_options(scheme)), root

    def _check_listens(self, endpoint: str) -> None:
        """Refused at once, where gcsfs would try again for half a minute."""
        try:
            address = endpoints.address(endpoint)
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
        wanted = endpoints.mended(endpoint.replace("https://", "http://", 1))
        return UnknownError(
            f"The remote {self.name} could not be asked: the server at {endpoint} speaks http, not"
            " https.",
            Command(("dvc", "remote", "modify", self.name, "endpointurl", wanted)),
            code="remote-unreachable",
        )

    def _storage_options(self, scheme: str) -> dict[str, Any]:
        """DVC's options in fsspec's words."""
        options: dict[str, Any] = {"skip_instance_cache": True}
        if scheme == "gs":
            endpoint = self.options.get("endpointurl")
            anonymous = self.options.get("allow_anonymous_login", "").lower() == "true"
            if endpoint or anonymous:  # an attendee's own server gets no credentials of ours
                options["token"] = "anon"  # noqa: S105 - gcsfs' word for none
            elif path := self.options.get("credentialpath"):
                options["token"] = path
            options |= {"endpoint_url": endpoint} if endpoint else {}
            options |= {"project": p} if (p := self.options.get("projectname")) else {}
        if scheme == "s3" and (u := self.options.get("endpointurl")):
            options["client_kwargs"] = {"endpoint_url": u}
        return options

    def _within_time(self, ask: Callable[[], Answer]) -> Answer:
        """The answer, if it comes in time: a cloud that cannot be reached keeps its client busy."""
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
        if failures and isinstance(failures[0], FileNotFoundError):  # says gcsfs of a listing
            raise _unreachable(self.name, f"there is no bucket {self.url.split('/')[2]}")
        if failures:
            words = " ".join(str(failures[0]).split())[:200] or type(failures[0]).__name__
            raise _unreachable(self.name, words)
        raise _unreachable(self.name, f"no answer within {TIMEOUT_S:g} s")


def _import_gcsfs() -> None:
    """With what it calls experimental off, which a server of our own does not answer."""
    before = os.environ.get(activation.VARIABLE)
    os.environ[activation.VARIABLE] = activation.VALUE  # read at import
    try:
        importlib.import_module("gcsfs")
    finally:
        os.environ.pop(activation.VARIABLE)
        if before is not None:
            os.environ[activation.VARIABLE] = before


def _md5_of(one: Mapping[str, Any]) -> str | None:
    """An object's MD5 in hex, None where the cloud does not tell it."""
    try:
        return base64.b64decode(one["md5Hash"]).hex()
    except (KeyError, TypeError, ValueError):
        return None


def _held(files: Any, paths: list[str]) -> dict[str, Any]:
    """Those of ``paths`` that are there and what they are, ``_AT_ONCE`` asked at a time.

    Not by ``exists``, which takes every error for a no.
    """
    from fsspec import asyn

    if not files.async_impl:
        asked = {path: _described(files, path) for path in paths}
        return {path: answer for path, answer in asked.items() if answer is not None}
    answers = asyn.sync(
        files.loop,
        asyn._run_coros_in_chunks,
        [files._info(path) for path in paths],
        batch_size=_AT_ONCE,
        return_exceptions=True,
    )
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, FileNotFoundError):
            raise answer
    return {
        path: answer
        for path, answer in zip(paths, answers, strict=True)
        if isinstance(answer, dict)
    }


def _described(files: Any, path: str) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = files.info(path)
    except FileNotFoundError:
        return None
    return answer


def _unreachable(name: str, why: str) -> UnknownError:
    return UnknownError(
        f"The remote {name} could not be asked: {why}. Look at the network, then at the address,"
        " then at the credentials.",
        Command(("dvc", "remote", "list")),
        Command(("dvc", "push", "-r", name)),
        code="remote-unreachable",
    )
