"""Lessons ``remote`` and ``share``: every object is on the remote. What asks the remote is here."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dvcstate import Stage
from dvcstate.model import Out
from grader import fixes
from grader.checks.lost_cache import lost_cache_finding
from grader.engine.registry import check
from grader.facts.objects import parse_listing
from grader.facts.remote import BadObjects, Remote, resolve_options
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.cached_objects import remove_objects
from grader.fixes.remote_edits import LOCAL
from grader.fixes.stage_runs import run_again
from grader.stages.lookup import LOCK, name_in_file
from grader.stages.run_state import is_as_recorded
from grader.stages.storage import uncached_outs
from grader.step import Step
from workshop import activation

_DELETED = 100
"""So many objects are named in one command, 4 kB of it; the next check names the others."""
_WAITS = (
    f" {activation.VARIABLE} is not {activation.VALUE} in this terminal: here dvc push waits a"
    " minute for each object."
)
_AS_DVC_2 = (
    " It is recorded without hash: md5, as DVC 2 did: DVC looks for it outside of files/md5."
)


@dataclass(frozen=True)
class _Owner:
    """The stage and the out that an object belongs to."""

    stage: Stage
    out: Out


@dataclass(frozen=True)
class _Answer:
    """What a remote lacks, and whose that is, by the names of the objects."""

    remote: Remote
    lacking: BadObjects
    owners: Mapping[str, _Owner]

    @property
    def names(self) -> list[str]:
        """Everything that is absent, or has other bytes."""
        return self.lacking.absent + self.lacking.wrong

    @property
    def summary(self) -> str:
        """How many objects that are, for the report."""
        absent, wrong = len(self.lacking.absent), len(self.lacking.wrong)
        parts = [f"{absent} objects are absent"] if absent else []
        parts += [f"{wrong} have other bytes than their names say"] if wrong else []
        return ", ".join(parts)


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
    return finding or lost_cache_finding(repository)


def _pushed(repository: Repository, snapshot: Snapshot, stages: Sequence[Stage]) -> Finding | None:
    """The finding on the first remote that lacks an object of ``stages``."""
    kept_back = _kept_back(snapshot, stages)
    if kept_back:
        return kept_back
    outs = [owner.out for owner in _owners(stages)]
    for name, is_of_dvc_2 in dict.fromkeys((out.remote, _is_of_dvc_2(out)) for out in outs):
        remote = replace(_remote(repository, snapshot, name), uses_dvc_2_layout=is_of_dvc_2)
        owners = dict(_objects(repository, snapshot, stages, remote, name))
        answer = _Answer(remote, remote.find_bad_objects(owners), owners)
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
            or not _cache_path(repository, snapshot, object_, is_of_dvc_2).exists()
        ]
        if lost:
            return _lost_finding(repository, snapshot, answer, lost, damaged)
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
    answer: _Answer, repository: Repository, snapshot: Snapshot, name: str | None
) -> _Answer:
    """``answer`` with the damaged listings of all other outs of that remote.

    dvc push reads every listing that is there, and stops at the first that is damaged, whatever
    out it is to send (dvc_data/index/collect.py).
    """
    everything = _objects(repository, snapshot, snapshot.project.stages, answer.remote, name)
    others = {
        md5: owner for md5, owner in everything if md5.endswith(".dir") and md5 not in answer.owners
    }
    damaged = answer.remote.find_bad_objects(others).wrong
    owners = {md5: others[md5] for md5 in damaged}
    lacking = BadObjects(answer.lacking.absent, [*answer.lacking.wrong, *damaged])
    return replace(answer, lacking=lacking, owners={**answer.owners, **owners})


def _elsewhere(repository: Repository, answer: _Answer, url: str) -> Finding:
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


def _owners(stages: Iterable[Stage]) -> Iterator[_Owner]:
    for stage in stages:
        for out in () if stage.is_import else stage.outs:  # nothing of it is pushed
            if out.cache and out.recorded.md5 and out.inside:
                yield _Owner(stage, out)


def _objects(
    repository: Repository,
    snapshot: Snapshot,
    stages: Iterable[Stage],
    remote: Remote,
    name: str | None,
) -> Iterator[tuple[str, _Owner]]:
    """Every object for the remote that outs call ``name``; None for outs that name no remote."""
    for owner in _owners(stages):
        md5, is_of_dvc_2 = owner.out.recorded.md5, _is_of_dvc_2(owner.out)
        if owner.out.remote != name or not md5 or is_of_dvc_2 != remote.uses_dvc_2_layout:
            continue
        yield md5, owner
        if md5.endswith(".dir"):
            listing = _cache_path(repository, snapshot, md5, is_of_dvc_2)
            listed = repository.objects.read_listing(listing)
            for child in listed or parse_listing(remote.content(md5) or b""):
                yield child, owner


def _is_of_dvc_2(out: Out) -> bool:
    """Whether DVC keeps it apart from what DVC 3 recorded, in the cache and on the remote."""
    return out.recorded.algorithm != "md5"


def _cache_path(repository: Repository, snapshot: Snapshot, name: str, is_of_dvc_2: bool) -> Path:
    if is_of_dvc_2:
        return snapshot.project.cache_dir / name[:2] / name[2:]
    return repository.objects.path(name)


def _kept_back(snapshot: Snapshot, stages: Iterable[Stage]) -> Finding | None:
    """The finding on an out with ``push: false``, which no dvc push sends."""
    for owner in _owners(stages):
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


def _not_pushed(repository: Repository, answer: _Answer) -> Finding:
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
        + (_WAITS if _waits(remote) else ""),
        f"every object on {remote.name}",
        answer.summary,
        tuple(_push(repository, answer, listings)),
        _evidence(remote, answer.names),
    )


def _delete_objects(remote: Remote, names: Sequence[str]) -> list[Step]:
    """Delete objects of the remote, the listings of folders first; none where there are none.

    DVC has no command for it; its own client reaches every kind of remote.
    """
    if not names:
        return []
    # dvc/data_cloud.py: DVC 2's objects are in an object store of their own.
    kind = ", hash_name='md5-dos2unix'" if remote.uses_dvc_2_layout else ""
    objects = f"Repo().cloud.get_remote_odb({fixes.literal(remote.name)}{kind})"
    ordered = sorted(dict.fromkeys(names), key=lambda name: not name.endswith(".dir"))
    code = f"{objects}.delete({fixes.literal(ordered[0])})"
    if len(ordered) > 1:
        listed = ", ".join(map(fixes.literal, ordered[:_DELETED]))
        code = f"odb = {objects}; [odb.delete(name) for name in ({listed})]"
    return [fixes.python(f"from dvc.repo import Repo; {code}", "-P")]


def _lost_finding(
    repository: Repository, snapshot: Snapshot, answer: _Answer, lost: list[str], damaged: list[str]
) -> Finding:
    owner, remote = answer.owners[lost[0]], answer.remote
    # Two outs may be one object: both are lost.
    names = {*lost, *(str(answer.owners[name].out.recorded.md5) for name in lost)}
    owners = [own for own in _owners(snapshot.project.stages) if own.out.recorded.md5 in names]
    stages = list({own.stage.name: own.stage for own in owners}.values())
    here = [stage for stage in stages if is_as_recorded(repository, stage)]
    # What else the cache lost is kept again by the same command, whichever check asks for it.
    uncached = _uncached_stages(repository, snapshot, is_of_dvc_2=remote.uses_dvc_2_layout)
    kept = [
        stage
        for stage in snapshot.project.stages
        if stage in here or (stage in uncached and is_as_recorded(repository, stage))
    ]
    where = "damaged in your cache" if lost[0] in damaged else "not in your cache"
    there = "other bytes" if lost[0] in answer.lacking.wrong else "nothing"
    rest = (
        "what lies in your folder is what the run wrote, and can be kept again"
        if owner.stage in here
        else "whoever made this commit may still have it"
    )
    paths = list(dict.fromkeys(own.out.path for own in owners))
    absent = [path for path in paths if not (repository.root / path).exists()]
    more = f" And {len(paths) - 1} other outs likewise." if len(paths) > 1 else ""
    return Finding(
        "out-lost",
        f"{owner.out.path} of {owner.stage.name} is {where}, and the remote {remote.name} has"
        f" {there} of that name: dvc pull cannot bring it; {rest}."
        f"{more}{_AS_DVC_2 if remote.uses_dvc_2_layout else ''}",
        "the object in the cache or on the remote",
        f"objects of which neither has the right bytes: {len(lost)}",
        (
            *remove_objects(repository, damaged),
            *_keep_again(kept, is_of_dvc_2=remote.uses_dvc_2_layout),
            *_make_again([stage for stage in stages if stage not in here]),
            *_push(repository, answer, []),
        ),
        (
            *(Evidence("worktree", path, value="absent") for path in absent),
            *_evidence(remote, lost),
        ),
    )


def _uncached_stages(
    repository: Repository, snapshot: Snapshot, *, is_of_dvc_2: bool
) -> list[Stage]:
    """The stages with an out of that layout that the cache lacks."""
    return [
        owner.stage
        for owner in _owners(snapshot.project.stages)
        if _is_of_dvc_2(owner.out) == is_of_dvc_2
        and not _cache_path(repository, snapshot, str(owner.out.recorded.md5), is_of_dvc_2).exists()
    ]


def _keep_again(stages: list[Stage], *, is_of_dvc_2: bool) -> list[Step]:
    """What gives the cache the outs that lie in the folder as their run left them."""
    # DVC 3 takes what DVC 2 recorded of a dep for another record, and asks to be forced.
    words = ("dvc", "commit", *["--force"] * is_of_dvc_2, *(stage.name for stage in stages))
    return [fixes.command(*words)] if stages else []


def _make_again(stages: list[Stage]) -> Iterator[Step]:
    """What makes outs anew that are nowhere, once nobody can give them.

    Several stages run in the order that DVC knows, and what follows from them too.
    """
    if not stages:
        return
    yield fixes.note("ask whoever made this commit to dvc push, then dvc pull")
    data = [(stage, stage.outs[0].path) for stage in stages if not stage.cmd]
    for stage, path in data:
        yield fixes.note(f"if nobody has it, get {path} again:")
        yield fixes.command("dvc", "add", path)
        yield from fixes.commit([stage.file], "Take up the data again")
    made = [stage for stage in stages if stage.cmd]
    if made:
        yield fixes.note("if nobody has it, make it again:")
    if len(made) == 1:
        yield from run_again(made, uncached_outs(made[0]))
    elif made:
        yield fixes.command("dvc", "repro")
        yield from fixes.commit([LOCK, *uncached_outs(*made)], "Run it again")


def _evidence(remote: Remote, names: list[str]) -> tuple[Evidence, ...]:
    places = {name: remote.object_location(name) for name in names[:10]}
    return tuple(Evidence("remote", place, value=name) for name, place in places.items())


def _push(repository: Repository, answer: _Answer, listings: list[str]) -> list[Step]:
    """The commands that push; dvc push leaves what is there, so what is wrong has to go first."""
    remote = answer.remote
    steps: list[Step] = []
    if _waits(remote) and (repository.root / "activate").exists():
        steps.append(fixes.command(*activation.WORDS))
    elif _waits(remote):
        variable = f"{activation.VARIABLE} to {activation.VALUE}"
        steps.append(fixes.note(f"in this terminal, set the variable {variable}"))
    steps += _delete_objects(remote, [*listings, *answer.lacking.wrong])
    return [*steps, fixes.command("dvc", "push", "-r", remote.name)]


def _waits(remote: Remote) -> bool:
    """Whether DVC, started in this terminal, asks the remote over gRPC and waits for no answer."""
    has_server = remote.url.startswith("gs://") and remote.endpoint is not None
    return has_server and activation.is_variable_missing()
