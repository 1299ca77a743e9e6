"""What the bucket server tells people: what it serves, what to type, what they forgot."""

import socket
import tomllib
from dataclasses import dataclass
from pathlib import Path

from bucket import raw
from bucket.folders import Folders
from bucket.options import COMMAND
from workshop.start import activation

_ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognised, not bound
_ANYBODY = "YOUR-NAME"
_SHOWN = 3


@dataclass(frozen=True)
class Place:
    """Where a server listens, and what the bucket is called that attendees push to."""

    host: str
    port: int
    name: str

    @property
    def endpoint(self) -> str:
        """The address under which others reach it."""
        return f"http://{_reached(self.host)}:{self.port}"

    @property
    def raw(self) -> str:
        """The address of the raw data."""
        return f"gs://{self.name}-raw/{raw.PREFIX}"

    @property
    def attendee(self) -> str:
        """Who pushes to it: the attendee who started it, or whoever reads this."""
        who = None if self.host in _ANYWHERE else _attendee()
        return who or _ANYBODY

    @property
    def whose(self) -> str:
        """What to put in where nobody in particular is named."""
        return f", with your own name for {_ANYBODY}" if self.attendee == _ANYBODY else ""


def welcome(place: Place, folders: Folders) -> str:
    """What is served out of which folders, and what to type now."""
    lines = [
        f"Google Cloud Storage for the workshop, at {place.endpoint}",
        f"  gs://{place.name}: what is pushed, in {folders.objects_dir}",
        *_raw_lines(place, folders),
        "It asks nobody who they are: for this computer, or a classroom's network.",
        "",
        f"In another terminal, in your repository{place.whose}:",
        *([f"  {activation.COMMAND}"] if Path("activate").is_file() else []),
        *(f"  {line}" for line in _commands(place)),
        "",
        f"More, for other shells and for the raw data: {place.endpoint}/",
        "Ctrl-C stops the server; its objects stay.",
    ]
    return "\n".join(lines)


def page(place: Place) -> str:
    """Everything that uses the server, for whoever opens its address in a browser."""
    lines = [
        f"Google Cloud Storage for the workshop, at {place.endpoint}",
        f"  gs://{place.name}: what attendees push, each below a prefix of their own",
        f"  {place.raw}: the raw data, read-only",
        "It asks nobody who they are: for this computer, or a classroom's network.",
        "",
        "In each terminal first. bash, zsh:",
        f"  export {activation.VARIABLE}={activation.VALUE}",
        "PowerShell:",
        f'  $env:{activation.VARIABLE} = "{activation.VALUE}"',
        f"Both in a repository that `grader start` made: {activation.COMMAND}",
        "",
        f"Then, in your repository{place.whose}:",
        *(f"  {line}" for line in _commands(place)),
        "",
        "The raw data, where data/raw is not there yet:",
        f"  dvc import-url {place.raw} data/raw --fs-config endpointurl={place.endpoint}"
        " --fs-config allow_anonymous_login=true",
    ]
    return "\n".join(lines) + "\n"


def _commands(place: Place) -> list[str]:
    return [
        f"dvc remote add -d dvc-workshop gs://{place.name}/{place.attendee}",
        f"dvc remote modify dvc-workshop endpointurl {place.endpoint}",
        "dvc remote modify dvc-workshop allow_anonymous_login true",
    ]


def _raw_lines(place: Place, folders: Folders) -> list[str]:
    """How many files the raw data has, where, and which of them nobody gets."""
    found, raw_dir = folders.found, folders.raw_dir / ("" if folders.raw_below else raw.PREFIX)
    if folders.passed_over:
        return [
            f"  {place.raw}: nothing. {folders.passed_over} has {_files(found.offered)}, and"
            " belongs to no repository of `grader start`.",
            f"    To offer them all the same: {COMMAND} --raw {Path('data', 'raw')}",
        ]
    if not found.offered and not found.left_out:
        return [f"  {place.raw}: nothing. To offer a folder: {COMMAND} --raw FOLDER"]
    copied = f", copied now from {folders.copied_from}" if folders.copied_from else ""
    return [
        f"  {place.raw}: {_files(found.offered)}, read-only, in {raw_dir}{copied}",
        *_left_out(found.left_out),
    ]


def _left_out(left_out: dict[str, str]) -> list[str]:
    if not left_out:
        return []
    shown = [f"      {path!r}: {why}" for path, why in list(left_out.items())[:_SHOWN]]
    more = len(left_out) - len(shown)
    return [
        f"    WARNING: {_files(left_out)} there that nobody can import:",
        *shown,
        *([f"      and {more} more"] if more > 0 else []),
        "    Give them plain names, put files in place of links, and start the server again.",
    ]


def _files(paths: "list[str] | dict[str, str]") -> str:
    return f"{len(paths):,} {'file' if len(paths) == 1 else 'files'}"


def variable_is_missing(address: str) -> str:
    """For whoever sits at that address: why DVC seems to hang."""
    return (
        f"{address}: DVC waits there, a minute for each object, since a variable is not set."
        f" Stop it and type, in that terminal:\n  export {activation.VARIABLE}={activation.VALUE}"
        "            (bash, zsh)\n"
        f'  $env:{activation.VARIABLE} = "{activation.VALUE}"          (PowerShell)'
    )


def https_is_not_spoken(address: str) -> str:
    """For whoever gave the server's address with https."""
    return (
        f"{address}: asks over https there, and this server speaks http. Type, in that repository:"
        "\n  dvc remote modify dvc-workshop endpointurl http://…   (the rest as it was)"
    )


def _reached(host: str) -> str:
    """The address under which others reach a server that listens on ``host``."""
    if host not in _ANYWHERE:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks which way it would go
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _attendee() -> str | None:
    """Who works in the current folder, if `grader start` wrote that there."""
    try:
        table = tomllib.loads(Path("workshop.toml").read_text("utf-8")).get("workshop")
    except (OSError, ValueError):
        return None
    name = table.get("attendee") if isinstance(table, dict) else None
    return name if isinstance(name, str) and name.replace("-", "").isalnum() else None
