"""Runs the commands of ``grader``. What a command needs is imported when it runs."""

import argparse
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.options import make_parser
from workshop import output
from workshop.output import OutputError, report_error, write

if TYPE_CHECKING:
    from grader.engine.registry import Check

_LONGEST_QUOTE = 60


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, see grader.engine.report."""
    options = make_parser().parse_args(argv)
    return output.exit_code(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    from workshop.course.manifest import CourseError

    try:
        return _RUNS[options.command](options)
    except CourseError as error:  # the installation lacks a part, or somebody writes a lesson
        return report_error(str(error), "mend the workshop's own installation: make env")


def _check(options: argparse.Namespace) -> int:
    from grader import checkout
    from grader import output as rendering
    from grader.checks import CHECKS
    from grader.engine.report import exit_code
    from grader.grading import grade

    if mistake := _mistake_in(options):
        return report_error(*mistake)
    if not options.repo.is_dir():
        return _no_folder(options.repo)
    report = grade(
        options.repo,
        lambda check: _is_selected(options, check),
        offline=options.offline,
        as_foreign=options.any,
        report_run=_report_progress if options.run_code else None,
    )
    if report.gradable and not report.lessons:
        asked = options.only or f"the lesson {options.lesson}"
        return report_error(f"nothing in {options.repo} is judged by {asked}", "grader check")
    way_out = None if options.any else checkout.way_out(options.repo)
    output.write_error("" if options.any else checkout.note(options.repo))
    stream = None if options.output else sys.stdout
    text = rendering.render(report, options.format, stream, way_out, show_all=options.all)
    if options.output:
        _save(options.output, text)
    else:
        write(text)
    if report.gradable:
        selected = (check for check in CHECKS.values() if _is_selected(options, check))
        asked = [check.id for check in selected if check.of_workshop]
        judged = [result.id for result in report.checks]
        output.write_error(checkout.foreign_note(Path(report.repo), asked, judged))
    return exit_code(report)


def _report_progress(line: str) -> None:
    """To standard error: standard output is the report's."""
    output.write_error(f"{line}\n")


def _is_selected(options: argparse.Namespace, check: "Check") -> bool:
    is_asked = options.lesson in (None, check.lesson) and options.only in (None, check.id)
    return is_asked and not (options.any and check.of_workshop)


def _mistake_in(options: argparse.Namespace) -> tuple[str, str] | None:
    """What is wrong with the options of check, and what to type in their place."""
    from grader.checks import CHECKS
    from workshop.course.exercises import EXERCISE
    from workshop.course.gaps import GAPS
    from workshop.course.manifest import course

    if {options.lesson, str(options.only).partition(".")[0]} & {EXERCISE, GAPS}:
        return None
    lessons = [lesson.id for lesson in course().lessons]
    if options.lesson and options.lesson not in lessons:
        return f"no lesson is called {_cut(options.lesson)!r}", f"one of {', '.join(lessons)}"
    if options.only and options.only not in CHECKS:
        return f"no check is called {_cut(options.only)!r}", "grader list"
    tiers = {check.tier for check in CHECKS.values() if _is_selected(options, check)}
    if not tiers:
        asked = options.only or f"the lesson {options.lesson}"
        if options.any:
            return f"{asked} is about the workshop alone", "leave out --any"
        return f"{asked} is no check of the lesson {options.lesson}", "grader list"
    if options.offline and "static" not in tiers:
        return "only the remote can answer that", "leave out --offline"
    return None


def _doctor(options: argparse.Namespace) -> int:
    from grader.doctor import command

    return command.run(options)


def _list(options: argparse.Namespace) -> int:
    from grader.checks import in_teaching_order
    from grader.output import catalogue
    from workshop.course.exercises import listing

    if options.broken:
        write(listing() + "\n")
        return 0
    write(catalogue.listing(in_teaching_order().values()))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from grader.checks import CHECKS
    from grader.every_check import every_check
    from grader.output import catalogue

    found = [every_check()[id_] for id_ in _find_checks(options.check)]
    general = [check for check in found if check.id in CHECKS]
    checks = general or found  # what exercises find too is explained by the general checks
    if not checks:
        return report_error(
            f"no check and no code is called {_cut(options.check)!r}", "grader list"
        )
    write(catalogue.explanation(options.check, checks))
    return 0


def _start(options: argparse.Namespace) -> int:
    from workshop.start.start_request import StartError

    try:
        text = _make_what_is_asked(options)
    except StartError as error:
        return report_error(error.problem, error.fix)
    except KeyboardInterrupt:
        output.write_error(f"interrupted; what was begun of {options.folder} is deleted\n")
        return output.INTERRUPTED
    write(text + "\n")
    return 0


def _make_what_is_asked(options: argparse.Namespace) -> str:
    """The workshop's repository, a project without DVC, or exercises; what was made."""
    from workshop.start import plain_project, starter
    from workshop.start.start_request import RemoteAddress, StartError

    if options.without_dvc or options.broken is not None:
        of_workshop = options.at or options.remote or options.endpoint or options.gaps
        if of_workshop or (options.without_dvc and options.broken is not None):
            name = "--without-dvc" if options.without_dvc else "--broken"
            raise StartError(f"{name} goes with no option but --name", "leave out the others")
    if options.without_dvc:
        return plain_project.make_plain_project(options.folder, options.name)
    if options.broken is not None:
        from workshop.exercises.builder import make_exercises

        return make_exercises(
            options.folder, options.broken, options.name, lambda line: write(f"{line}\n")
        )
    if options.endpoint and not options.remote:
        raise StartError(
            "--endpoint is for a remote, and there is none", "--remote gs://dvc-workshop/NAME"
        )
    if options.gaps and options.at:
        raise StartError("--at solves lessons, and the code has gaps", "leave out one of the two")
    remote = RemoteAddress(options.remote, options.endpoint) if options.remote else None
    return starter.make_repository(
        options.folder, options.at, options.name, remote, has_gaps=options.gaps
    )


