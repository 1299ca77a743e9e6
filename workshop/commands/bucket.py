"""``workshop bucket``: a Google Cloud Storage server for a classroom, and what it prints."""

import argparse
import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from workshop import endpoints, output

if TYPE_CHECKING:
    from bucket.options import ServerOptions


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command and its options."""
    parser = commands.add_parser(
        "bucket",
        help="a Google Cloud Storage server for gs:// remotes, and the commands that use it",
        description=(
            "Serves two buckets until Ctrl-C: NAME, and NAME-raw, which is read-only. It asks"
            " nobody who they are: for this computer, or a classroom's network."
        ),
    )
    add = parser.add_argument
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
    parser.set_defaults(run=_run)


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


def _run(options: argparse.Namespace) -> int:
    try:
        from bucket import server
        from bucket.errors import BucketError
    except ImportError as error:
        fix = "python -m pip install aiohttp google-crc32c"
        output.report_error(f"the bucket server needs {error.name}", fix)
        return 1
    from workshop.commands.bucket_messages import BucketMessages

    try:
        # Not Path.is_dir, which raises for a name that is too long.
        if options.raw and not os.path.isdir(options.raw):  # noqa: PTH112
            fix = f"{endpoints.BUCKET_COMMAND} --raw FOLDER"
            raise BucketError(f"{options.raw} is no folder", fix)
        server.serve(_server_options(options), BucketMessages(), _print_at_once)
    except BucketError as error:
        output.report_error(error.problem, error.fix)
        return 1
    return 0


def _server_options(options: argparse.Namespace) -> "ServerOptions":
    from bucket.options import ServerOptions

    posters_dir = Path("data", "raw").absolute()
    return ServerOptions(
        endpoints.BUCKET_COMMAND,
        options.host,
        options.port,
        (options.dir or Path("~", "dvc-bucket").expanduser()).absolute(),
        options.name,
        options.raw.absolute() if options.raw else None,
        posters_dir if posters_dir.is_dir() and not options.raw else None,
        # Only those of an attendee's repository: the lessons are about no other data/raw.
        copies_posters=Path("workshop.toml").is_file(),
    )


def _print_at_once(text: str) -> None:
    """Also into a pipe; the server goes on where nobody reads what it prints."""
    with contextlib.suppress(BrokenPipeError, output.OutputError):
        output.write(f"{text}\n")
