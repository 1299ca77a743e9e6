"""The one thing to do next that a report leads to, and what is done and waits for a commit."""

from dataclasses import dataclass
from typing import Any

from grader.engine.registry import CHECKS
from grader.engine.report import Report
from grader.engine.runner import COMMITTED

Entry = dict[str, Any]
"""One of the checks of a report."""


_WAITS = "waits for "
_COMMITTING = ("git add ", "git commit ", "git rm --cached ")
"""How the commands begin that lead to a commit of what lies there; git checkout takes it back."""


@dataclass(frozen=True)
class NextAction:
    """``command`` for what ``entry`` found or waits for; ``more`` to mend, ``blocked`` wait."""

    entry: Entry
    command: str
    more: int
    blocked: int


def next_action(report: Report) -> NextAction | None:
    """The first check that fails, else the first that waits; None where neither is there.

    What could not be told comes last: there is nothing of the attendee's to mend. Of an out that is
    absent and lost, the loss is told: nothing brings it before that is mended.
    """
    kinds = [kind_of(entry) for entry in report["checks"]]
    beyond = _not_to_be_pulled(report)
    for wanted in ("fail", "blocked"):
        if wanted in kinds:
            found = zip(report["checks"], kinds, strict=True)
            entry = next(one for one, kind in found if kind == wanted and one not in beyond)
            more = kinds.count(wanted) - 1
            blocked = kinds.count("blocked") if wanted == "fail" else 0
            return NextAction(entry, first_step(entry) or "grader check", more, blocked)
    return None


def _not_to_be_pulled(report: Report) -> list[Entry]:
    """The entries on absent outs that no cache and no remote has."""
    lost = {
        path for one in report["checks"] if one["code"] == "out-lost" for path in _in_folder(one)
    }
    missing = [one for one in report["checks"] if one["code"] == "out-missing"]
    return [one for one in missing if lost.issuperset(_in_folder(one))]


def _in_folder(entry: Entry) -> list[str]:
    return [one["path"] for one in entry["evidence"] if one["source"] == "worktree"]


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
    return f"edit {file.partition(', stage ')[0]}, as told for {waits_for(entry) or entry['id']}"


def waits_for(entry: Entry) -> str | None:
    """The check that has to hold before a blocked one can be judged."""
    if entry["status"] != "blocked":
        return None
    return str(entry["rationale"] or "").removeprefix(_WAITS) or None


def awaits_commit(entry: Entry) -> bool:
    """Whether what a check asks for is done in the folder, and not committed yet.

    What has to be run or mended before it is committed is not done.
    """
    if entry["id"] in (*COMMITTED, "pipeline.uncached"):
        return bool(entry["status"] == "fail") and first_step(entry).startswith(_COMMITTING)
    if entry["id"] == "init.dvc":
        return entry["status"] == "fail" and "dvc init" not in (entry["fix"] or "")
    asked = [name for name in COMMITTED if not _stands_on(entry["id"], name)]
    return waits_for(entry) in asked


def _stands_on(check: str, name: str) -> bool:
    """Whether ``check`` could not have been judged before ``name`` holds."""
    required = CHECKS[check].requires if check in CHECKS else ()
    return name in required or any(_stands_on(one, name) for one in required)
