"""Lesson ``share``: every object is on the remote. The one place that asks the remote."""

from collections.abc import Iterator

from grader.checks import fixes
from grader.facts.objects import children_of
from grader.facts.remote import Lacking, Remote
from grader.facts.view import View
from grader.finding import Evidence, Finding, NotThereYetError
from grader.registry import check
from workshop import activation
from workshop.project import Stage

_DELETED = 10  # the next check names the others


@check(
    "share.pushed",
    "out-not-pushed",
    "out-lost",
    requires=("remote.absolute", "remote.plugin", "lock.committed", "lock.consistent"),
    tier="remote",
    committed_only=True,
)
def outs_are_pushed(view: View) -> Finding | None:
    """The remote has every object that HEAD names.

    The files of a folder included: DVC's own answer may come from its memory of the last push.
    """
    facts = view.facts
    name = view.default_remote
    options = facts.remote_options
    if name is None or name.lower() not in options:
        raise NotThereYetError("remote.default")
    remote = Remote(name, options[name.lower()], facts.root / ".dvc")
    owners = dict(_objects(view, remote))
    lacking = remote.lacking(owners)
    names = lacking.absent + lacking.wrong
    if not names:
        return None
    lost = [one for one in names if not facts.objects.path(one).exists()]
    if lost:
        return _lost(view, remote, lacking, owners[lost[0]], lost)
    return _not_pushed(view, remote, lacking, [owners[one] for one in names])


def _objects(view: View, remote: Remote) -> Iterator[tuple[str, tuple[Stage, str]]]:
    """Every object by name, with the stage and the path of the out that needs it."""
    for stage in view.project.stages:
        for out in stage.outs if stage.unnatural is None else ():  # what is imported is not pushed
            md5 = out.recorded.md5
            if not (out.cache and md5 and out.inside):
                continue
            yield md5, (stage, out.path)
            if md5.endswith(".dir"):
                listed = view.facts.objects.names(md5)[1:]
                for child in listed or children_of(remote.content(md5) or b""):
                    yield child, (stage, out.path)


def _not_pushed(
    view: View, remote: Remote, lacking: Lacking, owners: list[tuple[Stage, str]]
) -> Finding:
    paths = list(dict.fromkeys(path for _, path in owners))
    names = lacking.absent + lacking.wrong
    listings = [one for one in dict.fromkeys(map(_listing, owners)) if one and one not in names]
    why = " DVC takes a folder's listing there for the whole folder: delete it, and dvc push brings"
    return Finding(
        "out-not-pushed",
        f"{fixes.listed(paths)} {'is' if len(paths) == 1 else 'are'} not wholly on the remote"
        f" {remote.name}: a colleague who clones gets no such data."
        + (f"{why} back both it and what is absent." if listings else ""),
        f"every object on {remote.name}",
        _told(lacking),
        fixes.commands(*_pushing(view, remote, lacking, listings)),
        _evidence(remote, names),
    )


def _listing(owner: tuple[Stage, str]) -> str | None:
    """The object that lists the files of a folder, by the stage and the path of the out."""
    stage, path = owner
    md5 = next((out.recorded.md5 for out in stage.outs if out.path == path), None)
    return md5 if md5 and md5.endswith(".dir") else None


def _deletion(remote: Remote, name: str) -> str:
    """DVC has no command for it; its own client reaches every kind of remote."""
    code = f"Repo().cloud.get_remote_odb('{remote.name}').delete('{name}')"
    return f'python -P -c "from dvc.repo import Repo; {code}"'


def _lost(
    view: View, remote: Remote, lacking: Lacking, owner: tuple[Stage, str], lost: list[str]
) -> Finding:
    stage, path = owner
    there = (view.facts.root / path).exists()
    again = f"dvc commit --force {fixes.quoted(stage.name)}"
    if not there or stage.cmd:
        again = f"dvc repro --force {fixes.quoted(stage.name)}"
    return Finding(
        "out-lost",
        f"{path} of {stage.name} is neither in your cache nor on the remote {remote.name}: nobody"
        " can get it as it was.",
        "the object in the cache or on the remote",
        f"{len(lost)} objects are in neither",
        fixes.commands(again, *_pushing(view, remote, lacking, [])),
        _evidence(remote, lost),
    )


def _told(lacking: Lacking) -> str:
    absent = f"{len(lacking.absent)} objects are absent" if lacking.absent else ""
    wrong = f"{len(lacking.wrong)} have other bytes than their names say" if lacking.wrong else ""
    return ", ".join(filter(None, (absent, wrong)))


def _evidence(remote: Remote, names: list[str]) -> tuple[Evidence, ...]:
    return tuple(Evidence("remote", remote.place(name), value=name) for name in names[:10])


def _pushing(view: View, remote: Remote, lacking: Lacking, listings: list[str]) -> list[str]:
    """The commands that push; dvc push leaves what is there, so what is wrong has to go first."""
    lines = []
    if remote.endpoint and activation.is_missing() and (view.facts.root / "activate").exists():
        lines.append(activation.COMMAND)
    lines += [_deletion(remote, name) for name in [*listings, *lacking.wrong[:_DELETED]]]
    return [*lines, f"dvc push -r {fixes.quoted(remote.name)}"]
