"""The commands of ``workshop`` and their options. What a command needs is imported when it runs."""

import argparse
import contextlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from workshop import endpoints, output
from workshop.output import OutputError, tell, write


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0, 1 for what a user can mend, 2 for a wrong option."""
    options = _parser().parse_args(argv)
    if options.command == "bucket":
        return output.exit_code(lambda: _bucket(options))
    return output.exit_code(lambda: _status(options.repo, options.format))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("workshop", description="Looks at a DVC project.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    status = commands.add_parser(
        "status",
        help="which stages are up to date, and why the others are not",
        description="The state of every stage and the reasons, as dvc status sees them.",
    )
    status.add_argument(
        "--repo", type=Path, default=Path(), metavar="PATH", help="the repository (default: here)"
    )
    status.add_argument(
        "--format", choices=("human", "json"), default="human", help="a table (default), or JSON"
    )
    _add_bucket(commands)
    return parser


def _add_bucket(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    bucket = commands.add_parser(
        "bucket",
        help="a Google Cloud Storage server for gs:// remotes, and the commands that use it",
        description=(
            "Serves two buckets until Ctrl-C: NAME, and NAME-raw, which is read-only. It asks"
            " nobody who they are: for this computer, or a classroom's network."
        ),
    )
    add = bucket.add_argument
    add(
        "--host",
        type=_text,
        default="127.0.0.1",
        help="0.0.0.0 for the whole room (default: 127.0.0.1)",
    )
    add(
        "--port",
        type=_port,
        default=endpoints.BUCKET_PORT,
        help="default: %(default)s; 0 takes a free one",
    )
    add("--dir", type=_folder, metavar="FOLDER", help="keeps the objects (default: ~/dvc-bucket)")
    add("--name", type=_bucket_name, default="dvc-workshop", help="default: dvc-workshop")
    add(
        "--raw",
        type=_folder,
        metavar="FOLDER",
        help="offered as gs://NAME-raw/raw (default: a copy of an attendee's data/raw, made once)",
    )


def _text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: leave the option out, or give it a value")
    return text


def _folder(text: str) -> Path:
    return Path(_text(text))


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:6]) > 65_535:
        raise argparse.ArgumentTypeError(
            f"{text[:100]} is no port: a number up to 65535, such as 4443, or 0 for a free one"
        )
    return int(text)


def _bucket_name(text: str) -> str:
    """What Google takes as well, and every disk; room is left for ``-raw``."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,57}[a-z0-9]", text):
        why = "3 to 59 of a-z, 0-9 and -, none of them - at the ends"
    elif text.startswith("goog") or "google" in text or "g00gle" in text:
        why = "Google keeps names with its own name for itself"
    elif text.endswith("-raw"):
        why = "-raw is the end of what the bucket of the raw data is called"
    elif re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", text):
        why = "Windows has no folder of that name"
    else:
        return text
    raise argparse.ArgumentTypeError(f"{text[:100]} is no name for a bucket: {why}")


def _bucket(options: argparse.Namespace) -> int:
    try:
        from bucket import options as given
        from bucket import serving
    except ImportError as error:
        tell(
            f"error: the bucket server needs {error.name}\n"
            "  fix: python -m pip install aiohttp google-crc32c\n"
        )
        return 1
    posters = Path("data", "raw")
    try:
        if options.raw and not os.path.isdir(options.raw):  # noqa: PTH112 - whatever its name
            raise given.BucketError(f"{options.raw} is no folder", f"{given.COMMAND} --raw FOLDER")
        where = given.Options(
            options.host,
            options.port,
            (options.dir or Path("~", "dvc-bucket").expanduser()).absolute(),
            options.name,
            options.raw.absolute() if options.raw else None,
            posters.absolute() if posters.is_dir() and not options.raw else None,
        )
        serving.serve(where, _announce)
    except given.BucketError as error:
        _tell(error, "human")
        return 1
    return 0


def _status(repo: Path, form: str) -> int:
    import dvcstate

    try:
        state = dvcstate.status(repo)
    except dvcstate.ProjectError as error:
        _tell(error, form)
        return 1
    if form == "json":
        write(json.dumps(dvcstate.as_json(state), indent=2) + "\n")
    else:
        from workshop import status_table

        write(status_table.render(state, status_table.style_of(output.standard())))
    return 0


def _tell(error: Exception, form: str) -> None:
    details = {name: getattr(error, name) for name in ("problem", "fix", "path", "line", "column")}
    if form == "json":
        write(json.dumps({"error": details}, indent=2) + "\n")
    else:
        tell(f"error: {error}\n  fix: {details['fix']}\n")


def _announce(text: str) -> None:
    """At once, though output goes to a pipe; the server goes on where nobody reads that."""
    with contextlib.suppress(BrokenPipeError, OutputError):
        write(f"{text}\n")
