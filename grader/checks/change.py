"""Lesson ``change``: one thing was changed, and what it touches ran again, and nothing else."""

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dvcstate.documents import yaml12
from grader import fixes
from grader.engine.registry import check
from grader.facts import history
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding, UnknownError
from grader.stages.lookup import LOCK
from grader.stages.paths import paths_overlap
from grader.stages.storage import uncached_outs
from grader.step import Step

_VERSIONS = 50
"""The newest commits of dvc.lock: a workshop has about ten, and each is a file to parse."""
Record = Mapping[str, Any]


@check(
    "change.isolated",
    "change-not-isolated",
    requires=("lock.committed", "plot.run"),
    committed_only=True,
    of_workshop=True,
)
def one_change_ran_what_it_touches(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """A change was made, run and committed, and only what it touches ran.

    That is what the whole of DVC is for: change one param, and the stages above it stay as they
    are, with their outs out of the cache. To correct a stage is no such change.
    """
    # Parsing them takes as long as all the rest of the check's work.
    versions = history.recall(repository, "locks", lambda _git: list(_locks(repository)))
    changes = [_difference(older, newer) for newer, older in itertools.pairwise(versions)]
    if any(changed and not needless for changed, needless in changes):
        return None
    if repository.git and repository.git.is_shallow:
        raise UnknownError(
            "Only the newest commits are here (a shallow clone): whether one of the older ones"
            " changed one thing cannot be checked.",
            fixes.command("git", "fetch", "--unshallow"),
            fixes.note("in GitHub Actions: actions/checkout with fetch-depth: 0"),
        )
    needless = next((names for changed, names in changes if changed), [])
    if needless:
        rationale = f"{fixes.join(needless)} ran again, though nothing that it reads changed."
        actual = f"other outs of {fixes.join(needless)} from the same code, data and params"
    else:
        rationale = "No commit shows a change to a pipeline that had run: nothing was compared yet."
        actual = f"{len(versions)} committed version{'s' * (len(versions) != 1)} of dvc.lock"
    outs = uncached_outs(*snapshot.project.stages)
    return Finding(
        "change-not-isolated",
        rationale,
        "two commits of dvc.lock that differ in one param and in what it touches",
        actual,
        (
            *_edit(snapshot),
            fixes.command("dvc", "repro"),
            *fixes.commit(["params.yaml", LOCK, *outs], "Change one param"),
        ),
        (Evidence("HEAD", LOCK),),
        is_lesson_task=not needless,
    )


def _edit(snapshot: Snapshot) -> Iterator[Step]:
    """The lesson's own change, so that whoever types it goes on with the lesson from there."""
    text = snapshot.text("params.yaml") or ""
    # "  learning_rate: 0.002" of the section train, as `grader start` writes params.yaml.
    there = re.search(r"^  learning_rate: ([\d.e-]+)(?=\s|$)", text, re.MULTILINE)
    if there is None:
        yield fixes.change("params.yaml", "change one value, such as one of train")
        return
    new = "0.002" if there[1] == "0.004" else "0.004"
    edit = f"p.write_text(p.read_text().replace('{there[0]}', '  learning_rate: {new}'))"
    yield fixes.python(f"import pathlib; p = pathlib.Path('params.yaml'); {edit}")


def _locks(repository: Repository) -> Iterator[Record]:
    """The versions of dvc.lock by commit, newest first; what cannot be read is passed over."""
    git = repository.git
    if git is None:
        return
    path = f"{repository.prefix}{LOCK}"
    for content in git.versions(git.commits(path, _VERSIONS), path):
        try:
            document = yaml12.load(content.decode("utf-8"))
            stages = document["stages"].items()
            yield {name: record for name, record in stages if isinstance(record, dict)}
        except (yaml12.YAMLError, ValueError, LookupError, TypeError, AttributeError):
            continue


def _difference(older: Record, newer: Record) -> tuple[list[str], list[str]]:
    """The stages that a change reached first, and those that ran though none reached them.

    A stage that declares something else than before was mended, which is no change to compare: the
    same stage with another value of a param, other code or other data is. What follows from either
    in the stages below shows in their deps, which are outs of others.
    """
    made = [path for record in newer.values() for path in _hashes(record, "outs")]
    changed, needless = [], []
    for name, record in newer.items():
        before = older.get(name, {})
        if not record or _declaration(before) != _declaration(record):
            continue
        if _sources(before, made) != _sources(record, made):
            changed.append(name)
        elif _inputs(before) == _inputs(record) and record.get("outs") != before.get("outs"):
            needless.append(name)
    return changed, needless


def _declaration(record: Record) -> tuple[Any, ...]:
    """What dvc.yaml said of a stage when it ran."""
    params = record.get("params")
    files = params.items() if isinstance(params, dict) else ()
    keys = {(file, key) for file, values in files for key in values or ()}
    return record.get("cmd"), set(_hashes(record, "deps")), set(_hashes(record, "outs")), keys


def _inputs(record: Record) -> tuple[Any, ...]:
    return record.get("params"), _hashes(record, "deps")


def _sources(record: Record, made: Collection[str]) -> tuple[Any, ...]:
    """What a stage read that no stage wrote, whose outs are ``made``: params, code, raw data."""
    deps = _hashes(record, "deps").items()
    return record.get("params"), {
        path: md5 for path, md5 in deps if not any(paths_overlap(path, out) for out in made)
    }


def _hashes(record: Record, part: str) -> dict[str, Any]:
    """The recorded hash of each dep or out, by its path."""
    entries = record.get(part)
    return {
        str(entry.get("path")): entry.get("md5", entry.get("etag"))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    }
