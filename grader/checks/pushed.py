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

_REMOVED = 10  # in one command; the next check names the others


@check(
    "share.pushed",
    "share",
    "out-not-pushed",
    "out-lost",
    points=3,
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
    return Finding(
        "out-not-pushed",
        f"{fixes.listed(paths)} {'is' if len(paths) == 1 else 'are'} not wholly on the remote"
        f" {remote.name}: a colleague who clones gets no such data.",
        f"every object on {remote.name}",
        _told(lacking),
        fixes.commands(*_pushing(view, remote, lacking)),
        _evidence(remote, lacking.absent + lacking.wrong),
    )


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
        fixes.commands(again, *_pushing(view, remote, lacking)),
        _evidence(remote, lost),
    )


def _told(lacking: Lacking) -> str:
    absent = f"{len(lacking.absent)} objects are absent" if lacking.absent else ""
    wrong = f"{len(lacking.wrong)} have other bytes than their names say" if lacking.wrong else ""
    return ", ".join(filter(None, (absent, wrong)))


def _evidence(remote: Remote, names: list[str]) -> tuple[Evidence, ...]:
    return tuple(Evidence("remote", remote.place(name), value=name) for name in names[:10])


def _pushing(view: View, remote: Remote, lacking: Lacking) -> list[str]:
    """The commands that push; dvc push leaves what is there, so wrong bytes have to go first."""
    lines = []
    if remote.endpoint and activation.is_missing() and (view.facts.root / "activate").exists():
        lines.append(activation.COMMAND)
    if lacking.wrong:
        lines.append(_removal(remote, lacking.wrong[:_REMOVED]))
    return [*lines, f"dvc push -r {fixes.quoted(remote.name)}"]


def _removal(remote: Remote, names: list[str]) -> str:
    places = [remote.place(name) for name in names]
    options = f"token='anon', endpoint_url='{remote.endpoint}'" if remote.endpoint else ""
    return f'python -c "import gcsfs; gcsfs.GCSFileSystem({options}).rm({places})"'
