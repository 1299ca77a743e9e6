"""Objects in DVC's cache that are not what they are called."""

from collections.abc import Iterator, Mapping, Sequence

from dvcstate import Stage
from dvcstate.model import Out
from grader import fixes
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.cached_objects import path_from_root, remove_objects
from grader.fixes.stage_runs import run_again
from grader.stages.run_state import is_as_recorded
from grader.stages.storage import files_beside_lock
from grader.step import Step

_NAMED = 10
"""So many objects are named as evidence."""


@check("pipeline.cache_intact", "cache-corrupt", requires=("preprocess.run",))
def cache_objects_are_what_they_are_called(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """Every object in the cache is what its name says.

    DVC trusts an object that is read-only, and pushes it: one that changed reaches everybody.
    """
    objects = repository.objects
    owners = {
        name: (stage, out)
        for stage in snapshot.project.stages
        for out in stage.outs
        # DVC 2 hashed texts with CRLF turned to LF: their bytes need not have their name's md5.
        if out.cache and out.recorded.md5 and out.recorded.algorithm == "md5"
        for name in objects.names(out.recorded.md5)
    }
    corrupt = objects.find_corrupt(owners)
    return _corrupt_finding(repository, owners, corrupt) if corrupt else None


def _corrupt_finding(
    repository: Repository, owners: Mapping[str, tuple[Stage, Out]], names: Sequence[str]
) -> Finding:
    """The finding on all damaged objects: each is taken out, and what is absent is made again."""
    stages = list({owners[name][0].name: owners[name][0] for name in names}.values())
    paths = dict.fromkeys(owners[name][1].path for name in names)
    is_alone = len(names) == 1
    what = "An object" if is_alone else f"{len(names)} objects"
    where = f"of {fixes.join(paths)} in DVC's cache"
    rationale = (
        f"{what} {where} is damaged: DVC would hand it out as it is."
        if is_alone
        else f"{what} {where} are damaged: DVC would hand them out as they are."
    )
    return Finding(
        "cache-corrupt",
        rationale,
        f"bytes with the md5 {names[0]}",
        "other bytes",
        (*remove_objects(repository, names), *_cache_again(repository, stages)),
        tuple(
            Evidence("cache", path_from_root(repository, name), value=name)
            for name in names[:_NAMED]
        ),
    )


def _cache_again(repository: Repository, stages: list[Stage]) -> Iterator[Step]:
    """What gives the cache the outs of ``stages`` anew.

    Those in the folder are as recorded, or a run makes them; the remote may have damaged ones too.
    """
    kept = [stage for stage in stages if is_as_recorded(repository, stage)]
    rest = [stage for stage in stages if stage not in kept]
    data, made = [s for s in rest if not s.cmd], [s for s in rest if s.cmd]
    if kept:
        yield fixes.command("dvc", "commit", *(stage.name for stage in kept))
    if data:
        yield fixes.command("dvc", "pull", "--force", *(stage.name for stage in data))
    if made:
        beside = [path for stage in made for path in files_beside_lock(repository, stage)]
        yield from run_again(made, beside)
