"""Lesson ``share``: every object is on the remote. The one place that asks the remote."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dvcstate import Stage
from dvcstate.model import Out
from grader import fixes
from grader.checks import agreed, stages
from grader.checks.remotes import LOCAL
from grader.engine.finding import Evidence, Finding, NotThereYetError, UnknownError
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.objects import children_of
from grader.facts.remote import Lacking, Remote, options_of
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from workshop.start import activation

_DELETED = 10  # the next check names the others
_WAITS = (
    f" {activation.VARIABLE} is not {activation.VALUE} in this terminal: here dvc push waits a"
    " minute for each object."
)


_AS_DVC_2 = (
    " It is recorded without hash: md5, as DVC 2 did: DVC looks for it outside of files/md5."
)


@check(
    "share.pushed",
    "out-not-pushed",
    "out-lost",
    "remote-only-local",
    "remote-unreachable",
    requires=("remote.absolute", "remote.plugin", "lock.committed", "lock.consistent"),
    tier="remote",
    committed_only=True,
)
def outs_are_pushed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The remote has every object that HEAD names.

    The files of a folder included: DVC's own answer may come from its memory of the last push.
    """
    kept_back = _kept_back(snapshot)
    if kept_back:
        return kept_back
    for name, old in dict.fromkeys((out.remote, _is_of_dvc_2(out)) for _, out in _outs(snapshot)):
        remote = _remote(
            repository, snapshot, name or snapshot.default_remote or "", is_default=name is None
        )
        remote = replace(remote, is_of_dvc_2=old)
        owners = dict(_objects(repository, snapshot, remote, name))
        lacking = remote.lacking(owners)
        names = lacking.absent + lacking.wrong
        here = options_of(remote.name, repository.remote_options) or remote.options
        if names and not replace(remote, options=here).is_same_place(remote):
            return _elsewhere(repository, remote, here["url"], _told(lacking))
        damaged = [] if old else repository.objects.corrupt(names)
        lost = [
            one
            for one in names
            if one in damaged or not _cached(repository, snapshot, one, old).exists()
        ]
        if lost:
            return _lost(repository, remote, lacking, owners, lost, damaged)
        if names:
            return _not_pushed(repository, remote, lacking, [owners[one] for one in names])
    return None


def _remote(repository: Repository, snapshot: Snapshot, name: str, *, is_default: bool) -> Remote:
    """As a clone knows it: only what opens the address may be this machine's."""
    known = snapshot.remotes
    options = options_of(
        name,
        {
            each: {**own, "url": known.get(each, own).get("url", own.get("url", ""))}
            for each, own in repository.remote_options.items()
        },
    )
    if options is None and not is_default:
        raise UnknownError(
            f"An out is to be pushed to the remote {name}, and no config names it: dvc push stops.",
            fixes.command("dvc", "remote", "add", name, agreed.url(repository)),
        )
    if options is None:
        raise NotThereYetError("remote.default")
    since = repository.asked_since or time.monotonic()
    return Remote(name, options, repository.root / ".dvc", since)


def _elsewhere(repository: Repository, remote: Remote, url: str, absent: str) -> Finding:
    """DVC pushes to the address that config.local has, and a clone does not know it."""
    local = repository.worktree.line(LOCAL, url.rpartition("/")[2])
    name, level = remote.name, "--local" if local else "--global"
    return Finding(
        "remote-only-local",
        f"Here {remote.name} leads to {url}, which is set with --local or for all your"
        f" repositories: what you push goes there, and a clone looks in {remote.url}.",
        f"every object on {remote.url}",
        f"{absent}, there",
        (
            fixes.command("dvc", "remote", "modify", level, "--unset", name, "url"),
            fixes.command("dvc", "push", "-r", name),
        ),
        (Evidence("worktree", LOCAL, local, f"url = {url}"),),
    )


def _outs(snapshot: Snapshot) -> Iterator[tuple[Stage, Out]]:
    for stage in snapshot.project.stages:
        for out in () if stage.is_import else stage.outs:  # nothing of it is pushed
            if out.cache and out.recorded.md5 and out.inside:
                yield stage, out


