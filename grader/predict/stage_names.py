"""The stages that somebody names, as ``dvc repro`` takes names; and those that it comes to."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from dvcstate.model import Project, Stage

NO_STAGE = "none"
"""What to type for: no stage will run."""
_PIPELINE = "dvc.yaml"


class UnknownStageError(Exception):
    """A stage that the project does not have; ``fix`` names those that it has."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


def pipeline_file(project: Project, folder: Path) -> str:
    """The dvc.yaml that ``dvc repro`` reads in ``folder``, from the root on."""
    path = Path(os.path.realpath(folder))
    inside = path.relative_to(project.root) if path.is_relative_to(project.root) else Path()
    return (inside / _PIPELINE).as_posix()


def parse_stages(project: Project, words: Sequence[str], file: str) -> frozenset[str]:
    """The stages that ``words`` name; an UnknownStageError where there is none of that name.

    ``file`` is the dvc.yaml of the folder in which they are typed.
    """
    stages = [stage for stage in project.stages if stage.cmd]
    if not stages:
        raise UnknownStageError("there is no stage yet", "dvc stage add, as the lesson says")
    found = {word: frozenset(_named(stages, word, file)) for word in words}
    if not found.get(NO_STAGE, True):
        if {*words} == {NO_STAGE}:
            return frozenset()
        raise UnknownStageError(f"{NO_STAGE} stands alone", f"name stages, or type {NO_STAGE}")
    if unknown := [word for word, names in found.items() if not names]:
        groups = dict.fromkeys(stage.name.partition("@")[0] for stage in stages)
        raise UnknownStageError(
            f"no stage is called {unknown[0]!r}", f"name some of {', '.join(groups)}, or {NO_STAGE}"
        )
    return frozenset().union(*found.values())


def reached_stages(project: Project, file: str, named: Collection[str]) -> frozenset[str] | None:
    """The stages that ``dvc repro`` without a name comes to; None: that would not be all ``named``.

    Those of ``file``, and all whose outs they read: ``sub/dvc.yaml`` is another pipeline.
    """
    reached = {stage.name for stage in project.stages if stage.cmd and stage.file == file}
    if not reached:
        return None
    for _ in project.stages:
        reached |= {maker for maker, user in project.edges if user in reached}
    return frozenset(reached) if reached.issuperset(named) else None


def _named(stages: Sequence[Stage], word: str, file: str) -> Iterator[str]:
    """The names of the stages that ``word`` means: of a stage, a group, or a whole dvc.yaml.

    ``sub/dvc.yaml:fit`` is one of another folder, and so is ``fit``, where no other has that name.
    """
    path, colon, name = word.replace("\\", "/").rpartition(":")
    place = _joined(file, path) if path else file
    if not colon and name.endswith(_PIPELINE):
        yield from (stage.name for stage in stages if stage.file == _joined(file, name))
        return
    own = [stage for stage in stages if name in _names_in_file(stage)]
    files = {stage.file for stage in own}
    if not colon and place not in files and len(files) == 1:
        (place,) = files
    yield from (stage.name for stage in own if stage.file == place)


def _joined(file: str, path: str) -> str:
    """``path``, which is typed in the folder of ``file``, from the root on."""
    return PurePosixPath(os.path.normpath(PurePosixPath(file).parent / path)).as_posix()


def _names_in_file(stage: Stage) -> tuple[str, str]:
    """Its name in its dvc.yaml, and that of its group: ``build@a`` is one of ``build``."""
    name = stage.name.removeprefix(f"{stage.file}:")
    return name, name.partition("@")[0]
