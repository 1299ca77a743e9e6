"""Puts the workshop's posters under data/raw: drawn here, or those of a public data set.

    python -m pipeline.posters data/raw [--count N] [--expect data/raw.dvc] [--force]
    python -m pipeline.posters data/raw --from PATH_OR_URL [--force]

What it drew before it can draw again, so that it keeps it or adds posters to it. Any other data
there it leaves alone, unless told to replace it with ``--force``.
"""

from pipeline.shared import errors

if __name__ == "__main__":
    errors.watch_start()  # the imports below take long enough to be interrupted

import argparse
import sys
from pathlib import Path

from pipeline.posters import drawn_posters
from pipeline.posters.artwork import collection
from pipeline.shared.errors import DatasetError, exit_code
from pipeline.shared.outs import restore

DEFAULT_COUNT = 800


def main() -> None:
    """Write the posters that the command line asks for, and say what was done."""
    options = _options()
    if options.raw_dir.exists() and not options.raw_dir.is_dir():
        raise DatasetError(f"{options.raw_dir} is a file", "name a folder: data/raw")
    raw_dir = restore(options.raw_dir)
    if options.source is not None:
        _install(options.source, raw_dir, options.force)
    elif options.expect is None:
        drawn_posters.write_posters(raw_dir, options.count, _say, force=options.force)
    else:
        drawn_posters.write_recorded_posters(
            raw_dir, options.count, options.expect, _say, force=options.force
        )


def _install(source: str, raw_dir: Path, force: bool) -> None:
    from pipeline.posters.public import install  # and httpx, which drawing does not need

    if not force and raw_dir.exists():
        drawn_posters.count_drawn(raw_dir, sys.maxsize)
    install(source, raw_dir)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m pipeline.posters", description="Write the posters.")
    parser.add_argument("raw_dir", type=Path, help="where they go: data/raw")
    parser.add_argument(
        "--count", type=_count, help=f"how many to draw, by default {DEFAULT_COUNT}"
    )
    parser.add_argument("--force", action="store_true", help="replace any other data")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--from",
        dest="source",
        metavar="PATH_OR_URL",
        help="take a public data set in place of drawing: a folder, a zip or tar, or an address",
    )
    which.add_argument(
        "--expect", type=Path, metavar="FILE.dvc", help="check the hash that this file records"
    )
    options = parser.parse_args()
    if options.source is not None and options.count is not None:
        parser.error("argument --count: not allowed with argument --from, which takes all")
    options.count = options.count or DEFAULT_COUNT
    return options


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < collection.SMALLEST:
        raise argparse.ArgumentTypeError(
            f"must be a whole number of at least {collection.SMALLEST}, got {text!r}"
        )
    return int(text)


def _say(message: str) -> None:
    sys.stdout.write(message + "\n")


if __name__ == "__main__":
    sys.exit(exit_code(main))