def _objects(
    repository: Repository, snapshot: Snapshot, remote: Remote, name: str | None
) -> Iterator[tuple[str, tuple[Stage, str]]]:
    """Every object for the remote that outs call ``name``, with the stage and the path of its out.

    ``name`` is None for outs that name no remote.
    """
    for stage, out in _outs(snapshot):
        md5 = out.recorded.md5
        if out.remote != name or not md5 or _is_of_dvc_2(out) != remote.is_of_dvc_2:
            continue
        yield md5, (stage, out.path)
        if md5.endswith(".dir"):
            listed = repository.objects.children(
                _cached(repository, snapshot, md5, remote.is_of_dvc_2)
            )
            for child in listed or children_of(remote.content(md5) or b""):
                yield child, (stage, out.path)


def _is_of_dvc_2(out: Out) -> bool:
    """Whether DVC keeps it apart from what DVC 3 recorded, in the cache and on the remote."""
    return out.recorded.algorithm != "md5"


def _cached(repository: Repository, snapshot: Snapshot, name: str, is_of_dvc_2: bool) -> Path:
    if is_of_dvc_2:
        return snapshot.project.cache_dir / name[:2] / name[2:]
    return repository.objects.path(name)


def _kept_back(snapshot: Snapshot) -> Finding | None:
    """An out with ``push: false``, which no dvc push sends."""
    for stage, out in _outs(snapshot):
        if out.push:
            continue
        at = stages.in_file(snapshot, stage, out.path.rpartition("/")[2], "push:")
        return Finding(
            "out-not-pushed",
            f"{out.path} of {stage.name} has push: false: dvc push leaves it out, and a colleague"
            " who clones gets none.",
            "outs that dvc push sends",
            "push: false",
            (
                *_sent_too(snapshot, stage, out, at.line),
                fixes.command("dvc", "push"),
                *fixes.commit([stage.file], "Push every out"),
            ),
            (at,),
        )
    return None


def _sent_too(snapshot: Snapshot, stage: Stage, out: Out, line: int | None) -> list[Step]:
    """The edit of ``push: false``; without that entry, DVC would refuse the empty rest."""
    lines = (snapshot.text(stage.file) or "").splitlines()
    old = lines[line - 1] if line else ""
    if line and "false" in old:
        new = old.replace("false", "true")
        return [fixes.delete(stage.file, line), fixes.add(stage.file, line - 1, new)]
    return [fixes.change(stage.file, f"set push: true of {out.path}", stage=stage.name)]


def _not_pushed(
    repository: Repository, remote: Remote, lacking: Lacking, owners: list[tuple[Stage, str]]
) -> Finding:
    paths = list(dict.fromkeys(path for _, path in owners))
    names = lacking.absent + lacking.wrong
    listings = [one for one in dict.fromkeys(map(_listing, owners)) if one and one not in names]
    why = " DVC takes a folder's listing there for the whole folder: delete it, and dvc push brings"
    return Finding(
        "out-not-pushed",
        f"{fixes.listed(paths)} {'is' if len(paths) == 1 else 'are'} not wholly on the remote"
        f" {remote.name}: a colleague who clones gets no such data."
        + (f"{why} back both it and what is absent." if listings else "")
        + (_WAITS if _waits(remote) else ""),
        f"every object on {remote.name}",
        _told(lacking),
        tuple(_pushing(repository, remote, lacking, listings)),
        _evidence(remote, names),
    )


def _listing(owner: tuple[Stage, str]) -> str | None:
    """The object that lists the files of a folder, by the stage and the path of the out."""
    stage, path = owner
    md5 = next((out.recorded.md5 for out in stage.outs if out.path == path), None)
    return md5 if md5 and md5.endswith(".dir") else None


