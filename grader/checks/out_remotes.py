"""The remotes that outs name by their own ``remote:``, in place of the default one."""

from typing import NamedTuple

from dvcstate import ProjectError, Stage
from grader import fixes
from grader.close_names import close_names
from grader.facts.remote import Remote, resolve_options
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes import remote_edits
from grader.fixes.remote_edits import CONFIG, LOCAL
from grader.stages.lookup import name_in_file, stage_evidence
from grader.step import Step


class _Use(NamedTuple):
    """An out with a remote of its own: whose it is, and where that is written."""

    stage: Stage
    path: str
    remote: str
    evidence: Evidence


def out_remote_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on an out whose remote a clone does not know: no dvc pull brings that out."""
    for use in _uses(snapshot):
        if "url" in snapshot.remotes.get(use.remote.lower(), {}):
            continue
        here = resolve_options(use.remote, repository.remote_options)
        if here and "url" in here:
            remote = Remote(use.remote, here, repository.root / ".dvc")
            return _local_finding(repository, snapshot, use, remote)
        return _unknown_finding(snapshot, use)
    return None


def used_remotes(snapshot: Snapshot) -> list[str]:
    """The names of the remotes that dvc push sends to, in lower case: the default one first."""
    names = [snapshot.default_remote or "", *(use.remote for use in _uses(snapshot))]
    return list(dict.fromkeys(name.lower() for name in names if name))


def _uses(snapshot: Snapshot) -> list[_Use]:
    try:
        stages = snapshot.project.stages
    except ProjectError:  # other checks report it
        return []
    return [
        _Use(stage, out.path, out.remote, _evidence(snapshot, stage, out.path, out.remote))
        for stage in stages
        for out in stage.outs
        if out.remote and not stage.is_import
    ]


def _evidence(snapshot: Snapshot, stage: Stage, path: str, remote: str) -> Evidence:
    """The line with the name: a .dvc file has no other word for its out than ``outs:``."""
    if stage.cmd is None:
        line = snapshot.line(stage.file, f"remote: {remote}")
        return Evidence(snapshot.revision, stage.file, line, f"remote: {remote}")
    words = (path.rpartition("/")[2], f"remote: {remote}")
    return stage_evidence(snapshot, stage, *words, value=words[1])


def _local_finding(
    repository: Repository, snapshot: Snapshot, use: _Use, remote: Remote
) -> Finding:
    """The finding on a remote of config.local, or of a config for all of one's repositories."""
    line = repository.worktree.line(LOCAL, f'"{use.remote}"')
    return Finding(
        "remote-only-local",
        f"{use.path} is to be pushed to the remote {use.remote}, which is set with --local or for"
        " all your repositories: a clone knows no such remote, and dvc pull stops there.",
        f"the remote {use.remote} in {CONFIG} at HEAD",
        f"it is in {LOCAL if line else 'a config outside of the repository'}",
        (
            *remote_edits.add(repository, snapshot, use.remote, remote.url, "--force"),
            *fixes.commit([CONFIG], f"Name the remote {use.remote} for everybody"),
        ),
        (use.evidence, *[Evidence("worktree", LOCAL, line)] * bool(line)),
    )


def _unknown_finding(snapshot: Snapshot, use: _Use) -> Finding:
    """The finding on a remote that no config has; the default one is there, or one spelt alike."""
    default = snapshot.default_remote or ""
    alike = close_names(use.remote.lower(), snapshot.remotes)
    return Finding(
        "default-remote-unknown",
        f"{use.path} names the remote {use.remote}, which the config does not have: dvc push and"
        " dvc pull stop there.",
        f"the name of a remote that is there: {fixes.join(snapshot.remotes)}",
        f"remote: {use.remote} in {use.stage.file}",
        (
            _rename(use, next(iter(alike), default)),
            *fixes.commit([use.stage.file], f"Push {use.path} to a remote that is there"),
        ),
        (use.evidence,),
    )


def _rename(use: _Use, wanted: str) -> Step:
    line = use.evidence.line
    if line is None:
        text = f"write remote: {wanted} for {use.path}"
        return fixes.change(use.stage.file, text, stage=name_in_file(use.stage))
    text = f"write  remote: {wanted}  in place of  remote: {use.remote}"
    return fixes.change(use.stage.file, text, line=line)
