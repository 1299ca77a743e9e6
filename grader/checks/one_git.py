"""Lesson ``init``: what is in the folder is in one git repository, and DVC works with it."""

from collections.abc import Iterator

from dvcstate import ProjectError
from dvcstate.config.dvc_config import sections_of
from dvcstate.errors import ConfigError
from grader import fixes
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.facts.sub_modules import SubModule
from grader.finding import Evidence, Finding, Source
from grader.fixes.git_files import append_lines
from grader.fixes.ready_steps import put_aside
from grader.fixes.remote_edits import CONFIG, LOCAL
from grader.stages.paths import paths_overlap
from grader.step import Step
from workshop.stages import STAGES


@check("init.one_repository", "nested-repository", requires=("init.git",), committed_only=True)
def folder_is_one_git_repository(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No folder in it is a git repository of its own.

    Of a repository in the repository git keeps the number of a commit and no file: whoever clones
    gets an empty folder. Of a sub-module git knows where to clone it from, and does so when told.
    """
    nested = repository.nested_repositories
    if not nested:
        return _sub_module_finding(repository, snapshot)
    path, source = next(iter(nested.items()))
    kept = repository.root / path
    is_empty = not kept.is_dir() or all(entry.name == ".git" for entry in kept.iterdir())
    return Finding(
        "nested-repository",
        f"{path} is a git repository of its own, after a git init in it perhaps: a clone of yours"
        f" has an empty folder {path}.",
        f"the files of {path} in your repository",
        "a commit of another repository, and no file",
        tuple(_take_in(repository, path, is_empty=is_empty)),
        tuple(Evidence(where, each, value="mode 160000") for each, where in nested.items()),
        awaits_commit=source == "HEAD" and path not in repository.tracked_files,
    )


def _sub_module_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a sub-module with code or data of a stage; advice where others can clone it.

    ``git clone`` leaves its folder empty, unless it is told otherwise.
    """
    if not repository.sub_modules:
        return None
    try:
        stages = snapshot.project.stages
    except ProjectError:  # init.readable reports it
        stages = ()
    used = [dep.path for stage in stages for dep in stage.deps]
    used += [out.path for stage in stages for out in stage.outs]
    used += [spec.code_dir for spec in STAGES if not repository.is_foreign]
    for path, module in repository.sub_modules.items():
        if any(paths_overlap(path, other) for other in used):
            return _sub_module_with_stages(repository, path, module)
    return None


def _sub_module_with_stages(repository: Repository, path: str, module: SubModule) -> Finding:
    place = repository.root / path
    is_empty = not place.is_dir() or not any(place.iterdir())
    update = fixes.command("git", "submodule", "update", "--init", "--", path)
    is_lost = module.is_on_this_machine and not is_empty
    where = f"{module.url or 'nowhere'}, which is on this machine alone"
    what = f"is cloned from {where}" if module.is_on_this_machine else "is a repository of its own"
    return Finding(
        "nested-repository",
        f"{path}, a sub-module that stages need, {what}: git clone leaves that folder empty."
        if not is_empty
        else f"{path} is a sub-module that stages need, and its folder is empty here.",
        f"the files of {path} in every clone",
        f"a commit of {module.url or 'another repository'}, and no file",
        tuple(_leave_sub_module(repository, path, module))
        if is_lost
        else (update,)
        if is_empty
        else (
            fixes.note(f"tell others: git clone --recurse-submodules brings the files of {path}"),
        ),
        (Evidence("HEAD", path, value="mode 160000"), Evidence("HEAD", ".gitmodules")),
        severity="fail" if is_lost or is_empty else "advice",
    )


def _leave_sub_module(repository: Repository, path: str, module: SubModule) -> Iterator[Step]:
    """Take its files into this repository; its commits stay in ``.git/modules``."""
    section = f"submodule.{module.name}"
    # In this order: git rm stops where .gitmodules is changed and not staged.
    yield fixes.command("git", "rm", "--cached", "--force", "--quiet", "--", path)
    yield fixes.command("git", "config", "--file", ".gitmodules", "--remove-section", section)
    if (repository.root / path / ".git").exists():
        yield put_aside(repository, f"{path}/.git")
    yield fixes.command("git", "add", "--", ".gitmodules", path)
    yield fixes.commit_staged(f"Take in the files of {path}")


def _take_in(repository: Repository, path: str, *, is_empty: bool) -> Iterator[Step]:
    """Take the files into this repository; the commits of the other are kept beside it."""
    if is_empty:
        yield fixes.note(
            f"this folder {path} is empty: the files are where git init was typed, and what follows"
            " is to be typed there"
        )
    is_dvc = (repository.root / path / ".dvc").is_dir()
    if not is_dvc and (is_empty or (repository.root / path / ".git").exists()):
        yield _move_git_folder(repository, path)
    if path in repository.tracked_files:
        # By force: without its .git, or after another commit there, it is not what is staged. With
        # --cached the files stay.
        yield fixes.command("git", "rm", "--cached", "--force", "--quiet", "--", path)
    if is_dvc:  # such as one that `grader start` made in here: no part of this pipeline
        yield append_lines(repository, ".gitignore", [f"/{path}"])
        yield fixes.command("git", "add", ".gitignore")
        yield fixes.commit_staged(f"Leave the repository {path} to itself")
    else:
        yield fixes.command("git", "add", "--", path)
        yield fixes.commit_staged(f"Take in the files of {path}")


def _move_git_folder(repository: Repository, path: str) -> Step:
    """Its history is moved out of the repository, and not deleted."""
    name = f"{repository.root.name}-{path.replace('/', '-')}.git"
    beside = repository.root.parent
    names = [name, *(f"{name}.{number}" for number in range(2, 100))]
    free = next(each for each in names if not (beside / each).exists())
    source, target = fixes.literal(f"{path}/.git"), fixes.literal(f"../{free}")
    return fixes.python(f"import shutil; shutil.move({source}, {target})")


@check("init.scm", "no-scm", requires=("init.config",), committed_only=True)
def dvc_works_with_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """DVC knows that it is in a git repository.

    With core.no_scm it works without git: it writes no line into .gitignore, and the next git add
    takes the data in.
    """
    is_committed = _is_off(snapshot.config)
    places = [path for path in (CONFIG, LOCAL) if _is_off(_read(repository, path))]
    if not (is_committed or places):
        return None
    steps = [
        fixes.command("dvc", "config", *["--local"] * (path == LOCAL), "--unset", "core.no_scm")
        for path in places
    ]
    # DVC writes that file at its next command, where git has to know of it.
    ignoring = ".dvc/.gitignore"
    is_new = repository.worktree.content(ignoring) is None
    steps += [fixes.command("dvc", "status")] * is_new
    files = [CONFIG] * is_committed + [ignoring] * is_new
    commit = fixes.commit(files, "Let DVC work with git") if files else ()
    file = places[0] if places else CONFIG
    source: Source = "HEAD" if is_committed else "worktree"
    line = (snapshot if is_committed else repository.worktree).line(file, "no_scm")
    return Finding(
        "no-scm",
        f"{file} has core.no_scm: DVC works as if there were no git. It writes no .gitignore, and"
        " the next git add takes your data in.",
        "DVC that works with git",
        "core.no_scm is true",
        (*steps, *commit),
        (Evidence(source, file, line, "no_scm = true"),),
        awaits_commit=is_committed and not places,
    )


def _read(repository: Repository, path: str) -> dict[str, dict[str, str]]:
    try:
        return sections_of(repository.root / path, repository.root)
    except ConfigError:  # init.config reports it
        return {}


def _is_off(sections: dict[str, dict[str, str]]) -> bool:
    return sections.get("core", {}).get("no_scm", "").lower() == "true"
