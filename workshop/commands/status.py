"""``workshop status``: which stages are up to date, and why the others are not."""

import argparse
import json
from pathlib import Path

from workshop import output


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command and its options."""
    parser = commands.add_parser(
        "status",
        help="which stages are up to date, and why the others are not",
        description="The state of every stage and the reasons, as dvc status sees them.",
    )
    parser.add_argument(
        "--repo", type=Path, default=Path(), metavar="PATH", help="the repository (default: here)"
    )
    parser.add_argument(
        "--format", choices=("human", "json"), default="human", help="a table (default), or JSON"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    import dvcstate

    is_json = options.format == "json"
    try:
        state = dvcstate.status(options.repo)
    except dvcstate.ProjectError as error:
        if is_json:
            names = ("problem", "fix", "path", "line", "column")
            details = {name: getattr(error, name) for name in names}
            output.write(json.dumps({"error": details}, indent=2) + "\n")
        else:
            output.report_error(str(error), error.fix)
        return 1
    if is_json:
        output.write(json.dumps(dvcstate.as_json(state), indent=2) + "\n")
    else:
        from workshop.commands import status_table
        from workshop.terminal import style_of

        style = style_of(output.standard_output())
        output.write(status_table.render(state, style))
    return 0
