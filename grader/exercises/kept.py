"""What was right when an exercise began is still there: commits, code, params, data."""

import hashlib
from collections.abc import Iterator

import yaml

from grader import fixes
from grader.exercises.parts import lost_part_finding
from grader.facts.files import with_lf
from grader.facts.git import Git
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding, UnknownError
from grader.step import Step
from workshop.course.exercises import exercises
from workshop.exercises import whole_project
from workshop.exercises.project_folder import START
from workshop.exercises.whole_project import DATA_DIR, DATA_FILE, PARAMS_FILE


def history_is_kept(repository: Repository, _snapshot: Snapshot) -> Finding | None:
    """The commits that were there are still there.

    A history that is thrown away takes with it what others have based their work on.
    """
    git = repository.git
    if git is None:
        return None
    commit = git.tags().get(START)
    if commit and git.has_in_history(commit):
        return None
    steps = _steps_back(repository, git, commit) if commit else _begin_again(repository)
    return Finding(
        "history-lost",
        f"The commits up to the tag {START} are no longer in the history: whoever has them cannot"
        " take in yours.",
        f"a history that goes on from {START}",
        f"HEAD does not come after {START}" if commit else f"there is no tag {START}",
        steps,
        (Evidence("HEAD", "."),),
    )


def _steps_back(repository: Repository, git: Git, start: str) -> tuple[Step, ...]:
    """Put the work on top of the commit ``start``: nothing of what is in the folder changes.

    A branch whose commits were in the history, as after a rebase on it, is merged for that.
    """
    if git.operation_in_progress == "rebase":
        return (fixes.command("git", "rebase", "--abort"),)
    branches = git.branches_with(start)
    if branches and not repository.uncommitted_files and fixes.is_quotable(branches[0]):
        return (fixes.command("git", "checkout", branches[0]),)
    steps: list[Step] = [fixes.command("git", "reset", "--soft", START)]
    if git.head is None or git.tree(git.head) != git.tree(start) or repository.uncommitted_files:
        steps.append(fixes.commit_staged("Mend it on top of what was there"))
    branch = repository.exercise.branch if repository.exercise else ""
    commit = git.tags().get(branch) if branch else None
    if commit and git.has_in_history(commit):
        # What the branch changed is in the folder already: only its history is missing.
        message = ("-m", "Merge the branch again")
        steps.append(fixes.command("git", "merge", "--strategy", "ours", *message, branch))
    return tuple(steps)


def _begin_again(repository: Repository) -> tuple[Step, ...]:
    """Make the exercise anew, in a folder beside: nothing has what was lost."""
    number = repository.exercise.number if repository.exercise else 0
    folders = (f"../{repository.root.name}-again{n or ''}" for n in ("", *range(2, 100)))
    free = (name for name in folders if not (repository.root / name).exists())
    folder = next(name for name in free if not (repository.root / f"{name}-remote").exists())
    return (
        fixes.command("grader", "start", folder, "--broken", str(number)),
        fixes.note(f"what was lost is in no commit, cache or remote: go on in {folder}"),
    )


