"""What ``workshop bucket`` prints: what it serves, what to type, and what a client lacks."""

import sys
import tomllib
from collections.abc import Sized
from pathlib import Path

from bucket.folders import BucketFolders
from bucket.options import ServerOptions
from workshop import activation
from workshop.remote_addresses import prefix_of

_ANYBODY = "YOUR-NAME"
_MAX_SHOWN = 3
_ASKS_NOBODY = "It asks nobody who they are: for this computer, or a classroom's network."
_BASH = f"export {activation.VARIABLE}={activation.VALUE}"
_POWERSHELL = f'$env:{activation.VARIABLE} = "{activation.VALUE}"'


class BucketMessages:
    """The texts of the bucket server, see bucket.server.Messages."""

    def welcome(self, options: ServerOptions, folders: BucketFolders) -> str:
        """What is served out of which folders, and what to type now."""
        lines = [
            f"Google Cloud Storage for the workshop, at {options.endpoint}",
            f"  gs://{options.bucket}: what is pushed, in {folders.objects_dir}",
            *_raw_data_lines(options, folders),
            _ASKS_NOBODY,
            "",
            f"In another terminal, in your repository{_your_name(options)}:",
            f"  {_POWERSHELL if sys.platform == 'win32' else _BASH}",
            *([f"  {activation.COMMAND}"] if Path("activate").is_file() else []),
            *_remote_commands(options),
            "",
            "Without the first of these lines dvc push stands still. For other shells, and for the",
            f"raw data: {options.endpoint}/",
            "Ctrl-C stops the server; its objects stay.",
        ]
        return "\n".join(lines)

    def front_page(self, options: ServerOptions) -> str:
        """Everything that uses the server, for whoever opens its address in a browser."""
        lines = [
            f"Google Cloud Storage for the workshop, at {options.endpoint}",
            f"  gs://{options.bucket}: what attendees push, each below a prefix of their own",
            f"  {options.raw_url}: the raw data, read-only",
            _ASKS_NOBODY,
            "",
            "In each terminal first. bash, zsh:",
            f"  {_BASH}",
            "PowerShell:",
            f"  {_POWERSHELL}",
            f"Both in a repository that `grader start` made: {activation.COMMAND}",
            "",
            f"Then, in your repository{_your_name(options)}:",
            *_remote_commands(options),
            "",
            "The raw data, where data/raw is not there yet:",
            f"  dvc import-url {options.raw_url} data/raw --fs-config"
            f" endpointurl={options.endpoint} --fs-config allow_anonymous_login=true",
        ]
        return "\n".join(lines) + "\n"

    def explain_grpc(self, client: str) -> str:
        """Why DVC seems to hang on that computer."""
        return (
            f"{client}: DVC waits there, a minute for each object, since a variable is not set."
            f" Stop it and type, in that terminal:\n  {_BASH}            (bash, zsh)\n"
            f"  {_POWERSHELL}          (PowerShell)"
        )

    def explain_https(self, client: str) -> str:
        """What to change where the endpoint begins with https."""
        return (
            f"{client}: asks over https there, and this server speaks http. Type, in that"
            " repository:\n  dvc remote modify dvc-workshop endpointurl http://…   (the rest as it"
            " was)"
        )


def _remote_commands(options: ServerOptions) -> list[str]:
    return [
        f"  dvc remote add -d dvc-workshop gs://{options.bucket}/{_attendee(options)}",
        f"  dvc remote modify dvc-workshop endpointurl {options.endpoint}",
        "  dvc remote modify dvc-workshop allow_anonymous_login true",
    ]


def _your_name(options: ServerOptions) -> str:
    """What to do with the name in the commands, where it is no attendee's."""
    return f", with your own name for {_ANYBODY}" if _attendee(options) == _ANYBODY else ""


def _attendee(options: ServerOptions) -> str:
    """Who works in the current folder, if `grader start` wrote that there; nobody for a room."""
    try:
        table = tomllib.loads(Path("workshop.toml").read_text("utf-8")).get("workshop")
    except (OSError, ValueError):
        return _ANYBODY
    name = table.get("attendee") if isinstance(table, dict) else None
    prefix = prefix_of(name) if isinstance(name, str) else None
    return _ANYBODY if prefix is None or options.is_for_a_room else prefix


def _raw_data_lines(options: ServerOptions, folders: BucketFolders) -> list[str]:
    """How many files the raw data has, where, and which of them nobody gets."""
    files = folders.raw_files
    if folders.not_copied:
        return [
            f"  {options.raw_url}: nothing. {folders.not_copied} has {_count(files.paths)}, and"
            " belongs to no repository of `grader start`.",
            f"    To offer them all the same: {options.command} --raw {Path('data', 'raw')}",
        ]
    if not files.paths and not files.problems:
        return [f"  {options.raw_url}: nothing. To offer a folder: {options.command} --raw FOLDER"]
    raw_dir = folders.raw_dir if folders.raw_prefix else folders.raw_dir / "raw"
    copied = f", copied now from {folders.copied_from}" if folders.copied_from else ""
    return [
        f"  {options.raw_url}: {_count(files.paths)}, read-only, in {raw_dir}{copied}",
        *_problem_lines(files.problems),
    ]


def _problem_lines(problems: dict[str, str]) -> list[str]:
    if not problems:
        return []
    lines = [f"      {path!r}: {reason}" for path, reason in list(problems.items())[:_MAX_SHOWN]]
    more = len(problems) - len(lines)
    return [
        f"    WARNING: {_count(problems)} there that nobody can import:",
        *lines,
        *([f"      and {more} more"] if more > 0 else []),
        "    Give them plain names, put files in place of links, and start the server again.",
    ]


def _count(files: Sized) -> str:
    return f"{len(files):,} {'file' if len(files) == 1 else 'files'}"
