"""Lessons ``remote`` and ``share``: every object is on the remote. What asks the remote is here."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from dvcstate import Stage
from dvcstate.model import Out
from grader import fixes
from grader.checks.lost_cache import lost_cache_finding
from grader.checks.lost_objects import lost_objects_finding
from grader.engine.registry import check
from grader.facts.remote import BadObjects, Remote, resolve_options
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.push_steps import push_steps, waits_for_nothing
from grader.fixes.remote_edits import LOCAL
from grader.remotes.pushed_objects import (
    Answer,
    cache_path,
    is_of_dvc_2_layout,
    objects_of,
    owners_in,
)
from grader.stages.lookup import name_in_file
from grader.step import Step
from workshop import activation
from workshop.stages import STAGES

_WAITS = (
    f" {activation.VARIABLE} is not {activation.VALUE} in this terminal: here dvc push waits a"
    " minute for each object."
)
_CODES = ("out-not-pushed", "out-lost", "remote-only-local", "remote-unreachable")


@check(
    "remote.pushed",
    *_CODES,
    requires=("remote.absolute", "remote.plugin", "data.committed"),
    tier="remote",
    committed_only=True,
)
def raw_data_is_pushed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The remote has the data that dvc add gave to DVC.

    Every file of a folder: DVC's own answer may come from its memory of the last push.
    """
    added = [stage for stage in snapshot.project.stages if stage.cmd is None]
    return _pushed(repository, snapshot, added)


