"""What a prediction does without, loaded at its first use and not at the start.

Together it takes twice the time of all that is loaded before the first prediction, and 25 MB.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.app.asgi import App

if TYPE_CHECKING:
    from dvcstate.live import LiveProject
    from service.runtime.resources import Resources


def routes(resources: "Resources") -> App:
    """FastAPI with every route: 0.25 s and 20 MB, and whoever only predicts asks for none."""
    from service.routes import app

    return app.app(resources)


def live_project(repo_dir: Path) -> "LiveProject":
    """The project in ``repo_dir``, being watched: 0.1 s, and 5 MB with its first look."""
    from dvcstate.live import LiveProject

    return LiveProject(repo_dir).open()


def grade(repo_dir: Path, *, remote: bool) -> dict[str, Any]:
    """The grader's report for a JSON encoder: a fifth of a second for who asks for it first."""
    from grader.engine import grading
    from grader.output import report_json

    return report_json.document(grading.grade(repo_dir, offline=not remote))
