"""The HTML of each part of the page, made again only where the repository has changed."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import dvcstate
from dvcstate.errors import ProjectError
from grader.engine.report import Report
from service.page import environment, lessons_view, results_view
from service.page.pipeline_view import pipeline_view
from service.page.run_clock import RunClock, RunTimes
from service.page.samples import sample_names
from service.page.try_view import STATES, TryView
from service.problems import Problem
from service.repository.picture_files import picture_paths
from service.repository.project_watch import ProjectWatch
from service.repository.report_cache import ReportCache
from service.repository.repository_state import repository_state
from workshop.course.manifest import CourseError, course

NAMES: Mapping[str, str] = {
    "lessons": "Lessons",
    "pipeline": "Pipeline",
    "results": "Results",
    "try": "Try it",
}
"""The parts by the word in their address, with their headings."""


SEPARATOR = "<!--part-->"
"""Stands between what is at the top of the page and the part *Lessons*."""


class PartError(NamedTuple):
    """What stands in the place of a part that cannot be shown."""

    detail: str
    fix: str


class PageParts:
    """The parts of the page on the repository ``repo_dir``; for any thread."""

    def __init__(self, repo_dir: Path, project: ProjectWatch, reports: ReportCache) -> None:
        self._repo_dir = repo_dir
        self._project = project
        self._reports = reports
        self._clock = RunClock(repo_dir)
        self._lock = threading.Lock()
        self._cached: dict[tuple[str, str | None], tuple[Any, str]] = {}

    @property
    def has_lessons(self) -> bool:
        """Whether lessons are shown: in a repository of the workshop, and in its own checkout."""
        return lessons_view.is_workshop(self._repo_dir) or self._way_out() is not None

    def is_running(self) -> bool:
        """Whether a stage runs now."""
        state = self._project_state()
        times = {} if isinstance(state, PartError) else self._look(state)
        return any(run.began is not None for run in times.values())

    def lessons(self, wanted: str | None) -> str:
        """What stands at the top of the page, with the next thing to do, and the part *Lessons*.

        ``wanted`` is the lesson whose text is shown in place of the one in progress.
        """
        report = self._report()
        return self._once("lessons", wanted, report, lambda: self._render_lessons(report, wanted))

    def pipeline(self) -> str:
        """The part *Pipeline*."""
        state = self._project_state()
        if isinstance(state, PartError):
            return environment.render("pipeline.html.j2", error=state, view=None)
        times = self._look(state)
        key = (state.stages, state.project.edges, tuple(sorted(times.items())))
        return self._once("pipeline", None, key, lambda: environment.render(
            "pipeline.html.j2", error=None, view=pipeline_view(state, times)
        ))  # fmt: skip

    def results(self) -> str:
        """The part *Results*."""
        before = repository_state(self._repo_dir, self._project)
        key = before if before.is_watched else object()
        return self._once("results", None, key, self._render_results)

    def try_it(self, model: Problem | tuple[str, str]) -> str:
        """The part *Try it*: ``model`` is the path and hash of what is served, or why none is."""
        problem = model if isinstance(model, Problem) else None
        state = "fresh" if isinstance(model, Problem) else self._project.model_state(*model)
        view = TryView(sample_names(self._repo_dir), problem, STATES[state])
        return environment.render("try.html.j2", view=view)

    def unmade(self, name: str) -> str:
        """What stands in the place of the part ``name`` where a mistake of ours stops it."""
        error = PartError("this part cannot be shown", "see the terminal in which the service runs")
        part = environment.render("unmade.html.j2", name=name, error=error)
        return f"{self._status(None)}{SEPARATOR}{part}" if name == "lessons" else part

    def known_lesson(self, wanted: str | None) -> str | None:
        """``wanted`` where there is a lesson or page of that name, else None."""
        try:
            pages = lessons_view.pages()
        except CourseError:  # the part says so
            return None
        return wanted if any(page.id == wanted for page in pages) else None

    def title(self) -> str:
        """The title of the page: the name of the folder."""
        return f"{self._repo_dir.name} · DVC workshop"

    def _once(self, part: str, variant: str | None, key: Any, make: Callable[[], str]) -> str:
        """What ``make`` makes, kept as long as ``key`` is equal."""
        with self._lock:
            cached = self._cached.get((part, variant))
        if cached is not None and (cached[0] is key or cached[0] == key):
            return cached[1]
        html = make()
        with self._lock:
            if len(self._cached) > 40:  # names of lessons that somebody made up
                self._cached.clear()
            self._cached[part, variant] = (key, html)
        return html

    def _render_lessons(self, report: Report | PartError | None, wanted: str | None) -> str:
        error = report if isinstance(report, PartError) else None
        view = None
        if isinstance(report, Report):
            is_judged = self._way_out() is None
            view = lessons_view.lessons_view(report, wanted, is_judged=is_judged)
        pages = () if error else course().pages
        part = environment.render("lessons.html.j2", view=view, error=error, pages=pages)
        return f"{self._status(view)}{SEPARATOR}{part}"

    def _status(self, view: lessons_view.LessonsView | None) -> str:
        return environment.render(
            "status.html.j2",
            view=view,
            repo=self._repo_dir.name,
            way_out=self._way_out(),
            is_workshop=lessons_view.is_workshop(self._repo_dir),
        )

    def _render_results(self) -> str:
        state = self._project_state()
        error = state if isinstance(state, PartError) else None
        project = None if isinstance(state, PartError) else state.project
        pictures = picture_paths(self._repo_dir)
        view = results_view.results_view(self._repo_dir, project, pictures)
        return environment.render("results.html.j2", view=view, error=error)

    def _report(self) -> Report | PartError | None:
        """None where there are no lessons to judge."""
        if not self.has_lessons:
            return None
        try:
            return self._reports.report()
        except CourseError as error:
            return PartError(str(error), "mend the workshop's installation: make env")

    def _project_state(self) -> dvcstate.ProjectState | PartError:
        try:
            return self._project.live().state()
        except ProjectError as error:
            return PartError(str(error), error.fix)

    def _look(self, state: dvcstate.ProjectState) -> RunTimes:
        with self._lock:
            return self._clock.look(stage.stage for stage in state.stages)

    def _way_out(self) -> str | None:
        return lessons_view.way_to_own_repository(self._repo_dir)
