"""The faults that a lesson in progress has the attendee find: their mend is told in hints alone."""

from collections.abc import Iterable

from grader.facts import settings
from grader.facts.repository import Repository
from workshop.course.manifest import Lesson, PlantedFault, course
from workshop.stages import STAGES


def planted_fault(
    repository: Repository, check: str, names: Iterable[str]
) -> tuple[Lesson, PlantedFault] | None:
    """The fault that a finding of ``check`` about ``names`` reports, where its lesson goes on.

    None where the finding is about more than was planted: that is a mistake as any other.
    """
    for lesson in course().lessons:
        for fault in lesson.planted:
            is_it = fault.check == check and bool(names) and set(fault.names).issuperset(names)
            if is_it and _is_in_progress(repository, lesson):
                return lesson, fault
    return None


def planted_names(repository: Repository, stage: str) -> frozenset[str]:
    """What dvc.yaml has too much or too few in the lesson's ``stage``, where its lesson goes on."""
    return frozenset(
        name
        for lesson in course().lessons
        for fault in lesson.planted
        if fault.check.startswith(f"{stage}.") and _is_in_progress(repository, lesson)
        for name in fault.names
    )


def _is_in_progress(repository: Repository, lesson: Lesson) -> bool:
    """Whether ``lesson`` is there to be read, was not supplied, and no later one is begun.

    The stages in dvc.yaml show that. A lesson without one goes on until git has a remote, to which
    the last lesson pushes.
    """
    if repository.is_foreign or not (repository.root / settings.PATH).exists():
        return False
    if lesson.id in repository.settings.supplied:
        return False
    names = [each.id for each in course().lessons]
    later = names[names.index(lesson.id) + 1 :]
    snapshots = (repository.head, repository.worktree)
    if any(snapshot.stage(s) for s in STAGES if s.name in later for snapshot in snapshots):
        return False
    if lesson.has_stage:
        return True
    git = repository.git
    return all(map(repository.head.stage, STAGES)) and not (git and git.has_remotes)
