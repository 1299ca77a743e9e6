"""DVC's answer and ours in one form, and what differs between them."""

import re
from pathlib import Path
from typing import Any

import dvcstate
from dvcstate.workspace import Workspace
from tests.dvcstate.dvc_oracle import Oracle

Verdict = dict[str, set[tuple[str, str, str | None]]] | str
"""Reasons by stage, for stages that have any; ``"error"`` where there is no answer."""

_PLAIN = {
    "always changed": "always_changed",
    "changed command": "command",
    "changed checksum": "checksum",
}


def theirs(oracle: Oracle, repo: Path) -> tuple[Verdict, str]:
    """DVC's reasons by stage, and its words where it answers with an error."""
    answer = oracle.status(repo)
    if "error" in answer:
        return "error", answer["error"]
    return reasons_by_stage(answer["status"]), ""


def reasons_by_stage(status: dict[str, Any]) -> Verdict:
    """What ``dvc status --json`` prints, as a verdict."""
    return {name: _reasons(lines) for name, lines in status.items()}


def _reasons(lines: list[Any]) -> set[tuple[str, str, str | None]]:
    found: set[tuple[str, str, str | None]] = set()
    for line in lines:
        if isinstance(line, str):
            found.add((_PLAIN[line], "", None))
            continue
        for kind, changes in line.items():
            for path, change in changes.items():
                found |= _changes(kind.removeprefix("changed ").removesuffix("s"), path, change)
    return found


def _changes(kind: str, path: str, change: Any) -> set[tuple[str, str, str | None]]:
    if isinstance(change, dict):
        return {(kind, f"{path}:{key}", word) for key, word in change.items()}
    return {(kind, path, change)}


def ours(repo: Path, store: Path | None = None) -> tuple[Verdict, str]:
    """Our reasons by stage, and our words where we answer with an error.

    DVC's JSON does not tell a param from a dep, so they are one here.
    """
    try:
        state = Workspace(repo, store).state(ask_s=60)
    except dvcstate.ProjectError as error:
        return "error", f"{error}"
    unknown = [
        f"{status.path}: {status.why}" for stage in state.stages for status in stage.unanswered
    ]
    if unknown:  # DVC says nothing then of all else
        return "error", "; ".join(unknown)
    found: dict[str, set[tuple[str, str, str | None]]] = {}
    for stage in state.stages:
        reasons: set[tuple[str, str, str | None]] = {
            ("dep" if reason.kind == "param" else reason.kind, reason.path, reason.change)
            for reason in stage.reasons
        }
        if reasons:
            found[stage.stage.name] = reasons
    return found, ""


def files_named(words: str) -> set[str]:
    """The names of a project's own files in an error message."""
    return set(re.findall(r"\w+\.yaml|dvc\.lock|[\w.]+\.dvc\b|\.dvcignore|\.gitignore", words))
