"""What DVC keeps is not in git as well: neither outs, nor the cache, and git ignores them."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from dvcstate import Stage
from grader import fixes
from grader.amounts import amount
from grader.checks.dvc_folder import (
    files_of_this_machine,
    lost_gitignore_finding,
    restore_gitignore,
)
from grader.checks.secrets import has_secret
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot, is_code_file
from grader.finding import Evidence, Finding
from grader.fixes.git_files import append_lines, unignore
from grader.fixes.remote_edits import LOCAL
from grader.fixes.stage_runs import edit_and_run, mend_stage
from grader.stages.lookup import every_stage, stage_evidence
from grader.stages.paths import covers, gitignore_beside
from grader.stages.recorded_data import misread_outs
from grader.stages.stage_change import Change
from grader.stages.stage_outs import section_of
from grader.stages.storage import (
    cached_outs,
    files_at_head,
    outs_with_code,
    uncached_outs,
)
from grader.step import Step
from workshop.stages import STAGES

# files/md5/d4/1d8cd98f00b204e9800998ecf8427e, with .dir for the listing of a folder.
_CACHE_OBJECT = re.compile(r"(?:^|/)(?:files/md5|\.dvc/cache)/[0-9a-f]{2}/[0-9a-f]{30}(?:\.dir)?$")


@check("data.only_dvc", "tracked-by-git-and-dvc", "code-among-outs", requires=("init.readable",))
def outs_are_not_in_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Nothing that DVC keeps is tracked by git too.

    DVC says no word of it, but every clone carries the data twice, and git's copy wins. Code
    belongs to git alone: DVC deletes the outs of a stage before it runs.
    """
    for stage in every_stage(snapshot):
        if code := outs_with_code(repository, stage):
            return _code_finding(repository, snapshot, stage, code)
    # DVC itself writes a .gitignore into a folder of which a part was tracked later.
    known = [path for path in _in_git(repository) if path.rpartition("/")[2] != ".gitignore"]
    # What git keeps by cache: false is right there: an out around it is out-overlap.
    kept = uncached_outs(*snapshot.project.stages)
    known = [path for path in known if not any(covers(out, path) for out in kept)]
    outs = cached_outs(*snapshot.project.stages)
    doubled = {out: paths for out in outs if (paths := [p for p in known if covers(out, p)])}
    if not doubled:
        return None
    count = sum(map(len, doubled.values()))
    index = set(repository.tracked_files)
    staged = [out for out, paths in doubled.items() if index.intersection(paths)]
    removals = [fixes.command("git", "rm", "-r", "--cached", out) for out in staged]
    return Finding(
        "tracked-by-git-and-dvc",
        f"Git tracks {fixes.join(doubled)} as well as DVC: every clone carries it, for ever.",
        "outs in DVC's cache alone",
        f"git's index has {amount(count, 'file')} of {fixes.join(doubled)}"
        if staged
        else f"HEAD has {amount(count, 'file')} of {fixes.join(doubled)}",
        (*removals, *_commit(repository, doubled.values(), "Leave the data to DVC")),
        tuple(
            Evidence(
                "index" if out in staged else "HEAD",
                paths[0],
                value=amount(len(paths), "file"),
            )
            for out, paths in doubled.items()
        ),
    )


def _code_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, outs: list[str]
) -> Finding:
    spec = next((spec for spec in STAGES if snapshot.stage(spec) == stage), None)
    section = {section_of(out): () for out in stage.outs if out.path in outs}
    change = Change(remove={name: tuple(outs) for name in section})
    return Finding(
        "code-among-outs",
        f"{fixes.join(outs)} is an out of {stage.name}, and has code in it: DVC deletes the outs of"
        " a stage before it runs. Git keeps code, and nothing of it is an out.",
        f"outs of {stage.name} that it writes",
        f"{fixes.join(outs)} among its outs",
        (
            *_give_back_to_git(repository, outs),
            *(
                mend_stage(repository, snapshot, stage, spec)
                if spec
                else edit_and_run(repository, snapshot, stage, change)
            ),
        ),
        tuple(stage_evidence(snapshot, stage, "outs:", path, value=path) for path in outs),
    )


