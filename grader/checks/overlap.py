"""What DVC keeps has one owner."""

from collections.abc import Iterable

from dvcstate import Stage
from dvcstate.model import Out
from grader import fixes
from grader.code.stage_code import words_of
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.ready_steps import put_aside
from grader.fixes.stage_runs import edit_and_run, mend_stage
from grader.stages.lookup import every_stage, lesson_stages
from grader.stages.paths import covers, gitignore_beside, lesson_paths, paths_overlap
from grader.stages.right_stage import RightStage
from grader.stages.stage_change import Change
from grader.stages.stage_outs import section_of
from grader.step import Step
from workshop.stages import STAGES, StageSpec

_RAW = "data/raw"

_Owned = tuple[Out, Stage]
"""An out and what it belongs to."""


@check("data.no_overlap", "out-overlap", requires=("init.readable",))
def outs_do_not_overlap(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No out lies in another, and no two have the same path.

    What lies in two outs has two owners: dvc repro stops, or one of them goes stale at once.
    """
    doubled = _find_doubled(every_stage(snapshot))
    if doubled:
        return _doubled_finding(repository, snapshot, *doubled)
    return _find_future_overlap(repository, snapshot) or _copy_finding(repository, snapshot)


def _copy_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a .dvc file copied into another folder, where its data is not."""
    added = [
        (stage, stage.outs[0])
        for stage in snapshot.project.stages
        if stage.cmd is None and len(stage.outs) == 1 and stage.outs[0].inside
    ]
    for copy, out in added:
        for owner, other in added:
            is_same = out.recorded.md5 and out.recorded.md5 == other.recorded.md5
            is_named_so = out.path.rpartition("/")[2] == other.path.rpartition("/")[2]
            if copy is owner or not (is_same and is_named_so):
                continue
            if (repository.root / out.path).exists() or not (repository.root / other.path).exists():
                continue
            return Finding(
                "out-overlap",
                f"{copy.file} is a copy of {owner.file}: DVC looks for the same data in {out.path}"
                " too, where nothing is.",
                "one .dvc file for the data",
                f"{copy.file} and {owner.file}",
                _remove_copy(repository, copy),
                (Evidence(snapshot.revision, copy.file), Evidence(snapshot.revision, owner.file)),
            )
    return None


def _find_doubled(stages: Iterable[Stage]) -> tuple[_Owned, _Owned] | None:
    """The outer and the inner out of two that overlap."""
    owned = [(out, stage) for stage in stages for out in stage.outs if out.place]
    for outer, owner in owned:
        for inner, other in owned:
            if owner is not other and covers(outer.path, inner.path):
                if inner.path == outer.path and owner.name > other.name and other.cmd is None:
                    continue  # reported the other way round: the .dvc file is the one to remove
                return (outer, owner), (inner, other)
    return None


def _find_future_overlap(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a .dvc file that tracks what a stage, not declared yet, will write."""
    if repository.is_foreign:
        return None
    tracked = [
        (out, owner)
        for owner in snapshot.project.stages
        if owner.cmd is None and owner.file.endswith(".dvc")
        for out in owner.outs
    ]
    for out, owner in tracked:
        for spec in STAGES:
            path = None if snapshot.stage(spec) else _outs_of_lesson(spec, out.path)
            if path:
                writes = f"the stage {spec.name} writes {path}"
                return _future_finding(repository, snapshot, out, owner, writes)
    return None


def _outs_of_lesson(spec: StageSpec, tracked: str) -> str | None:
    """What the stage of a lesson will write within ``tracked``, or around it."""
    paths = lesson_paths(spec, spec.writes)
    return next((path for path in paths if paths_overlap(tracked, path)), None)


def _future_finding(
    repository: Repository, snapshot: Snapshot, out: Out, owner: Stage, writes: str
) -> Finding:
    holds_raw = covers(out.path, _RAW)
    slash = "/" * (out.recorded.md5 or "").endswith(".dir")
    return Finding(
        "out-overlap",
        f"{owner.file} tracks all of {out.path}{slash}, and {writes}: dvc stage add refuses an out"
        " that overlaps another.",
        f"{_RAW}.dvc, which tracks the raw data alone"
        if holds_raw
        else "what stages write, left to the stages",
        f"{owner.file}, which tracks {out.path}",
        (
            fixes.command("dvc", "remove", owner.name),
            *_untrack(repository, owner.file, is_committed=not holds_raw),
            *(_track_raw_alone() if holds_raw else ()),
        ),
        (Evidence(snapshot.revision, owner.file),),
    )


def removal_to_finish(repository: Repository) -> Finding | None:
    """The finding on a .dvc file that overlaps at HEAD and is deleted in the folder: go on there.

    To bring it back would bring the overlap back.
    """
    head = repository.head
    for owner in head.project.stages:
        if owner.cmd is not None or repository.worktree.content(owner.file) is not None:
            continue
        for out in owner.outs:
            paths = [_outs_of_lesson(spec, out.path) for spec in STAGES]
            others = [
                other.path
                for stage in head.project.stages
                if stage.name != owner.name
                for other in stage.outs
                if paths_overlap(out.path, other.path)
            ]
            if any(paths) or others:
                return _removal_finding(repository, out, owner)
    return None


def _removal_finding(repository: Repository, out: Out, owner: Stage) -> Finding:
    holds_raw = covers(out.path, _RAW) and out.path != _RAW
    steps = _untrack(repository, owner.file, is_committed=not holds_raw)
    if holds_raw and repository.worktree.content(f"{_RAW}.dvc") is None:
        steps += _track_raw_alone()
    elif holds_raw:
        steps += fixes.commit([f"{_RAW}.dvc", "data/.gitignore"], "Track the raw data alone")
    elif not steps:
        steps = [fixes.commit_staged("Leave the outs to their stages")]
    return Finding(
        "out-overlap",
        f"{owner.file} is removed, as it has to be, and that is not committed.",
        f"no {owner.file} at HEAD",
        f"{owner.file} at HEAD",
        tuple(steps),
        (Evidence("HEAD", owner.file),),
    )


def _track_raw_alone() -> tuple[Step, ...]:
    commit = fixes.commit([f"{_RAW}.dvc", "data/.gitignore"], "Track the raw data alone")
    return fixes.command("dvc", "add", _RAW), *commit


def _untrack(repository: Repository, file: str, *, is_committed: bool) -> list[Step]:
    """Take ``file``, and the line for its data, out of git where git has them."""
    known = [path for path in (file, gitignore_beside(file)) if path in repository.tracked_files]
    if file not in known:
        return []
    commit = fixes.commit_staged("Leave the outs to their stages")
    has_commit = is_committed and file in repository.committed_files
    return [fixes.command("git", "add", "--update", *known), *[commit] * has_commit]


def _doubled_finding(
    repository: Repository, snapshot: Snapshot, outer: _Owned, inner: _Owned
) -> Finding:
    return Finding(
        "out-overlap",
        f"{inner[0].path} belongs to {inner[1].name} and to {outer[1].name} ({outer[0].path}):"
        " DVC refuses to run where two own one thing.",
        "one owner for each path",
        f"{outer[0].path} and {inner[0].path} overlap",
        _separate(repository, snapshot, outer, inner),
        (Evidence(snapshot.revision, outer[1].file), Evidence(snapshot.revision, inner[1].file)),
    )


def _separate(repository: Repository, snapshot: Snapshot, *owned: _Owned) -> tuple[Step, ...]:
    """Leave the path to one of the two: to the stage that writes it, by its command.

    Of two .dvc files, the one that dvc add makes for the path stays.
    """
    (outer, owner), (inner, other) = owned
    if outer.path == inner.path and owner.cmd is other.cmd is None:
        is_first = owner.file == f"{outer.path}.dvc" or other.file != f"{outer.path}.dvc"
        return _remove_copy(repository, other if is_first else owner)
    for _, owner in owned:
        if owner.cmd is None:
            remove = fixes.command("dvc", "remove", owner.name)
            return remove, *_untrack(repository, owner.file, is_committed=True)
    for out, owner in owned:
        spec = next((spec for spec in STAGES if snapshot.stage(spec) == owner), None)
        if spec and out.path in RightStage.of(repository, snapshot, owner, spec).outs.wrong:
            return mend_stage(repository, snapshot, owner, spec)
    # No lesson's stage is in the wrong: the path is left to one, else to whom its command names it.
    lessons = lesson_stages(snapshot)
    out, owner = min(
        owned,
        key=lambda entry: (entry[1].name in lessons, entry[0].path in words_of(entry[1].cmd)),
    )
    change = Change(remove={section_of(out): (out.path,)})
    return edit_and_run(repository, snapshot, owner, change)


def _remove_copy(repository: Repository, copy: Stage) -> tuple[Step, ...]:
    """Take a .dvc file away whose data another one tracks.

    ``dvc remove`` would take the data's line out of .gitignore too.
    """
    if copy.file not in repository.tracked_files:
        return (put_aside(repository, copy.file),)
    content = repository.worktree.content(copy.file)
    is_saved = repository.is_staged(copy.file) and content == repository.head.content(copy.file)
    keep = [] if is_saved else [put_aside(repository, copy.file)]
    is_committed = copy.file in repository.committed_files
    commit = fixes.commit_staged("Leave the data to one .dvc file")
    remove = fixes.command("git", "rm", "--quiet", *["--cached"] * (not is_saved), "--", copy.file)
    return *keep, remove, *[commit] * is_committed
