"""Objects that neither the cache nor the remote has."""

from collections.abc import Iterator

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.cached_objects import remove_objects
from grader.fixes.push_steps import push_steps
from grader.fixes.stage_runs import run_again
from grader.remotes.pushed_objects import Answer, cache_path, is_of_dvc_2_layout, owners_in
from grader.stages.lookup import LOCK
from grader.stages.run_state import is_as_recorded
from grader.stages.storage import uncached_outs
from grader.step import Step

_AS_DVC_2 = (
    " It is recorded without hash: md5, as DVC 2 did: DVC looks for it outside of files/md5."
)


def lost_objects_finding(
    repository: Repository, snapshot: Snapshot, answer: Answer, lost: list[str], damaged: list[str]
) -> Finding:
    """The finding on objects that are nowhere, or damaged wherever they are."""
    owner, remote = answer.owners[lost[0]], answer.remote
    # Two outs may be one object: both are lost.
    names = {*lost, *(str(answer.owners[name].out.recorded.md5) for name in lost)}
    owners = [own for own in owners_in(snapshot.project.stages) if own.out.recorded.md5 in names]
    stages = list({own.stage.name: own.stage for own in owners}.values())
    here = [stage for stage in stages if is_as_recorded(repository, stage)]
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
            *_keep_again(repository, snapshot, here, is_of_dvc_2=remote.uses_dvc_2_layout),
            *_make_again([stage for stage in stages if stage not in here]),
            *push_steps(repository, answer, []),
        ),
        (
            *(Evidence("worktree", path, value="absent") for path in absent),
            *answer.evidence(lost),
        ),
    )


def _uncached_stages(
    repository: Repository, snapshot: Snapshot, *, is_of_dvc_2: bool
) -> list[Stage]:
    """The stages with an out of that layout that the cache lacks."""
    return [
        owner.stage
        for owner in owners_in(snapshot.project.stages)
        if is_of_dvc_2_layout(owner.out) == is_of_dvc_2
        and not cache_path(repository, snapshot, str(owner.out.recorded.md5), is_of_dvc_2).exists()
    ]


def _keep_again(
    repository: Repository, snapshot: Snapshot, stages: list[Stage], *, is_of_dvc_2: bool
) -> Iterator[Step]:
    """What gives the cache the outs that lie in the folder as their run left them.

    Those of ``stages``, in one layout of the cache, and of all others that the cache has lost, in
    both: whichever check asks for them.
    """
    for layout in (is_of_dvc_2, not is_of_dvc_2):
        lost = _uncached_stages(repository, snapshot, is_of_dvc_2=layout)
        kept = [stage for stage in lost if is_as_recorded(repository, stage)]
        kept += stages if layout == is_of_dvc_2 else []
        names = [stage.name for stage in snapshot.project.stages if stage in kept]
        # DVC 3 takes what DVC 2 recorded of a dep for another record, and asks to be forced.
        if names:
            yield fixes.command("dvc", "commit", *["--force"] * layout, *names)


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
