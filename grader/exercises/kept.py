"""What was right when an exercise began is still there: commits, code, params, data."""

import yaml

from grader import fixes
from grader.exercises.parts import lost_part_finding
from grader.facts.files import with_lf
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
    steps: tuple[Step, ...] = (
        fixes.command("git", "reset", "--soft", START),
        fixes.commit_staged("Mend it on top of what was there"),
    )
    if commit is None:
        steps = (fixes.note("make the exercise anew, in another folder: grader start"),)
    return Finding(
        "history-lost",
        f"The commits up to the tag {START} are no longer in the history: whoever has them cannot"
        " take in yours.",
        f"a history that goes on from {START}",
        f"HEAD does not come after {START}" if commit else f"there is no tag {START}",
        steps,
        (Evidence("HEAD", "."),),
    )


def given_files_are_kept(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Code, params, data and stages are still there, and as they were.

    They are right. A fault is not mended that is gone because its stage or its file is gone.
    """
    return (
        _changed_code(snapshot)
        or _changed_params(snapshot)
        or _lost_data(repository, snapshot)
        or lost_part_finding(snapshot)
    )


def _changed_code(snapshot: Snapshot) -> Finding | None:
    for path, right in whole_project.code_files().items():
        content = snapshot.content(path)
        if content is None or with_lf(content) != with_lf(right):
            actual = "it is gone" if content is None else "it is changed"
            return _given_finding(snapshot, path, "the code is right", actual)
    return None


def _changed_params(snapshot: Snapshot) -> Finding | None:
    try:
        document = yaml.safe_load(snapshot.text(PARAMS_FILE) or "")
    except yaml.YAMLError as error:
        raise UnknownError(f"{PARAMS_FILE} cannot be read: {error}") from None
    for key, right in whole_project.param_values().items():
        section, _, name = key.partition(".")
        values = document.get(section) if isinstance(document, dict) else None
        value = values.get(name) if isinstance(values, dict) else None
        if value != right:
            return _given_finding(snapshot, PARAMS_FILE, f"{key} is {right}", f"{key} is {value}")
    return None


def _given_finding(snapshot: Snapshot, path: str, expected: str, actual: str) -> Finding:
    return Finding(
        "given-changed",
        f"{path} is not as it was at the tag {START}. The fault is not there, and this hides it.",
        expected,
        actual,
        (
            fixes.command("git", "checkout", START, "--", path),
            *fixes.commit([path], f"Take {path} as it was"),
        ),
        (Evidence(snapshot.revision, path),),
    )


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
    steps: tuple[Step, ...] = (fixes.note("make the exercise anew, in another folder"),)
    if not recorded:
        steps = (
            fixes.command("dvc", "add", DATA_DIR),
            *fixes.commit([DATA_FILE, ".gitignore"], "Track the films"),
        )
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