@check(
    "share.pushed",
    *_CODES,
    "out-missing",
    requires=("remote.pushed", "lock.committed", "lock.consistent"),
    tier="remote",
    committed_only=True,
)
def outs_are_pushed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The remote has every object that HEAD names.

    The files of a folder included: DVC's own answer may come from its memory of the last push.
    """
    finding = _pushed(repository, snapshot, snapshot.project.stages)
    if finding and finding.code == "out-not-pushed":
        # The last lesson pushes what the lessons between leave in the cache.
        is_early = not repository.is_foreign and not all(map(snapshot.stage, STAGES))
        return replace(finding, is_lesson_task=is_early)
    return finding or lost_cache_finding(repository)


def _pushed(repository: Repository, snapshot: Snapshot, stages: Sequence[Stage]) -> Finding | None:
    """The finding on the first remote that lacks an object of ``stages``."""
    kept_back = _kept_back(snapshot, stages)
    if kept_back:
        return kept_back
    outs = [owner.out for owner in owners_in(stages)]
    for name, is_of_dvc_2 in dict.fromkeys((out.remote, is_of_dvc_2_layout(out)) for out in outs):
        remote = replace(_remote(repository, snapshot, name), uses_dvc_2_layout=is_of_dvc_2)
        owners = dict(objects_of(repository, snapshot, stages, remote, name))
        answer = Answer(remote, remote.find_bad_objects(owners), owners)
        if not answer.names:
            continue
        answer = _with_damaged_listings(answer, repository, snapshot, name)
        here = resolve_options(remote.name, repository.remote_options) or remote.options
        if not replace(remote, options=here).is_same_location(remote):
            return _elsewhere(repository, answer, here["url"])
        damaged = [] if is_of_dvc_2 else repository.objects.find_corrupt(answer.names)
        lost = [
            object_
            for object_ in answer.names
            if object_ in damaged
            or not cache_path(repository, snapshot, object_, is_of_dvc_2).exists()
        ]
        if lost:
            return lost_objects_finding(repository, snapshot, answer, lost, damaged)
        return _not_pushed(repository, answer)
    return None


def _remote(repository: Repository, snapshot: Snapshot, own: str | None) -> Remote:
    """The remote of an out, its ``own`` or the default one, as a clone knows it.

    Only what opens the address may be this machine's.
    """
    known, name = snapshot.remotes, own or snapshot.default_remote or ""
    options = resolve_options(
        name,
        {
            each: {**here, "url": known.get(each, here).get("url", here.get("url", ""))}
            for each, here in repository.remote_options.items()
        },
    )
    if options is None or "url" not in options:
        raise BlockedError("remote.default")
    # All that a check asks for has ten seconds together, deps in a cloud included.
    since = repository.remote_asked_at or time.monotonic()
    return Remote(name, options, repository.root / ".dvc", since)


def _with_damaged_listings(
    answer: Answer, repository: Repository, snapshot: Snapshot, name: str | None
) -> Answer:
    """``answer`` with the damaged listings of all other outs of that remote.

    dvc push reads every listing that is there, and stops at the first that is damaged, whatever
    out it is to send (dvc_data/index/collect.py).
    """
    everything = objects_of(repository, snapshot, snapshot.project.stages, answer.remote, name)
    others = {
        md5: owner for md5, owner in everything if md5.endswith(".dir") and md5 not in answer.owners
    }
    damaged = answer.remote.find_bad_objects(others).wrong
    owners = {md5: others[md5] for md5 in damaged}
    lacking = BadObjects(answer.lacking.absent, [*answer.lacking.wrong, *damaged])
    return replace(answer, lacking=lacking, owners={**answer.owners, **owners})


def _elsewhere(repository: Repository, answer: Answer, url: str) -> Finding:
    """The finding where DVC pushes to an address of config.local, which a clone does not know."""
    remote, local = answer.remote, repository.worktree.line(LOCAL, url.rpartition("/")[2])
    name, level = remote.name, "--local" if local else "--global"
    return Finding(
        "remote-only-local",
        f"Here {remote.name} leads to {url}, which is set with --local or for all your"
        f" repositories: what you push goes there, and a clone looks in {remote.url}.",
        f"every object on {remote.url}",
        f"{answer.summary}, there",
        (
            fixes.command("dvc", "remote", "modify", level, "--unset", name, "url"),
            fixes.command("dvc", "push", "-r", name),
        ),
        (Evidence("worktree", LOCAL, local, f"url = {url}"),),
    )


def _kept_back(snapshot: Snapshot, stages: Iterable[Stage]) -> Finding | None:
    """The finding on an out with ``push: false``, which no dvc push sends."""
    for owner in owners_in(stages):
        stage, out = owner.stage, owner.out
        if out.push:
            continue
        words = (f"{name_in_file(stage)}:", out.path.rpartition("/")[2]) if stage.cmd else ()
        line = snapshot.line(stage.file, *words, "push:")
        at = Evidence(snapshot.revision, stage.file, line, "push: false")
        return Finding(
            "out-not-pushed",
            f"{out.path} of {stage.name} has push: false: dvc push leaves it out, and a colleague"
            " who clones gets none.",
            "outs that dvc push sends",
            "push: false",
            (
                *_set_push(snapshot, stage, out, at.line),
                fixes.command("dvc", "push"),
                *fixes.commit([stage.file], "Push every out"),
            ),
            (at,),
        )
    return None


def _set_push(snapshot: Snapshot, stage: Stage, out: Out, line: int | None) -> list[Step]:
    """The edit of ``push: false``; without that entry, DVC would refuse the empty rest."""
    lines = (snapshot.text(stage.file) or "").splitlines()
    old = lines[line - 1] if line else ""
    if line and "false" in old:
        new = old.replace("false", "true")
        return [fixes.delete(stage.file, line), fixes.add(stage.file, line - 1, new)]
    return [fixes.change(stage.file, f"set push: true of {out.path}", stage=stage.name)]


def _not_pushed(repository: Repository, answer: Answer) -> Finding:
    owners = [answer.owners[name] for name in answer.names]
    paths = list(dict.fromkeys(owner.out.path for owner in owners))
    md5s = dict.fromkeys(owner.out.recorded.md5 or "" for owner in owners)
    listings = [md5 for md5 in md5s if md5.endswith(".dir") and md5 not in answer.names]
    why = " DVC takes a folder's listing there for the whole folder: delete it, and dvc push brings"
    remote = answer.remote
    return Finding(
        "out-not-pushed",
        f"{fixes.join(paths)} {'is' if len(paths) == 1 else 'are'} not wholly on the remote"
        f" {remote.name}: a colleague who clones gets no such data."
        + (f"{why} back both it and what is absent." if listings else "")
        + (_WAITS if waits_for_nothing(remote) else ""),
        f"every object on {remote.name}",
        answer.summary,
        tuple(push_steps(repository, answer, listings)),
        answer.evidence(answer.names),
    )