def _give_back_to_git(repository: Repository, outs: list[str]) -> Iterator[Step]:
    """What a run deleted of ``outs`` comes back, and git has what it had before."""
    root, tracked = repository.root, set(repository.tracked_files)
    for out in outs:
        code = [path for path in files_at_head(repository, out) if is_code_file(path)]
        gone = [path for path in code if not (root / path).exists()]
        if gone:
            yield fixes.command("git", "checkout", "HEAD", "--", *gone)
        if repository.ignores(out, is_folder=(root / out).is_dir()):
            edits, edited = unignore(repository, [out])
            yield from edits
            yield fixes.command("git", "add", *edited)
        untracked = [path for path in code if path not in tracked and path not in gone]
        if untracked:
            yield fixes.command("git", "add", *untracked)


@check(
    "data.ignored",
    "gitignore-lost",
    requires=("data.only_dvc", "data.no_overlap", "data.no_cache_in_git", "init.scm"),
    committed_only=True,
)
def outs_are_ignored_by_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Git ignores what DVC keeps.

    dvc add and dvc repro write that into .gitignore; without it, git add takes the data in.
    """
    # What was never made is not there to be added.
    made = {
        out.path
        for stage in snapshot.project.stages
        for out in stage.outs
        if out.recorded.md5 or (repository.root / out.path).exists()
    }
    misread = [each.out.path for each in misread_outs(repository, snapshot.project)]
    outs = [path for path in cached_outs(*snapshot.project.stages) if path in made]
    outs = [path for path in outs if path not in misread]  # data.in_place reports it
    unignored = [
        out
        for out in outs
        if not repository.ignores(out, is_folder=(repository.root / out).is_dir())
        and not _is_ignored_by_git_alone(repository, out)
    ]
    if not unignored:
        finding = _ignored_here_alone(repository, snapshot, outs)
        return finding or lost_gitignore_finding(repository, snapshot)
    lines: dict[str, list[str]] = {}
    for out in unignored:
        lines.setdefault(gitignore_beside(out), []).append(f"/{out.rpartition('/')[2]}")
    path, names = next(iter(lines.items()))
    return Finding(
        "gitignore-lost",
        f"Git does not ignore {fixes.join(unignored)}: the next git add takes the data in.",
        f"a line {fixes.join(names)} in {path}",
        "no .gitignore covers it",
        _write_lines(repository, lines),
        tuple(Evidence("worktree", out) for out in unignored),
        severity="advice",
    )


def _write_lines(repository: Repository, lines: Mapping[str, list[str]]) -> tuple[Step, ...]:
    """Write ``lines`` into each .gitignore; one that is only deleted comes back from git."""
    head, here = repository.head, repository.worktree
    deleted = [
        path
        for path, names in lines.items()
        if here.content(path) is None and {*names} <= {*(head.text(path) or "").split()}
    ]
    left = {path: names for path, names in lines.items() if path not in deleted}
    return (
        *([fixes.command("git", "checkout", "HEAD", "--", *deleted)] if deleted else []),
        *(append_lines(repository, path, names) for path, names in left.items()),
        *(fixes.commit(left, "Ignore what DVC keeps") if left else ()),
    )


def _is_ignored_by_git_alone(repository: Repository, path: str) -> bool:
    """Whether git reads a .gitignore otherwise than DVC does: it passes over a byte order mark."""
    at = repository.ignoring_line(path)
    return bool(at and at.file.endswith(".gitignore") and (repository.root / at.file).is_file())


def _ignored_here_alone(
    repository: Repository, snapshot: Snapshot, outs: list[str]
) -> Finding | None:
    """The finding on .gitignore files that cover an out, and that HEAD lacks or has otherwise."""
    # To read git's rules at HEAD takes as long as ten checks: mostly they are those of the folder.
    if not repository.uncommitted_files and not _changed_gitignores(repository, snapshot, outs):
        return None
    unignored = [out for out in outs if not repository.ignores_at_head(out)]
    changed = _changed_gitignores(repository, snapshot, unignored)
    if not changed:
        return None
    files = fixes.join(changed)
    return Finding(
        "gitignore-lost",
        f"{files} is not committed: in a clone git does not ignore {fixes.join(unignored)}, and"
        " the next git add there takes the data in.",
        f"{files} at HEAD as in your folder",
        "HEAD has none, or another",
        fixes.commit(changed, "Ignore what DVC keeps"),
        tuple(Evidence("HEAD", path) for path in changed),
        severity="advice",
    )


def _changed_gitignores(
    repository: Repository, snapshot: Snapshot, outs: Iterable[str]
) -> list[str]:
    """The .gitignore files in the folders above ``outs`` that ``snapshot`` has otherwise."""
    above = {
        "/".join([*folders, ".gitignore"])
        for out in outs
        for folders in itertools.accumulate([[], *([name] for name in out.split("/")[:-1])])
    }
    return sorted(
        path
        for path in above
        if (content := repository.worktree.text(path)) and content != snapshot.text(path)
    )


@check("data.no_cache_in_git", "cache-in-git", requires=("init.readable",))
def cache_is_not_in_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Neither DVC's cache, nor a local remote, nor what DVC keeps for this machine is in git.

    Cache and remote hold the data itself, under names that nobody can read; .dvc/tmp and
    .dvc/config.local are of one machine alone.
    """
    every_stage(snapshot)
    objects = [path for path in _in_git(repository) if is_cache_object(path)]
    own = [path for path in files_of_this_machine(repository) if path not in objects]
    if has_secret(repository, snapshot, LOCAL):
        own = [path for path in own if path != LOCAL]
    if not objects and not own:
        return None
    tops = dict.fromkeys([*map(_folder_of_objects, objects), *map(_top_in_dvc, own)])
    staged = [top for top in tops if any(covers(top, path) for path in repository.tracked_files)]
    edits, files = restore_gitignore(repository)
    added = [fixes.command("git", "add", path) for path in files]
    count = amount(len(objects) + len(own), "file")
    return Finding(
        "cache-in-git",
        f"Git tracks {fixes.join(tops)}"
        + (", which is the data itself" if objects else ", which belongs to this machine alone")
        + ": every clone carries it.",
        "nothing of a cache, a remote or .dvc/tmp in git",
        f"{count} in git's index" if staged else f"{count} at HEAD",
        (
            *edits,
            *added,
            *([fixes.command("git", "rm", "-r", "--quiet", "--cached", *staged)] if staged else []),
            *_commit(repository, [objects, own, files], "Leave the cache to DVC"),
        ),
        tuple(Evidence("index" if staged else "HEAD", path) for path in [*objects, *own]),
    )


def _folder_of_objects(path: str) -> str:
    marker = ".dvc/cache" if path.startswith(".dvc/cache") else "files/md5"
    return path.partition(marker)[0] + marker


def _top_in_dvc(path: str) -> str:
    """``.dvc/tmp`` of ``.dvc/tmp/lock``."""
    return "/".join(path.split("/")[:2])


def is_cache_object(path: str) -> bool:
    """Whether ``path`` looks like that of an object in a cache or a remote of DVC's."""
    return bool(_CACHE_OBJECT.search(path))


def _in_git(repository: Repository) -> list[str]:
    """What git tracks or has at HEAD: data that was only taken out of the index is still there."""
    return list(dict.fromkeys([*repository.tracked_files, *repository.committed_files]))


def _commit(repository: Repository, paths: Iterable[list[str]], message: str) -> list[Step]:
    """A commit, where any of ``paths`` is in the last one: else there is nothing to commit."""
    is_there = any(path in repository.committed_files for some in paths for path in some)
    return [fixes.commit_staged(message)] if is_there else []
