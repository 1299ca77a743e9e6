"""The commands of ``grader`` and their options. What a command needs is imported when it runs."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.registry import Check

NOT_SHOWN = 2
"""The exit code where nobody could read the report, as for a wrong option."""
FORMATS = ("human", "json", "junit", "gradescope", "github")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, see grader.report."""
    options = _parser().parse_args(argv)
    try:
        code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever reads, such as head, has enough
        _silence()
        return NOT_SHOWN
    except OutputError as error:
        _silence()
        return _refuse(error.problem, error.fix)


class OutputError(Exception):
    """What was to be shown cannot be written there."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.fix = problem, fix


def _silence() -> None:
    """Python would try once more as it ends, and tell of it in its own words."""
    if sys.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "grader",
        description="Tells what is right in your repository, what is wrong, and what to type.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_check(commands)
    listing = commands.add_parser("list", help="every check, lesson by lesson")
    listing.set_defaults(run=_list)
    explain = commands.add_parser("explain", help="what a check or a code is about")
    explain.add_argument("check", metavar="CHECK", help="an id or a code, as grader check shows it")
    explain.set_defaults(run=_explain)
    _add_start(commands)
    return parser


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = commands.add_parser("check", help="judge a repository")
    check.add_argument(
        "--repo", type=Path, default=Path(), metavar="PATH", help="the repository (default: here)"
    )
    check.add_argument("--lesson", metavar="ID", help="the checks of one lesson")
    check.add_argument("--only", metavar="CHECK", help="one check")
    check.add_argument("--offline", action="store_true", help="leave out what the remote answers")
    check.add_argument("--format", choices=FORMATS, default="human", help="default: human")
    check.add_argument("--output", type=Path, metavar="FILE", help="write there, not to the screen")
    check.set_defaults(run=_check)


def _add_start(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    start = commands.add_parser("start", help="make a repository to work in")
    start.add_argument("folder", type=Path, metavar="DIR", help="where; it must not hold anything")
    start.add_argument(
        "--at", metavar="LESSON", help="with all before it solved; end: with all solved"
    )
    start.add_argument("--name", metavar="ATTENDEE", help="who works in it")
    start.add_argument("--remote", metavar="URL", help="where the attendee's data is to go")
    start.add_argument(
        "--endpoint",
        metavar="URL",
        help="of a bucket server, for a gs:// remote that is not Google's",
    )
    start.set_defaults(run=_start)


def _check(options: argparse.Namespace) -> int:
    from grader import rendering
    from grader.checks import CHECKS
    from grader.grading import grade
    from grader.report import exit_code
    from workshop.course import course

    known = [lesson.id for lesson in course().lessons]
    if options.lesson and options.lesson not in known:
        return _refuse(f"no lesson is called {options.lesson!r}", f"one of {', '.join(known)}")
    if options.only and options.only not in CHECKS:
        return _refuse(f"no check is called {options.only!r}", "grader list")
    if not options.repo.is_dir():
        return _refuse(f"{options.repo}: no such folder", "name the folder of your repository")
    selected = _selection(options)
    if options.offline and not any(selected(o) and o.tier == "static" for o in CHECKS.values()):
        return _refuse("only the remote can answer that", "leave out --offline")
    if not any(map(selected, CHECKS.values())):
        return _refuse(f"{options.only} is no check of the lesson {options.lesson}", "grader list")
    report = grade(options.repo, selected, offline=options.offline)
    text = rendering.render(report, options.format, None if options.output else sys.stdout)
    if options.output:
        _save(options.output, text)
    else:
        _write(text)
    return exit_code(report)


def _selection(options: argparse.Namespace) -> "Callable[[Check], bool]":
    return lambda one: options.lesson in (None, one.lesson) and options.only in (None, one.id)


def _list(_options: argparse.Namespace) -> int:
    from grader.checks import in_teaching_order
    from grader.rendering import catalogue

    _write(catalogue.listing(in_teaching_order().values()))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from grader.checks import in_teaching_order
    from grader.rendering import catalogue

    found = [
        o for o in in_teaching_order().values() if options.check == o.id or options.check in o.codes
    ]
    if not found:
        return _refuse(f"no check and no code is called {options.check!r}", "grader list")
    _write(catalogue.explanation(found))
    return 0


def _start(options: argparse.Namespace) -> int:
    from workshop import starter

    try:
        remote = None
        if options.remote:
            remote = starter.Remote(options.remote, options.endpoint)
        elif options.endpoint:
            raise starter.StartError(
                "--endpoint is for a remote, and there is none", "--remote gs://dvc-workshop/NAME"
            )
        told = starter.start(options.folder, options.at, options.name, remote)
    except starter.StartError as error:
        return _refuse(error.problem, error.fix)
    _write(told + "\n")
    return 0


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise OutputError(
            f"{path}: the report cannot be written there: {error.strerror}",
            "name a file in a folder that is there",
        ) from None


def _refuse(problem: str, fix: str) -> int:
    sys.stderr.write(f"error: {problem}\n  fix: {fix}\n")
    return 2


def _write(text: str) -> None:
    """To standard output, whatever it can write: a pipe on Windows knows no ✓ and no 日本."""
    if sys.stdout is None:
        raise OutputError("standard output is closed", "give it a FILE with --output")
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"the screen or file does not take the report: {error.strerror}",
            "make room there, or give it a FILE with --output",
        ) from None
