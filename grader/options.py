"""The commands of ``grader`` and their options.

By argparse: it takes 10 ms of CPU to import and click 70 to 100 ms, a fourth of a static check.
"""

import argparse
from pathlib import Path
from typing import TypeAlias

FORMATS = ("human", "json", "junit", "gradescope", "github")


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``grader``; the name of the command is in ``command``."""
    parser = argparse.ArgumentParser(
        "grader",
        description="Tells what is right in your repository, what is wrong, and what to type.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_check(commands)
    listing = commands.add_parser("list", help="every check, lesson by lesson")
    listing.add_argument(
        "--broken", action="store_true", help="the broken repositories of grader start --broken"
    )
    explain = commands.add_parser("explain", help="what a check or a code is about")
    explain.add_argument("check", metavar="CHECK", help="an id or a code, as grader check shows it")
    _add_start(commands)
    _add_watch(commands)
    _add_hint(commands)
    _add_predict(commands)
    _add_supply(commands)
    # For the list of commands alone: grader.__main__ runs it, without any package.
    doctor = commands.add_parser(
        "doctor", help="whether this computer is ready; runs before anything is installed"
    )
    _add_repo(doctor)
    return parser


# argparse names its type in private only.
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add_check(commands: _Commands) -> None:
    check = commands.add_parser("check", help="judge a repository")
    _add_repo(check)
    check.add_argument("--lesson", metavar="ID", help="the checks of one lesson")
    check.add_argument("--only", metavar="CHECK", help="one check")
    check.add_argument(
        "--all", action="store_true", help="later lessons too, with what solves them"
    )
    check.add_argument(
        "--any", action="store_true", help="any DVC repository: what no lesson has to do with"
    )
    check.add_argument("--offline", action="store_true", help="leave out what the remote answers")
    check.add_argument(
        "--run-code",
        action="store_true",
        help="run what was written in the gaps of grader start --gaps, and judge its answers",
    )
    check.add_argument("--format", choices=FORMATS, default="human", help="default: human")
    check.add_argument("--output", type=Path, metavar="FILE", help="write there, not to the screen")


def _add_start(commands: _Commands) -> None:
    start = commands.add_parser(
        "start",
        help="make a repository to work in",
        epilog="examples: grader start ../my-workshop; grader start ../late --at train;"
        " grader start ../my-project --without-dvc; grader start ../exercise --broken 3;"
        " grader start ../exercises --broken all",
    )
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
    start.add_argument(
        "--without-dvc",
        action="store_true",
        help="a small project that knows nothing of DVC, for the lesson your-project",
    )
    start.add_argument(
        "--broken",
        metavar="N",
        help="in place of the workshop, a small broken repository to mend: its number or name,"
        " or all of them, each in a folder of DIR; grader list --broken lists them",
    )
    start.add_argument(
        "--gaps",
        action="store_true",
        help="leave parts of the stages' code to the attendee, for courses that teach the code too",
    )


def _add_watch(commands: _Commands) -> None:
    watch = commands.add_parser(
        "watch",
        help="judge again whenever something changes, until Ctrl-C",
        description=(
            "Judges again whenever something changes, and shows what turned green and what to do"
            " next. The remote is asked when you press Enter. Keep it open in a second terminal."
        ),
        epilog="example: grader watch --repo ../my-workshop",
    )
    _add_repo(watch)


def _add_hint(commands: _Commands) -> None:
    hint = commands.add_parser(
        "hint",
        help="a question, then where to look, then what to type: a step more at each call",
        description=(
            "Three steps for a check that does not hold, one more at each call: a question, where"
            " to look, what to type. Or what to do about a message that DVC, git or the shell"
            " printed: paste it, in quotes. Or, with the word think, the answer to the question at"
            " the end of a lesson."
        ),
        epilog='examples: grader hint; grader hint data.tracked; grader hint "already tracked";'
        " grader hint think data",
    )
    hint.add_argument(
        "about",
        nargs="*",
        metavar="CHECK",
        help="a check, a code, or words of a message (default: what is next)",
    )
    hint.add_argument("--step", type=int, choices=(1, 2, 3), help="this one, and not the next")
    hint.add_argument("--reset", action="store_true", help="start over with every check")
    _add_repo(hint)


def _add_predict(commands: _Commands) -> None:
    predict = commands.add_parser(
        "predict",
        help="say which stages dvc repro will run, and see whether you are right",
        description=(
            "Name the stages that you expect dvc repro to run, before you type it. Each stage is"
            " compared with what has changed, and the reason is told. Nothing runs."
        ),
        epilog="examples: grader predict train export; grader predict none",
    )
    predict.add_argument(
        "stages", nargs="+", metavar="STAGE", help="a stage that will run; none: no stage will"
    )
    _add_repo(predict)


def _add_supply(commands: _Commands) -> None:
    supply = commands.add_parser(
        "supply",
        help="add to dvc.yaml what a lesson supplies of a stage",
        description=(
            "Adds what a lesson supplies of a stage to the end of dvc.yaml; BLANK-1, BLANK-2 in it"
            " are for you to fill in. It overwrites nothing."
        ),
        epilog="example: grader supply train",
    )
    supply.add_argument("stage", metavar="STAGE", help="the stage, as the lesson says")
    _add_repo(supply)


def _add_repo(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--repo", type=Path, default=Path(), metavar="PATH", help="the repository (default: here)"
    )