def _watch(options: argparse.Namespace) -> int:
    if not options.repo.is_dir():
        return _no_folder(options.repo)
    if not importlib.util.find_spec("watchfiles"):
        return report_error(
            "watch needs the package watchfiles", "python -m pip install watchfiles"
        )
    from grader.watch.session import watch

    return watch(options.repo, output.standard_output())


def _hint(options: argparse.Namespace) -> int:
    from grader import checkout, hint
    from grader.grading import grade

    if not options.repo.is_dir():
        return _no_folder(options.repo)
    history = hint.HintHistory(options.repo)
    if options.reset:
        history.clear()
    if options.about[:1] == [hint.THINK]:
        return _show_answer(options.repo, options.about[1:])
    about = " ".join(options.about)
    names = _find_checks(about)
    if about and not names:
        return _show_page(about)
    output.write_error(checkout.note(options.repo))
    report, result = hint.choose_result(
        names, lambda remote: grade(options.repo, offline=not remote)
    )
    history.drop_passing(report)
    if result is None:
        write("Nothing is left to mend. To see all of it: grader check\n")
    elif result.status != "fail":
        write(hint.render_status(result, about))
    else:
        step = options.step or history.next_step(result)
        history.record(result, step)
        write(hint.render_step(result, step))
    return 0


def _show_answer(repo: Path, words: Sequence[str]) -> int:
    """The question at the end of a lesson, and its answer: by default of the one just finished."""
    from grader import hint
    from grader.grading import grade
    from workshop.course.manifest import course

    pages = {page.id: page for page in (*course().lessons, *course().pages)}
    if unknown := [word for word in words if word not in pages]:
        return report_error(
            f"no lesson is called {_cut(unknown[0])!r}", f"one of {', '.join(pages)}"
        )
    names = words or [hint.last_finished(grade(repo, offline=True)).id]
    write("\n".join(hint.render_question(pages[name]) for name in names))
    return 0


def _predict(options: argparse.Namespace) -> int:
    import dvcstate
    from grader.engine.report import FAILED, PASSED
    from grader.predict import forecast, stage_names, view
    from workshop.terminal import style_of

    if not options.repo.is_dir():
        return _no_folder(options.repo)
    try:
        workspace = dvcstate.Workspace(dvcstate.find_root(options.repo))
        state = workspace.state(ask_s=dvcstate.REMOTE_TIMEOUT_S)
        file = stage_names.pipeline_file(state.project, options.repo)
        expected = stage_names.parse_stages(state.project, options.stages, file)
    except dvcstate.ProjectError as error:
        return report_error(str(error), error.fix)
    except stage_names.UnknownStageError as error:
        return report_error(str(error), error.fix)
    reached = stage_names.reached_stages(state.project, file, expected)
    forecasts = forecast.forecast(workspace, state, expected, reached)
    command = "dvc repro --all-pipelines" if reached is None else "dvc repro"
    write(view.render(forecasts, style_of(output.standard_output()), command))
    return PASSED if not any(item.is_wrong for item in forecasts) else FAILED


def _supply(options: argparse.Namespace) -> int:
    from dvcstate.errors import ProjectError
    from workshop import supplied_stages

    if not options.repo.is_dir():
        return _no_folder(options.repo)
    try:
        write(supplied_stages.supply(options.repo, options.stage))
    except ProjectError as error:
        return report_error(str(error), error.fix)
    return 0


def _show_page(about: str) -> int:
    from grader import hint
    from workshop.course import hint_pages

    page = hint_pages.find_page(about)
    if page is None:
        problem = (
            f"no check is called {_cut(about)!r}, and no message that is known has these words"
        )
        if close := hint.list_close(about):
            output.write_error(f"what is known and comes close:\n{close}\n")
            return report_error(
                problem, "type one of these, or paste the line that begins with ERROR"
            )
        return report_error(
            problem,
            "paste the line that begins with ERROR or fatal; grader check says what comes next",
        )
    write(hint.render_page(page.fill_in(about)))
    return 0


def _cut(text: str) -> str:
    """The beginning of what was typed: whole logs are pasted."""
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _find_checks(about: str) -> list[str]:
    """The ids of the checks that have the id ``about``, or that may find the code ``about``."""
    from grader.every_check import every_check

    checks = every_check()
    return [check.id for check in checks.values() if about == check.id or about in check.codes]


def _no_folder(repo: Path) -> int:
    return report_error(f"{repo}: no such folder", "name the folder of your repository")


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise OutputError(
            f"{path}: the report cannot be written there: {error.strerror}",
            "name a file in a folder that is there",
        ) from None


_RUNS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "check": _check,
    "list": _list,
    "explain": _explain,
    "start": _start,
    "watch": _watch,
    "hint": _hint,
    "predict": _predict,
    "supply": _supply,
    "doctor": _doctor,
}
