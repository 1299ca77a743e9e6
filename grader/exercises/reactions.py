"""Which change makes which stage run: by what is declared, as DVC looks at it."""

from collections.abc import Iterator, Mapping

from dvcstate import Stage
from dvcstate.dvcignore import DvcIgnore
from grader.facts.snapshot import Snapshot
from grader.stages.paths import covers
from workshop.exercises import whole_project
from workshop.exercises.whole_project import PARAMS_FILE, ProjectStage

# A file that a colleague adds later, a log that fit writes, and what no stage reads.
_NEW_FILE = f"{whole_project.DATA_DIR}/2030s.csv"
_UNREAD = ("fit.log", "README.md", "dvc.yaml")


def inputs_of(snapshot: Snapshot) -> Mapping[str, frozenset[str]]:
    """What makes each stage of ``snapshot`` run when it changes: paths, and keys of params.

    By the stage's name, a .dvc file included. A frozen stage runs at nothing. A dep that is none of
    the project's files stands for itself.
    """
    ignore = DvcIgnore(str(snapshot.root))
    return {
        stage.name: frozenset(_inputs(snapshot, stage, ignore)) for stage in snapshot.project.stages
    }


def right_inputs(stage: ProjectStage) -> frozenset[str]:
    """The same of a stage of the whole project."""
    paths = (path for path in known_paths() if any(covers(dep, path) for dep in stage.deps))
    return frozenset({*paths, *stage.params})


def known_paths() -> tuple[str, ...]:
    """The files of the project, by path."""
    outs = (
        out for stage in whole_project.project_stages() for out in (*stage.outs, *stage.metrics)
    )
    data = (*whole_project.data_files(), _NEW_FILE)
    return (*data, *whole_project.code_files(), *outs, *_UNREAD)


def _inputs(snapshot: Snapshot, stage: Stage, ignore: DvcIgnore) -> Iterator[str]:
    if stage.frozen:
        return
    # What is added to a folder of a .dvc file changes that file's stage.
    tracked = [dep.path for dep in stage.deps] if stage.cmd else [out.path for out in stage.outs]
    for declared in tracked:
        if declared == PARAMS_FILE:
            yield from whole_project.param_values()
            continue
        inside = [path for path in known_paths() if covers(declared, path)]
        seen = [path for path in inside if not ignore.ignores(str(snapshot.root / path), False)]
        yield from seen if inside else [declared]
    for file in stage.params:
        for key in whole_project.param_values() if file.path == PARAMS_FILE else ():
            if not file.keys or any(key == own or key.startswith(f"{own}.") for own in file.keys):
                yield key
