"""Steps that bring a remote what it lacks, in place of what is wrong there."""

from collections.abc import Sequence

from grader import fixes
from grader.facts.remote import Remote
from grader.facts.repository import Repository
from grader.fixes.ready_steps import put_aside
from grader.remotes.pushed_objects import Answer
from grader.step import Step
from workshop import activation

_DELETED = 100
"""So many objects are named in one command, 4 kB of it; the next check names the others."""


def push_steps(repository: Repository, answer: Answer, listings: list[str]) -> list[Step]:
    """The commands that push; dvc push leaves what is there, so what is wrong has to go first."""
    remote = answer.remote
    steps: list[Step] = []
    if waits_for_nothing(remote) and (repository.root / "activate").exists():
        steps.append(fixes.command(*activation.WORDS))
    elif waits_for_nothing(remote):
        variable = f"{activation.VARIABLE} to {activation.VALUE}"
        steps.append(fixes.note(f"in this terminal, set the variable {variable}"))
    wrong = answer.lacking.wrong
    folders = remote.find_folders(wrong)
    places = {name: remote.object_location(name) for name in folders}
    steps += [put_aside(repository, place, name) for name, place in places.items()]
    steps += delete_objects(remote, [*listings, *(name for name in wrong if name not in places)])
    return [*steps, fixes.command("dvc", "push", "-r", remote.name)]


def waits_for_nothing(remote: Remote) -> bool:
    """Whether DVC, started in this terminal, asks the remote over gRPC and waits for no answer."""
    has_server = remote.url.startswith("gs://") and remote.endpoint is not None
    return has_server and activation.is_variable_missing()


def delete_objects(remote: Remote, names: Sequence[str]) -> list[Step]:
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
