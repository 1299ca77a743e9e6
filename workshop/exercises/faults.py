"""What breaks the project of each exercise: one function each, by the exercise's id.

Each makes the history of a project as a colleague could have made it, up to the fault. Its code,
params and data end as workshop/exercises/project has them; so what the project should record is the
same for all exercises.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from workshop.exercises.project_folder import ProjectFolder

_OLD_SMOOTHING = ("smoothing: 5", "smoothing: 2")
_OLD_VOTES = ("min_votes: 100", "min_votes: 60")
_METRIC = "    metrics:\n    - metrics.json:\n        cache: false\n"
_NEW_FILMS = "films/2020s.csv"


def declare_metric_as_out(project: ProjectFolder) -> None:
    """The metrics file is declared as any other out."""
    project.replace("dvc.yaml", _METRIC, "    outs:\n    - metrics.json\n")
    project.begin()
    project.run()
    project.share()


def freeze_stage(project: ProjectFolder) -> None:
    """A stage that was frozen for a while still is."""
    project.replace("params.yaml", *_OLD_SMOOTHING)
    project.begin()
    project.run()
    project.share()
    project.dvc("freeze", "fit")
    project.commit("Keep the model while the report is written")
    project.restore("params.yaml")
    project.commit("Smooth more")


def leave_out_param(project: ProjectFolder) -> None:
    """A stage reads a param that it does not declare."""
    project.replace("params.yaml", *_OLD_SMOOTHING)
    project.replace("dvc.yaml", "    params:\n    - fit.smoothing\n", "")
    project.begin()
    project.run()
    project.share()
    project.restore("params.yaml")
    project.commit("Smooth more")


def leave_out_dep(project: ProjectFolder) -> None:
    """A stage imports a module that is none of its deps."""
    project.replace("means.py", "sum(ratings) + smoothing * overall", "sum(ratings) + overall")
    project.replace("dvc.yaml", "    - means.py\n", "")
    project.begin()
    project.run()
    project.share()
    project.restore("means.py")
    project.commit("Give the overall mean its weight")


def forget_push(project: ProjectFolder) -> None:
    """The last run is in git, and on no remote."""
    project.replace("params.yaml", *_OLD_SMOOTHING)
    project.begin()
    project.run()
    project.share()
    project.restore("params.yaml")
    project.run("Smooth more")


def set_remote_locally(project: ProjectFolder) -> None:
    """The remote is in .dvc/config.local, of which git knows nothing."""
    project.begin()
    project.run()
    project.add_remote("--local")
    project.dvc("push")


def leave_out_lock(project: ProjectFolder) -> None:
    """dvc.lock is in no commit."""
    project.begin()
    project.dvc("repro")
    project.add_remote()
    project.dvc("push")
    project.git("commit", "--quiet", "--all", "--message", "Share the data")
    project.git("add", "metrics.json", ".gitignore")
    project.git("commit", "--quiet", "--message", "Say how good the model is")


def add_out_to_git(project: ProjectFolder) -> None:
    """Git has an out of a stage, too."""
    project.replace("params.yaml", *_OLD_SMOOTHING)
    project.begin()
    project.run()
    project.share()
    project.git("add", "--force", "model.json")
    project.commit("Show the model on the web page")
    project.restore("params.yaml")
    project.commit("Smooth more")


def depend_on_all_params(project: ProjectFolder) -> None:
    """Two stages depend on the whole file of params."""
    project.replace("params.yaml", "title: Films by genre", "title: Fims by gender")
    for path, key in (("films", "clean.min_votes"), ("means.py", "fit.smoothing")):
        declared = f"    - {path}\n    params:\n    - {key}\n"
        project.replace("dvc.yaml", declared, f"    - {path}\n    - params.yaml\n")
    project.begin()
    project.run()
    project.share()
    project.restore("params.yaml")
    project.commit("Correct the title of the page")


def hide_data(project: ProjectFolder) -> None:
    """.dvcignore leaves out films that came later."""
    project.remove(_NEW_FILMS)
    project.begin()
    project.run()
    project.share()
    project.append(".dvcignore", "# The notes from the meetings in 2020\n*2020*\n")
    project.commit("Leave the notes out of the data")
    project.restore(_NEW_FILMS)


def edit_data_in_place(project: ProjectFolder) -> None:
    """The data was changed, and its .dvc file was not."""
    films = (project.folder / _NEW_FILMS).read_text("utf-8").splitlines(keepends=True)
    project.write(_NEW_FILMS, "".join(films[:7]))
    project.begin()
    project.run()
    project.share()
    project.restore(_NEW_FILMS)


def stop_in_merge(project: ProjectFolder) -> None:
    """A merge has stopped at what two runs recorded."""
    project.replace("params.yaml", *_OLD_SMOOTHING)
    project.replace("params.yaml", *_OLD_VOTES)
    project.begin()
    project.run()
    project.share()
    project.git("checkout", "--quiet", "-b", "kim")
    project.replace("params.yaml", *reversed(_OLD_SMOOTHING))
    project.run("Smooth more")
    project.git("tag", "start-kim")
    project.git("checkout", "--quiet", "main")
    project.dvc("checkout")
    project.replace("params.yaml", *reversed(_OLD_VOTES))
    project.run("Ask for more votes")
    project.dvc("push")
    project.begin_merge("kim")


FAULTS: Mapping[str, Callable[[ProjectFolder], None]] = MappingProxyType(
    {
        "metrics-not-shown": declare_metric_as_out,
        "model-never-changes": freeze_stage,
        "param-without-effect": leave_out_param,
        "correction-without-effect": leave_out_dep,
        "clone-without-model": forget_push,
        "clone-without-remote": set_remote_locally,
        "clone-without-run": leave_out_lock,
        "run-that-stops": add_out_to_git,
        "run-for-a-title": depend_on_all_params,
        "films-not-seen": hide_data,
        "films-that-differ": edit_data_in_place,
        "merge-that-stops": stop_in_merge,
    }
)
