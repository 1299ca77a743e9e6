"""The commands of ``workshop`` and their options. What a command needs is imported when it runs."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0, 1 for what a user can mend, 2 for a wrong option."""
    options = _parser().parse_args(argv)
    return _status(options.repo, options.format)


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
    return parser


def _status(repo: Path, form: str) -> int:
    from workshop import project

    try:
        state = project.status(repo)
    except project.ProjectError as error:
        _tell(error, form)
        return 1
    if form == "json":
        _write(json.dumps(project.as_json(state), indent=2) + "\n")
    else:
        from workshop import status_table

        _write(status_table.render(state, status_table.style_of(sys.stdout)))
    return 0


def _tell(error: Exception, form: str) -> None:
    details = {name: getattr(error, name) for name in ("problem", "fix", "path", "line", "column")}
    if form == "json":
        _write(json.dumps({"error": details}, indent=2) + "\n")
    else:
        sys.stderr.write(f"error: {error}\n  fix: {details['fix']}\n")


def _write(text: str) -> None:
    """To standard output, whatever it can write: a pipe on Windows knows no ✓ and no 日本."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
