"""What breaks the project of each exercise: one function each, by the exercise's id.

Each makes the history of a project as a colleague could have made it, up to the fault. Its code,
params and data end as workshop/exercises/project has them; so what the project should record is the
same for all exercises.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from workshop.exercises.project_folder import ProjectFolder

_OLD_SMOOTHING = ("smoothing: 5", "smoothing: 2")


def frozen(project: ProjectFolder) -> None:
    """A stage that was frozen for a while still is."""
    project.replace("params.yaml", *_OLD_SMOOTHING)
    project.begin()
    project.run()
    project.share()
    project.dvc("freeze", "--quiet", "fit")
    project.commit("Keep the model while the report is written")
    project.restore("params.yaml")
    project.commit("Smooth more")


FAULTS: Mapping[str, Callable[[ProjectFolder], None]] = MappingProxyType(
    {
        "frozen": frozen,
    }
)
