"""The commands of ``workshop``: ``status`` and ``bucket``. What one needs is imported when it runs.

argparse, since ``grader doctor`` runs with the standard library alone and all commands look alike.
It is also quick: a start with one option takes 40 ms of CPU, with click 120, with typer 250.
"""

import argparse
from collections.abc import Sequence

from workshop import output
from workshop.commands import bucket, status


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0, 1 for what a user can fix, 2 for a wrong option."""
    parser = argparse.ArgumentParser("workshop", description="Looks at a DVC project.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    status.add_parser(commands)
    bucket.add_parser(commands)
    options = parser.parse_args(argv)
    return output.exit_code(lambda: int(options.run(options)))
