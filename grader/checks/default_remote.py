"""Lesson ``remote``: one default remote, and it is committed."""

import dataclasses

from grader import fixes
from grader.checks.out_remotes import out_remote_finding
from grader.checks.remote_address import swapped_words
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes import remote_edits
from grader.fixes.remote_edits import CONFIG, LOCAL
from grader.remotes import attendee_place
from grader.remotes.addresses import is_address
from grader.remotes.config_file import ConfigFile, read_config_file
from grader.step import Step


@check(
    "remote.default",
    "no-default-remote",
    "remote-only-local",
    "default-remote-unknown",
    requires=("init.config",),
    committed_only=True,
)
def default_remote_is_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """A default remote is set, and committed.

    dvc push and dvc pull without a name go to the default remote, and an out with a remote: of its
    own to that one. A clone knows only what .dvc/config at HEAD says; .dvc/config.local stays on
    one laptop.
    """
    name = snapshot.default_remote
    if name and name.lower() in snapshot.remotes:
        return out_remote_finding(repository, snapshot)
    local = read_config_file(repository, LOCAL)
    if name and name.lower() not in local.remotes:
        return _unknown(repository, snapshot, name)
    if name or local.remotes or local.default:
        return _only_local(repository, snapshot, name, local)
    return _none(repository, snapshot)


def _unknown(repository: Repository, snapshot: Snapshot, name: str) -> Finding:
    known = next(iter(snapshot.remotes), None)
    if known is None:
        steps = remote_edits.add(repository, snapshot, name, attendee_place.url(repository))
    else:
        steps = [fixes.command("dvc", "remote", "default", known)]
    return Finding(
        "default-remote-unknown",
        f"The default remote is called {name}, and no remote has that name: dvc push stops.",
        f"a remote called {name}, or the name of one that is there",
        f"remotes: {fixes.join(snapshot.remotes) or 'none'}",
        (*steps, *_COMMIT),
        (Evidence("HEAD", CONFIG, snapshot.line(CONFIG, "[core]", "remote"), f"remote = {name}"),),
    )


def _only_local(
    repository: Repository, snapshot: Snapshot, name: str | None, local: ConfigFile
) -> Finding:
    wanted = name or local.default or next(iter(local.remotes))
    url = local.remotes.get(wanted.lower(), {}).get("url") or attendee_place.url(repository)
    if wanted.lower() in snapshot.remotes:
        steps: list[Step] = [fixes.command("dvc", "remote", "default", wanted)]
    else:
        steps = remote_edits.add(repository, snapshot, wanted, url, "--force", "-d")
    return Finding(
        "remote-only-local",
        f"The remote {wanted} is set with --local: a colleague's clone knows nothing of it.",
        f"{wanted} as the default remote in {CONFIG} at HEAD",
        f"it is in {LOCAL}, which git never takes",
        (*steps, *_COMMIT),
        (Evidence("worktree", LOCAL, repository.worktree.line(LOCAL, wanted)),),
    )


def _none(repository: Repository, snapshot: Snapshot) -> Finding:
    worktree = read_config_file(repository, CONFIG)
    for name in worktree.remotes:
        if is_address(name):
            url = worktree.remotes[name].get("url", "")
            swapped = swapped_words(repository, snapshot, name, url, "worktree")
            return dataclasses.replace(swapped, code="no-default-remote")
    steps: list[Step] = []
    if worktree.default and worktree.default.lower() in worktree.remotes:
        actual = f"{worktree.default} is set in your folder, and not committed"
    elif snapshot.remotes:
        actual = f"remotes: {fixes.join(snapshot.remotes)}; none of them is the default"
        steps = [fixes.command("dvc", "remote", "default", next(iter(snapshot.remotes)))]
    else:
        actual = "no remote at all"
        url = attendee_place.url(repository)
        remote = attendee_place.remote_name(repository)
        steps = remote_edits.add(repository, snapshot, remote, url, "-d")
        if repository.is_foreign:
            words = "in place of this folder, the address of a bucket or a server does as well"
            steps.append(fixes.note(words))
    return Finding(
        "no-default-remote",
        "No default remote is committed: after a clone, dvc pull does not know where to look.",
        "core.remote and the remote it names, at HEAD",
        actual,
        (*steps, *_COMMIT),
        (Evidence("HEAD", CONFIG, snapshot.line(CONFIG, "[core]")),),
        is_lesson_task=not (worktree.default or worktree.remotes or snapshot.remotes),
    )


_COMMIT = fixes.commit([CONFIG], "Set the default remote")