def _deletion(remote: Remote, name: str) -> Step:
    """DVC has no command for it; its own client reaches every kind of remote."""
    kind = ", hash_name='md5-dos2unix'" if remote.is_of_dvc_2 else ""
    objects = f"Repo().cloud.get_remote_odb({fixes.literal(remote.name)}{kind})"
    code = f"from dvc.repo import Repo; {objects}.delete({fixes.literal(name)})"
    return fixes.python(code, "-P")


def _lost(
    repository: Repository,
    remote: Remote,
    lacking: Lacking,
    owners: Mapping[str, tuple[Stage, str]],
    lost: list[str],
    damaged: list[str],
) -> Finding:
    stage, path = owners[lost[0]]
    is_here = stages.is_as_recorded(repository, stage)
    where = "damaged in your cache" if lost[0] in damaged else "not in your cache"
    there = "other bytes" if lost[0] in lacking.wrong else "nothing"
    rest = (
        "what lies in your folder is what the run wrote, and can be kept again"
        if is_here
        else "whoever made this commit may still have it"
    )
    gone = dict.fromkeys(owners[one][1] for one in lost)
    return Finding(
        "out-lost",
        f"{path} of {stage.name} is {where}, and the remote {remote.name} has {there} of that"
        f" name: dvc pull cannot bring it; {rest}.{_AS_DVC_2 if remote.is_of_dvc_2 else ''}",
        "the object in the cache or on the remote",
        f"objects of which neither has the right bytes: {len(lost)}",
        (
            *(stages.removal(repository, one) for one in damaged[:_DELETED]),
            *_made_again(stage, path, is_here=is_here),
            *_pushing(repository, remote, lacking, []),
        ),
        (
            *(
                Evidence("worktree", one, value="absent")
                for one in gone
                if _is_absent(repository, one)
            ),
            *_evidence(remote, lost),
        ),
    )


def _made_again(stage: Stage, path: str, *, is_here: bool) -> list[Step]:
    """What gives the cache the bytes of an out that neither it nor the remote has."""
    name = stage.name
    if is_here:
        return [fixes.command("dvc", "commit", name)]
    ask = "ask whoever made this commit to dvc push, then dvc pull"
    if stage.cmd:
        other = "if nobody has it, make it again:"
        again: Iterable[Step] = fixes.run_again(stage.name, stages.uncached(stage))
    else:
        other = f"if nobody has it, get {path} again:"
        again = [
            fixes.command("dvc", "add", path),
            *fixes.commit([stage.file], "Take up the data again"),
        ]
    return [fixes.note(ask), fixes.note(other), *again]


def _is_absent(repository: Repository, path: str) -> bool:
    return not (repository.root / path).exists()


def _told(lacking: Lacking) -> str:
    absent = f"{len(lacking.absent)} objects are absent" if lacking.absent else ""
    wrong = f"{len(lacking.wrong)} have other bytes than their names say" if lacking.wrong else ""
    return ", ".join(filter(None, (absent, wrong)))


def _evidence(remote: Remote, names: list[str]) -> tuple[Evidence, ...]:
    return tuple(Evidence("remote", remote.place(name), value=name) for name in names[:10])


def _pushing(
    repository: Repository, remote: Remote, lacking: Lacking, listings: list[str]
) -> list[Step]:
    """The commands that push; dvc push leaves what is there, so what is wrong has to go first."""
    steps: list[Step] = []
    if _waits(remote) and (repository.root / "activate").exists():
        steps.append(fixes.command(*activation.WORDS))
    elif _waits(remote):
        variable = f"{activation.VARIABLE} to {activation.VALUE}"
        steps.append(fixes.note(f"in this terminal, set the variable {variable}"))
    steps += [_deletion(remote, name) for name in [*listings, *lacking.wrong[:_DELETED]]]
    return [*steps, fixes.command("dvc", "push", "-r", remote.name)]


def _waits(remote: Remote) -> bool:
    """Whether DVC, started in this terminal, asks the remote over gRPC and waits for no answer."""
    return (
        remote.url.startswith("gs://") and remote.endpoint is not None and activation.is_missing()
    )