def given_files_are_kept(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Code, params, data and stages are still there, and as they were.

    They are right. A fault is not mended that is gone because its stage or its file is gone.
    """
    return (
        _changed_code(repository, snapshot)
        or _changed_params(repository, snapshot)
        or _lost_data(repository, snapshot)
        or lost_part_finding(repository, snapshot)
    )


def _changed_code(repository: Repository, snapshot: Snapshot) -> Finding | None:
    for path, right in whole_project.code_files().items():
        content = snapshot.content(path)
        if content is None or with_lf(content) != with_lf(right):
            actual = "it is gone" if content is None else "it is changed"
            return _given_finding(repository, snapshot, path, right, "the code is right", actual)
    return None


def _changed_params(repository: Repository, snapshot: Snapshot) -> Finding | None:
    try:
        document = yaml.safe_load(snapshot.text(PARAMS_FILE) or "")
    except yaml.YAMLError as error:
        raise UnknownError(f"{PARAMS_FILE} cannot be read: {error}") from None
    for key, right in whole_project.param_values().items():
        section, _, name = key.partition(".")
        values = document.get(section) if isinstance(document, dict) else None
        value = values.get(name) if isinstance(values, dict) else None
        if value != right:
            whole = whole_project.params_file()
            wrong = (f"{key} is {right}", f"{key} is {value}")
            return _given_finding(repository, snapshot, PARAMS_FILE, whole, *wrong)
    return None


def _given_finding(
    repository: Repository,
    snapshot: Snapshot,
    path: str,
    right: bytes,
    expected: str,
    actual: str,
) -> Finding:
    """A finding on the file ``path``, whose bytes should be ``right``."""
    back = tuple(_steps_to_given(repository, path, right))
    # Of what HEAD has as it should be there is nothing to commit.
    is_at_head = snapshot.revision == "worktree" and repository.head.content(path) == right
    return Finding(
        "given-changed",
        f"{path} is not as it should be. The fault is not there, and this hides it.",
        expected,
        actual,
        (*back, *(() if is_at_head else fixes.commit([path], f"Take {path} as it was"))),
        (Evidence(snapshot.revision, path),),
    )


def _steps_to_given(repository: Repository, path: str, right: bytes) -> Iterator[Step]:
    """The file from the tag, where that has it right: a merge may have changed it since."""
    git = repository.git
    at_start = git.versions([START], f"{repository.prefix}{path}") if git else []
    if at_start and with_lf(at_start[0]) == with_lf(right):
        yield fixes.command("git", "checkout", START, "--", path)
        return
    last = len((repository.worktree.text(path) or "").splitlines())
    if last:
        yield fixes.delete(path, 1, last)
    yield fixes.add(path, 0, *right.decode("utf-8").splitlines())


def _lost_data(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on films that are gone; those that only a .dvc file lacks are for others."""
    right = exercises().records[DATA_DIR]
    recorded = {
        out.recorded.md5
        for stage in snapshot.project.stages
        if stage.name == DATA_FILE
        for out in stage.outs
    }
    here = {
        path: (repository.root / path).read_bytes() if (repository.root / path).is_file() else None
        for path in whole_project.data_files()
    }
    gone = [path for path, content in whole_project.data_files().items() if here[path] != content]
    if right in recorded or (recorded and not gone):
        return None
    steps = _steps_to_data(repository, gone) if gone else _steps_to_tracked(repository)
    return Finding(
        "data-lost",
        f"DVC does not track the films any more: there is no {DATA_FILE}."
        if not recorded
        else f"Films are gone: {fixes.join(gone)} is not as it was, and {DATA_FILE} has others.",
        f"{DATA_FILE}, with the films that were there",
        f"no {DATA_FILE}" if not recorded else f"{fixes.join(gone)} is gone or changed",
        steps,
        (Evidence(snapshot.revision, DATA_FILE),),
    )


def _steps_to_tracked(repository: Repository) -> tuple[Step, ...]:
    """Let DVC track the films that are in the folder: git lets go of them first."""
    is_in_git = any(path in repository.tracked_files for path in whole_project.data_files())
    let_go = [fixes.command("git", "rm", "-r", "--cached", DATA_DIR)] if is_in_git else []
    return (
        *let_go,
        fixes.command("dvc", "add", DATA_DIR),
        *fixes.commit([DATA_FILE, ".gitignore"], "Track the films"),
    )


def _steps_to_data(repository: Repository, gone: list[str]) -> tuple[Step, ...]:
    """Bring back the films from another name in their folder, or from DVC's cache.

    The exercise anew where one is in neither.
    """
    names = {(repository.root / path).read_bytes(): path for path in repository.files_in(DATA_DIR)}
    steps: list[Step] = []
    for path in gone:
        right = whole_project.data_files()[path]
        md5 = hashlib.md5(right, usedforsecurity=False).hexdigest()
        place = repository.objects.path(md5)
        if right in names:
            steps.append(_python_call("os.replace", names[right], path))
        elif place.is_file():
            is_inside = place.is_relative_to(repository.root)
            cached = place.relative_to(repository.root) if is_inside else place
            steps.append(_python_call("shutil.copyfile", cached.as_posix(), path))
        else:
            return _begin_again(repository)
    return *steps, *_steps_to_tracked(repository)


def _python_call(function: str, source: str, target: str) -> Step:
    """Move or copy one file: no command does that in every shell."""
    module = function.partition(".")[0]
    return fixes.python(
        f"import {module}; {function}({fixes.literal(source)}, {fixes.literal(target)})"
    )
