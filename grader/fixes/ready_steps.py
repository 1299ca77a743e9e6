"""The steps of a fix, made ready for the folder as it is: the one place through which all fixes go.

What is done already is left out. Before a step that overwrites an out whose bytes are in no cache,
no remote and not in git, or a file that git never had as it is, a step puts them aside: no fix
loses a byte of the attendee's.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count

from dvcstate import ProjectError, Stage
from dvcstate.model import Out
from grader import fixes
from grader.facts.repository import Repository
from grader.fixes.merges import with_settled_files
from grader.fixes.overwritten import find_overwritten
from grader.stages.paths import command_paths, covers
from grader.stages.right_stage import RightStage
from grader.stages.run_state import out_reasons
from grader.stages.storage import outs_with_code
from grader.step import Command, Step
from workshop.stages import STAGES

KEPT_DIR = ".dvc/tmp/kept"
"""Neither git nor DVC looks there: ``dvc init`` writes .dvc/.gitignore with a line /tmp."""


def ready_steps(repository: Repository, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """``steps`` without the first ones that are done, and with what keeps bytes before them.

    A merge that stopped is settled on the way: git commits nothing before that.
    """
    if not any(isinstance(step, Command) for step in steps):
        return steps
    left = [*with_settled_files(repository, steps)]
    while left and _is_done(repository, left[0]):
        left.pop(0)
    return *keep_bytes(repository, left), *_watch(repository, left), *left


def _watch(repository: Repository, steps: Sequence[Step]) -> Iterator[Step]:
    """Let git look for changes again in what a step adds: it passes over the others in silence."""
    added = {
        word
        for step in steps
        if isinstance(step, Command) and step.words[:2] == ("git", "add")
        for word in step.words[2:]
    }
    paths = repository.git.unwatched_paths() if repository.git and added else []
    names = [path.removeprefix(repository.prefix) for path in paths]
    unwatched = [path for path in names if any(covers(word, path) for word in added)]
    for option in ("--no-assume-unchanged", "--no-skip-worktree"):
        if unwatched:
            yield fixes.command("git", "update-index", option, "--", *unwatched)


def _is_done(repository: Repository, step: Step) -> bool:
    """Whether ``step`` stages files that are staged as they are in the folder."""
    if not isinstance(step, Command) or step.words[:2] != ("git", "add"):
        return False
    paths = step.words[2:]
    has_option = any(word.startswith("-") for word in paths)
    return not has_option and all(map(repository.is_staged, paths))


def keep_bytes(repository: Repository, steps: Sequence[Step]) -> Iterator[Step]:
    """Put aside each file or out that a step overwrites, and that nobody has as it is here."""
    overwritten = dict.fromkeys(find_overwritten(repository, steps))
    endangered = _endangered_by_dvc(repository, steps)
    files = [path for path in overwritten if not any(covers(out, path) for out in endangered)]
    for path in (*files, *endangered):
        yield put_aside(repository, path)


def _endangered_by_dvc(repository: Repository, steps: Sequence[Step]) -> list[str]:
    """The outs that DVC replaces in a step, and that are in the folder alone."""
    if not any(_overwrites(step) for step in steps):
        return []
    try:
        stages = repository.worktree.project.stages
        endangered = {
            out.path: out
            for step in steps
            if isinstance(step, Command) and _overwrites(step)
            for stage in _stages_of(repository, step, stages)
            for out in _recall_endangered_outs(repository, stage)
        }
    except (ProjectError, OSError):  # nothing of DVC's runs there before that is mended
        return []
    return [*endangered]


def put_aside(repository: Repository, path: str, name: str = "") -> Step:
    """Move ``path`` to where nothing is yet; it may be a read-only object of the cache."""
    free = free_path(repository, f"{KEPT_DIR}/{name or path}")
    folder, old, new = (fixes.literal(text) for text in (free.rpartition("/")[0], path, free))
    return fixes.python(
        f"import os, shutil; os.makedirs({folder}, exist_ok=True); shutil.move({old}, {new})"
    )


def free_path(repository: Repository, path: str) -> str:
    """``path``, or with a number behind it where something is there already."""
    numbered = (f"{path}.{number}" for number in count(2))
    candidates = chain([path], numbered)
    return next(free for free in candidates if not (repository.root / free).exists())


def _overwrites(step: Step) -> bool:
    """Whether DVC may replace outs: by a run, or by what the cache or the remote has."""
    if not isinstance(step, Command):
        return False
    words = step.words
    is_forced = words[1:2] in (("checkout",), ("pull",)) and "--force" in words
    return words[0] == "dvc" and (words[1:2] == ("repro",) or is_forced)


def _stages_of(repository: Repository, step: Command, stages: Iterable[Stage]) -> Iterator[Stage]:
    """The stages whose outs ``step`` may replace: those named; for a run those above them too."""
    names = {word for word in step.words[2:] if not word.startswith("-")}
    if step.words[1] == "repro" and "--single-item" not in step.words:
        edges = repository.worktree.project.edges
        for _ in range(len(edges) if names else 0):
            names |= {maker for maker, user in edges if user in names}
    runs = step.words[1] == "repro"
    for stage in stages:
        is_named = not names or stage.name in names or stage.file in names
        if is_named and (stage.cmd and not stage.frozen if runs else True):
            yield stage


def _recall_endangered_outs(repository: Repository, stage: Stage) -> list[Out]:
    """Those of `_endangered_outs`: each fix with a run or a pull in it asks for them."""
    key = "endangered outs", stage.file, stage.name
    return repository.worktree.recall(lambda: [*_endangered_outs(repository, stage)], *key)


def _endangered_outs(repository: Repository, stage: Stage) -> Iterator[Out]:
    """The outs of ``stage`` that DVC would replace, and that are in the folder alone."""
    places = [out.place for out in stage.outs if not out.persist and out.inside and out.place]
    if not any(place.exists() for place in places):  # as in a clone before its first pull
        return
    states = [s for s in repository.state.stages if s.stage.name == stage.name]
    modified = {
        reason.path
        for state in states
        for reason in out_reasons(repository, state)
        if reason.change in ("modified", "new")
    }
    spec = next((spec for spec in STAGES if repository.worktree.stage(spec) == stage), None)
    wrong = outs_with_code(repository, stage)
    made_again: list[str] = []
    if spec:
        wrong += RightStage.of(repository, repository.worktree, stage, spec).outs.wrong
        made_again = [
            *command_paths(repository, stage, repository.worktree.code(spec), spec.writes)
        ]
    for out in stage.outs:
        # Nobody else has what is neither DVC's nor in git, whichever stage wrote it.
        is_left_to_git = not out.cache and not out.persist
        # What a lesson's stage wrote and DVC never recorded, its next run writes again.
        is_new = out.recorded.md5 is None and not any(covers(out.path, p) for p in made_again)
        is_changed = out.path in modified or is_new or is_left_to_git
        if out.persist or out.path in wrong or not is_changed:
            continue
        if out.inside and out.place and out.place.exists() and not _is_kept(repository, out):
            yield out


def _is_kept(repository: Repository, out: Out) -> bool:
    """Whether every file of an out is in the cache or in git as it is in the folder."""
    is_file = (repository.root / out.path).is_file()
    paths = [out.path] if is_file else repository.files_in(out.path)
    return all(_is_in_cache(repository, path) or _is_in_git(repository, path) for path in paths)


def _is_in_cache(repository: Repository, path: str) -> bool:
    md5 = repository.md5_of(repository.root / path)
    return md5 is not None and repository.objects.path(md5).exists()


def _is_in_git(repository: Repository, path: str) -> bool:
    content = repository.worktree.content(path)
    if content is None or path not in (*repository.committed_files, *repository.tracked_files):
        return False
    return content == repository.head.content(path) or repository.is_staged(path)
