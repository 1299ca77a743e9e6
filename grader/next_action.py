"""The one thing to do next that a report leads to, and what is done and waits for a commit."""

from dataclasses import dataclass
from typing import Any

from grader.registry import CHECKS
from grader.report import Report
from grader.runner import COMMITTED

Entry = dict[str, Any]
"""One of the checks of a report."""


@dataclass(frozen=True)
class NextAction:
    """``command`` for what ``entry`` found or waits for; ``more`` to mend, ``blocked`` wait."""

    entry: Entry
    command: str
    more: int
    blocked: int


def next_action(report: Report) -> NextAction | None:
    """The first check that fails, else the first that waits; None where neither is there.

    What could not be told comes last: there is nothing of the attendee's to mend.
    """
    kinds = [kind_of(entry) for entry in report["checks"]]
    for wanted in ("fail", "blocked"):
        if wanted in kinds:
            entry = report["checks"][kinds.index(wanted)]
            more = kinds.count(wanted) - 1
            blocked = kinds.count("blocked") if wanted == "fail" else 0
            return NextAction(entry, first_step(entry) or "grader check", more, blocked)
    return None


def kind_of(entry: Entry) -> str:
    """The status of a check, or that it is mere advice."""
    return "advice" if entry["severity"] == "advice" else str(entry["status"])


def first_step(entry: Entry) -> str:
    """The first command of a fix, or the file to edit where that comes first."""
    line = str(entry["fix"] or "").partition("\n")[0]
    if not line.startswith("# "):
        return line
    file, colon, _ = line.removeprefix("# ").partition(": ")
    if not colon:
        return f"{line.removeprefix('# ')} (by hand)"
    return f"edit {file.partition(', stage ')[0]}, as told for {entry['id']}"


def awaits_commit(entry: Entry) -> bool:
    """Whether what a check asks for is done in the folder, and not committed yet.

    What has to be run or mended before it is committed is not done.
    """
    if entry["id"] in (*COMMITTED, "share.uncached"):
        return bool(entry["status"] == "fail") and first_step(entry).startswith("git ")
    if entry["id"] == "init.dvc":
        return entry["status"] == "fail" and "dvc init" not in (entry["fix"] or "")
    reasons = {f"waits for {name}" for name in COMMITTED if not _stands_on(entry["id"], name)}
    return entry["status"] == "blocked" and entry["rationale"] in reasons


def _stands_on(check: str, name: str) -> bool:
    """Whether ``check`` could not have been judged before ``name`` holds."""
    required = CHECKS[check].requires if check in CHECKS else ()
    return name in required or any(_stands_on(one, name) for one in required)
