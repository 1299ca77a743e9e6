"""One report, and each form that it is shown in."""

import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.checks import CHECKS, in_teaching_order
from grader.engine import report as reports
from grader.grading import grade
from grader.output import github, gradescope, human, junit, report_json, report_schema
from grader.step import Command, Edit
from grader.watch import view
from grader.watch.report_diff import ReportDiff
from tests.grader import finished
from tests.grader.command_line import grader
from tests.grader.gallery import append, edit, edit_stages, save
from tests.grader.results import fix_of
from tests.grader.test_mistakes import codes
from tests.repositories import ROOT, run
from workshop.course.manifest import course
from workshop.terminal import Style, style_of

SCHEMA: dict[str, Any] = json.loads(report_schema.PATH.read_text("utf-8"))


def validate(report: reports.Report) -> None:
    """By the schema, as JSON has it."""
    document = json.loads(json.dumps(report_json.document(report)))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


@pytest.fixture
def broken(repo: Path) -> Path:
    """A repository with two failures that have nothing to do with each other, advice, an error."""
    edit_stages(repo, lambda stages: stages["train"]["params"].remove("train.dropout"))
    edit_stages(repo, lambda stages: stages["plot"].update(frozen=True))
    append(repo, "pipeline/evaluate/evaluation.py", "# A change.\n")
    save(repo)
    (repo.parent / "remote").rename(repo.parent / "gone")
    return repo


def test_the_report_is_as_its_schema_says(broken: Path, tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for folder in (broken, tmp_path / "empty"):
        folder.mkdir(exist_ok=True)
        validate(grade(folder))


def deleted_gitignore(repo: Path) -> reports.Report:
    (repo / "data" / ".gitignore").unlink()
    return grade(repo, offline=True)


def test_the_last_line_says_that_there_is_advice_above(repo: Path) -> None:
    report = deleted_gitignore(repo)
    ending = " ".join(human.render(report, Style()).rpartition("\n\n")[2].split())
    assert ending.startswith(
        "1 piece of advice is worth taking (!), though no points depend on it."
    )
    assert "All else holds, as far as could be told without the remote." in ending
    assert "All of it holds" not in ending
    assert "all else holds" in view._end(report)


def test_a_gitignore_that_is_only_deleted_comes_back_from_git(repo: Path) -> None:
    (lost,) = [each for each in deleted_gitignore(repo).checks if each.code]
    assert lost.code == "gitignore-lost"
    assert fix_of(lost) == "git checkout HEAD -- data/.gitignore"
    run(repo, "git", "checkout", "HEAD", "--", "data/.gitignore")
    assert not [each for each in grade(repo, offline=True).checks if each.code]


def test_a_dvc_file_that_is_only_deleted_is_one_mistake(repo: Path) -> None:
    (repo / "data" / "raw.dvc").unlink()
    report = grade(repo, offline=True)
    (found,) = [each for each in report.checks if each.code]
    assert found.id == "data.committed"
    assert "data/raw.dvc is committed, and gone from your folder" in (found.rationale or "")
    assert fix_of(found) == "git checkout HEAD -- data/raw.dvc"
    text = human.render(report, Style())
    assert "No .dvc file is committed" not in text
    assert "lessons wait" not in text
    run(repo, "git", "checkout", "HEAD", "--", "data/raw.dvc")
    assert grade(repo, offline=True).next is None


def test_a_number_and_its_noun_agree_and_the_rest_is_counted(repo: Path) -> None:
    source = repo / "data" / "preprocess" / "images"
    pictures = sorted(source.iterdir())
    finished.write(repo / "copy.csv", (repo / "data" / "raw" / "train.csv").read_bytes())
    save(repo)
    (found,) = [each for each in grade(repo, offline=True).checks if each.code]
    assert (found.id, found.code) == ("data.no_copy_in_git", "data-copied-into-git")
    assert "Git has 1 file of " in (found.rationale or "")
    assert "carries it beside" in (found.rationale or "")
    for number in range(3):
        for picture in pictures:
            finished.write(repo / f"copies{number}" / picture.name, picture.read_bytes())
    save(repo)
    report = grade(repo, offline=True)
    (found,) = [each for each in report.checks if each.code]
    count = 1 + 3 * len(pictures)
    assert f"Git has {count} files of " in (found.rationale or "")
    assert len(found.evidence) == 10
    assert f"    and {count - 4} more\n" in human.render(report, Style())


def test_the_schema_is_that_of_the_types() -> None:
    """To write it anew: python -m grader.output.report_schema."""
    assert report_schema.PATH.read_text("utf-8") == report_schema.text()


def test_the_text_of_a_fix_is_that_of_its_steps(broken: Path) -> None:
    result = next(one for one in grade(broken).checks if one.id == "train.params")
    kinds = [type(step) for step in result.steps]
    assert kinds == [Edit, Command, Command, Command]
    document = next(
        one for one in report_json.document(grade(broken))["checks"] if one["id"] == result.id
    )
    assert document["fix"] == fix_of(result)
    edit, repro, *_ = document["steps"]
    assert edit["lines"] == ["    - train.dropout"]
    assert f"# {edit['file']}: below line {edit['line']} add:\n" in document["fix"]
    assert repro == {"kind": "command", "words": ["dvc", "repro"]}  # what follows from train, too


def test_independent_mistakes_are_all_told(broken: Path) -> None:
    report = grade(broken)
    expected = {"param-undeclared", "stage-frozen", "lock-stale", "remote-unreachable"}
    assert codes(report) == expected
    assert reports.exit_code(report) == reports.FAILED


def test_a_finding_has_the_question_of_its_first_hint(broken: Path) -> None:
    for one in grade(broken).checks:
        asked = course().check(one.id).ask if one.actual else None
        assert one.hint == asked


def test_advice_costs_nothing_and_changes_no_exit_code(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(frozen=True))
    report = grade(repo)
    assert codes(report) == {"stage-frozen"}
    assert report.score == report.max_score
    assert reports.exit_code(report) == reports.PASSED


FROM_THE_REMOTE = sum(check.points for check in CHECKS.values() if check.tier == "remote")


def test_the_total_is_that_of_what_was_selected_whatever_can_be_told(repo: Path) -> None:
    whole, points = grade(repo), FROM_THE_REMOTE
    pushed = CHECKS["share.pushed"].points
    assert (whole.score, whole.not_told) == (whole.max_score, 0)
    offline = grade(repo, offline=True)
    (repo.parent / "remote").rename(repo.parent / "gone")
    untold = grade(repo)
    assert reports.exit_code(untold) == reports.NOT_TOLD
    assert reports.exit_code(offline) == reports.PASSED
    for report in (offline, untold):
        assert report.max_score == whole.max_score
        assert (report.score, report.not_told) == (whole.score - points, points)
        share = next(one for one in report.lessons if one.id == "share")
        assert (share.earned, share.max, share.not_told) == (0, pushed, pushed)
        shown = human.render(report, Style())
        assert shown.startswith(
            f"{report.score} of {report.max_score} points, {points} not checked,"
        )
        line = next(line for line in shown.splitlines() if " share " in line)
        assert line.endswith(" unchecked")
        assert json.loads(gradescope.render(report))["score"] == report.score


def _detach(repo: Path) -> None:
    run(repo, "git", "checkout", "--quiet", "HEAD~1")


def _detach_with_two_branches(repo: Path) -> None:
    run(repo, "git", "branch", "other")
    _detach(repo)


def _clone_of_a_commit(repo: Path) -> None:
    """As in CI, where no branch is fetched."""
    _detach(repo)
    run(repo, "git", "branch", "--quiet", "--delete", "--force", "main")


def _bisect(repo: Path) -> None:
    run(repo, "git", "bisect", "start", "HEAD", "HEAD~2")


def _rebase(repo: Path) -> None:
    run(repo, "git", "-c", "sequence.editor=true", "rebase", "--exec", "false", "HEAD~1",
        exit_codes=(1,))  # fmt: skip


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        (_detach, "detached HEAD: commits here are on no branch. git checkout main returns"),
        (
            _detach_with_two_branches,
            "detached HEAD: commits here are on no branch. git branch lists those there are",
        ),
        (_clone_of_a_commit, "detached HEAD: commits here are on no branch"),
        (_bisect, "on no branch while git bisect goes on: git bisect reset ends it"),
        (_rebase, "on no branch while git rebase goes on: git status says how it ends"),
    ],
)
def test_to_be_on_no_branch_is_said_and_costs_nothing(
    leave: Callable[[Path], None], told: str, repo: Path
) -> None:
    before = grade(repo, offline=True)
    assert (before.branch, before.no_branch) == ("main", None)
    leave(repo)
    report = grade(repo, offline=True)
    assert (report.branch, report.no_branch) == (None, told)
    validate(report)
    assert human.render(report, Style()).splitlines()[1] == told
    assert view.render_screen(report, ReportDiff(), view.Viewport(80, 24), Style())[1] == told
    assert view.report_line(report, ReportDiff()).split("; ")[1] == told
    assert report.max_score == before.max_score


def test_offline_leaves_out_what_the_remote_answers(repo: Path) -> None:
    (repo.parent / "remote").rename(repo.parent / "gone")
    report = grade(repo, offline=True)
    assert report.verified == ("static",)
    assert report.unproven == ("remote", "run")
    assert "share.pushed" not in {entry.id for entry in report.checks}
    assert "(the remote was not asked)" in human.render(report, Style())


def test_a_crash_in_one_check_hides_no_other(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(repo, "pipeline/train/training.py", "# A change.\n")

    def crash(_repository: object, _snapshot: object) -> None:
        raise ZeroDivisionError("our own mistake")

    broken = vars(CHECKS["preprocess.deps"]) | {"judge": crash}
    monkeypatch.setitem(CHECKS, "preprocess.deps", type(CHECKS["preprocess.deps"])(**broken))
    report = grade(repo)
    entry = next(one for one in report.checks if one.id == "preprocess.deps")
    assert entry.status == "error"
    assert "our own mistake" in (entry.rationale or "")
    assert codes(report) == {"lock-stale"}


def test_a_lesson_or_a_check_can_be_asked_for_alone(repo: Path) -> None:
    report = json.loads(grader("check", "--lesson", "train", "--format", "json", cwd=repo).stdout)
    assert {entry["lesson"] for entry in report["checks"]} == {"train"}
    done = grader("check", "--only", "train.deps", "--format", "json", cwd=repo)
    assert [entry["id"] for entry in json.loads(done.stdout)["checks"]] == ["train.deps"]
    for words in (("--lesson", "cooking"), ("--offline", "--only", "share.pushed")):
        done = grader("check", *words, cwd=repo)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")


def test_every_check_stands_on_checks_that_exist() -> None:
    for check in CHECKS.values():
        assert set(check.requires) <= set(CHECKS)
        assert check.codes
        assert check.explanation
        assert "{stage}" not in check.title + check.explanation


def test_human_output_fits_80_columns_and_names_one_next_thing(broken: Path) -> None:
    text = human.render(grade(broken), Style())
    commands = re.compile(r"^ {4}(dvc|git|python) |^next: ")
    long = [line for line in text.splitlines() if len(line) > 80 and not commands.match(line)]
    assert long == []
    assert "\x1b" not in text
    assert text.splitlines()[-2] == "next: edit dvc.yaml, as told for train.params"
    assert text.splitlines()[-1].startswith("then: 1 more to mend")


def test_a_lesson_whose_work_is_not_committed_is_not_said_to_hold(repo: Path) -> None:
    whole = (repo / "dvc.yaml").read_text("utf-8")
    edit_stages(repo, lambda stages: stages.pop("plot"), run_again=False)
    finished.write(repo / "dvc.yaml", whole)
    lines = human.render(grade(repo, lambda check: check.lesson == "plot"), Style()).splitlines()
    assert lines[-2:] == [
        "next: git add dvc.yaml",
        "then: what is blocked can be judged; it waits for data.committed",
    ]


def test_what_start_has_supplied_is_said(repo: Path) -> None:
    append(repo, "workshop.toml", 'supplied = ["init", "data"]\n')
    report = grade(repo, offline=True)
    assert [one.id for one in report.lessons if one.supplied] == ["init", "data"]
    assert human.render(report, Style()).count("  supplied\n") == 2


def test_human_output_fits_a_narrow_terminal(broken: Path) -> None:
    """But for what is to be typed, evidence, and single words that are longer than a line."""
    commands = re.compile(r"^ {4}(dvc|git|python|#) |^next: |^ *\S+$")
    lines = human.render(grade(broken), Style(width=50)).splitlines()
    paths = [one.path for entry in grade(broken).checks for one in entry.evidence]
    assert [
        line
        for line in lines
        if len(line) > 50 and not commands.match(line) and not any(p in line for p in paths)
    ] == []


class Terminal(io.StringIO):
    """A terminal that takes every letter."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    assert style_of(Terminal()).colour
    assert not style_of(io.StringIO()).colour
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert not style_of(Terminal()).colour
    for columns, width in (("60", 60), ("200", 80), ("10", 40)):
        monkeypatch.setenv("COLUMNS", columns)
        assert style_of(Terminal()).width == width


@pytest.mark.parametrize("encoding", ["cp437", "cp1252"])
def test_human_output_is_plain_where_the_console_has_to_be(broken: Path, encoding: str) -> None:
    done = grader("check", cwd=broken, PYTHONIOENCODING=encoding)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout.isascii()


def test_names_of_an_attendee_cannot_move_the_cursor(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].append("train.\x1b[2Jx"))
    assert "\x1b" not in human.render(grade(repo), Style())


def test_junit_has_a_case_for_each_check(broken: Path) -> None:
    report = grade(broken)
    root = ElementTree.fromstring(junit.render(report).encode())
    assert len(root.findall(".//testcase")) == len(report.checks) == int(root.get("tests", 0))
    kinds = [one.get("type") for one in root.findall(".//failure")]
    assert kinds == ["param-undeclared", "lock-stale"]
    assert root.get("errors") == "2"  # the checks that ask the remote


def test_gradescope_adds_up(broken: Path) -> None:
    results = json.loads(gradescope.render(grade(broken)))
    assert results["score"] == sum(test["score"] for test in results["tests"])
    failed = {test["number"] for test in results["tests"] if test["status"] == "failed"}
    assert {"train.params", "evaluate.current"} <= failed


def test_github_gets_at_most_ten_annotations_and_a_summary(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in sorted((repo / "pipeline").glob("*/__main__.py")):
        append(repo, path.relative_to(repo).as_posix(), "# A change.\n")
    finished.change_pipeline(repo, lambda stages: [s.pop("params", 0) for s in stages.values()])
    save(repo)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    text = github.render(grade(repo))
    annotations = [line for line in text.splitlines() if line.startswith("::")]
    assert 5 < len(annotations) <= 10
    assert any("file=pipeline/train" in one or "file=dvc.yaml,line=" in one for one in annotations)
    assert "points" in (tmp_path / "summary.md").read_text("utf-8").splitlines()[0]


def test_names_of_an_attendee_cannot_colour_the_log(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].append("train.\x1b[2Jx"))
    assert "\x1b" not in github.render(grade(repo))


def test_a_remote_that_gave_no_answer_is_not_verified(repo: Path) -> None:
    assert grade(repo).verified == ("static", "remote")
    only = grade(repo, lambda one: one.lesson == "init")
    (repo.parent / "remote").rename(repo.parent / "gone")
    for report in (only, grade(repo)):
        assert report.verified == ("static",)
        assert report.unproven == ("remote", "run")
        told = "did not answer" if report is not only else "was not asked"
        assert f"(the remote {told})" in human.render(report, Style())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[workshop]\nremote = \n", "workshop.toml, line 2 cannot be read: Invalid value"),
        (b"[workshop]\nremote = [\n", "workshop.toml, line 3 cannot be read: "),
        (b"[workshop]\n\nattendee = '\xff'\n", "workshop.toml, line 3 cannot be read: it is not"),
        (b"workshop = 3\n", "workshop.toml cannot be read: workshop has to be a table"),
        (b"[workshop]\nremote = 3\n", "workshop.toml cannot be read: remote has to be a text"),
        (b"[workshop]\nsupplied = 'x'\n", "workshop.toml cannot be read: supplied has to be"),
        (b"a = " + b"[" * 99999, "workshop.toml cannot be read: it is nested too deeply"),
    ],
)
def test_settings_that_cannot_be_read_are_told(repo: Path, content: bytes, told: str) -> None:
    finished.write(repo / "workshop.toml", content)
    report = grade(repo, offline=True)
    found = [one for one in report.checks if one.status != "pass"]
    assert [(one.id, one.status) for one in found] == [("remote.own", "error")]
    assert (found[0].rationale or "").startswith(told)
    assert "git checkout HEAD -- workshop.toml" in fix_of(found[0])
    assert reports.exit_code(report) == reports.NOT_TOLD


def test_edits_by_hand_are_told_apart_from_commands(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].remove("train.dropout"))
    lines = human.render(grade(repo), Style()).splitlines()
    at = lines.index("  by hand:")
    assert lines[at + 1].startswith("    # dvc.yaml: below line ")
    assert lines[lines.index("  type:") + 1].split(" &&")[0] == "    dvc repro"
    assert "next: edit dvc.yaml, as told for train.params" in lines


def test_one_reason_of_many_errors_is_told_once(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finished.write(tmp_path / "mine" / "config", "[core]\n    analitics = false\n")
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "mine"))
    report = grade(repo, offline=True)
    assert len([one for one in report.checks if one.status == "error"]) > 10
    text = human.render(report, Style())
    assert text.count("analitics") == 1
    assert "for the same reason: " in text


@pytest.mark.parametrize("place", ["nowhere/report.json", "."])
def test_a_file_that_cannot_be_written_is_told_in_two_lines(place: str, repo: Path) -> None:
    done = grader("check", "--offline", "--output", place, cwd=repo)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert done.stderr.startswith("error: ")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell redirects")
@pytest.mark.parametrize(
    ("redirect", "told"),
    [(">&-", "error: "), ("| true", ""), (">/dev/full", "error: ")],
)
def test_an_output_that_takes_nothing_is_no_traceback(
    redirect: str, told: str, tmp_path: Path
) -> None:
    if "/dev/full" in redirect and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    command = f"'{sys.executable}' -m grader list {redirect}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert len(done.stderr.splitlines()) == (2 if told else 0), done.stderr
    assert done.stderr.startswith(told)
    assert done.returncode == (2 if told else 0)


def test_output_goes_to_a_file(repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    done = grader("check", "--format", "json", "--output", str(path), cwd=repo)
    assert done.stdout == ""
    assert json.loads(path.read_text("utf-8"))["schema"] == 1


def test_list_and_explain_know_every_check_and_code(tmp_path: Path) -> None:
    listing = grader("list", cwd=tmp_path).stdout
    assert all(f"  {name} " in listing for name in CHECKS)
    explained = grader("explain", "param-undeclared", cwd=tmp_path).stdout
    assert "share.pushed" in grader("explain", "remote-unreachable", cwd=tmp_path).stdout
    assert "the same for train, export, evaluate, plot" in " ".join(explained.split())
    assert "train.params" in grader("explain", "train.params", cwd=tmp_path).stdout
    assert max(map(len, (listing + explained).splitlines())) <= 80
    assert grader("explain", "nonsense", cwd=tmp_path).returncode == 2


def test_checks_come_lesson_by_lesson_and_after_those_that_they_stand_on() -> None:
    lessons = [lesson.id for lesson in course().lessons]
    names = list(in_teaching_order())
    places = [lessons.index(CHECKS[name].lesson) for name in names]
    assert places == sorted(places)
    for name, check in CHECKS.items():
        for required in check.requires:
            if CHECKS[required].lesson == check.lesson:
                assert names.index(required) < names.index(name)


def test_what_is_explained_begins_with_what_to_type(tmp_path: Path) -> None:
    lines = grader("explain", "lock-stale", cwd=tmp_path).stdout.splitlines()
    assert lines[:5] == ["lock-stale", "  type:", "    dvc repro", "    git add dvc.lock",
                         '    git commit -m "Run it again"']  # fmt: skip
    assert "  With the names of your repository: grader hint lock-stale" in lines
    assert len(lines) < 50
    text = grader("explain", "remote.default", cwd=tmp_path).stdout
    assert text.index("dvc remote default NAME") < text.index("A default remote is set")


def test_what_cannot_be_read_is_explained_by_its_spaces(tmp_path: Path) -> None:
    text = grader("explain", "init.readable", cwd=tmp_path).stdout
    assert text.startswith("init.readable\n  type:\n    git diff\n  by hand:\n")
    assert "as many spaces in front as its neighbours" in text
    assert "dvc stage add" not in text
    assert "git init" not in text


def test_every_code_has_commands_to_explain_it() -> None:
    codes = {code for one in CHECKS.values() for code in one.codes}
    assert set(course().code_fixes) == codes
    own = course().check_fixes
    assert set(own) <= set(CHECKS)
    for lines in [*course().code_fixes.values(), *own.values()]:
        assert lines
        assert all(re.match(r"# |(dvc|git|grader|python) ", line) for line in lines)


def test_what_a_lesson_waits_for_is_told_with_it(repo: Path) -> None:
    edit(repo, "params.yaml", "  dropout:", "dropout:")
    for words in (("--lesson", "train"), ("--only", "train.declared")):
        told = grader("check", *words, cwd=repo).stdout
        assert "· init.readable  has to hold first\n  by hand:\n    # params.yaml, line " in told
        assert "  why: grader check --only init.readable\n" in told
        assert ", as told for init.readable\n" in told
        assert "train.declared" not in told
    assert "has to hold first" not in grader("check", cwd=repo).stdout


def test_a_long_command_is_printed_once(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages.pop("train"), run_again=False)
    report = grade(repo, lambda check: check.lesson == "train")
    found = next(one for one in report.checks if one.id == "train.declared")
    command = fix_of(found).splitlines()[0]
    begun = replace(found, is_lesson_task=False)
    assert report.next
    told = human.render(
        replace(
            report,
            next=replace(report.next, result=begun),
            checks=tuple(begun if one is found else one for one in report.checks),
        ),
        Style(),
    )
    assert told.count(command) == 1
    line = next(one for one in told.splitlines() if one.startswith("next: "))
    assert line.startswith("next: dvc stage add -n train -d ")
    assert line.endswith(" ..., as shown above")
    assert len(line) <= 80


def test_the_solution_of_a_lesson_is_not_told_before_it_is_asked_for(repo: Path) -> None:
    names = ("export", "evaluate", "plot")
    finished.change_pipeline(repo, lambda stages: [stages.pop(name) for name in names])
    save(repo)
    told = grader("check", cwd=repo).stdout
    assert "dvc stage add" not in told
    assert "how: lessons/export.md says; a hint: grader hint export.declared\n" in told
    assert "Later lessons wait: evaluate, plot. All of it: grader check --all\n" in told
    assert "next: do what lessons/export.md says\n" in told
    assert [line[0] for line in told.splitlines() if line[2:10].strip() in names] == ["✗", "·", "·"]
    assert grader("check", "--all", cwd=repo).stdout.count("dvc stage add") == 3
    assert "dvc stage add" in grader("hint", "--step", "3", cwd=repo).stdout
    (found,) = [one for one in grade(repo).checks if one.id == "plot.declared"]
    assert fix_of(found).startswith("dvc stage add -n plot ")  # for programs, as ever


def test_a_mistake_in_a_later_lesson_is_told_beside_the_lesson_in_progress(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages.pop("train"), run_again=False)
    edit_stages(repo, lambda stages: stages["plot"].update(frozen=True), run_again=False)
    told = grader("check", cwd=repo).stdout
    assert "plot.thawed  stage-frozen\n" in told
    assert "dvc unfreeze plot" in told


def test_the_lesson_on_the_remote_says_where_the_remote_was_not_asked(repo: Path) -> None:
    told = grader("check", "--lesson", "remote", "--offline", cwd=repo).stdout.splitlines()
    assert "The remote was not asked whether it has the data:" in told[-2]
    assert told[-1].endswith("grader check --only remote.pushed")
    assert grader("check", "--lesson", "remote", cwd=repo).stdout.endswith("All of it holds.\n")
    assert "The remote was not asked" not in grader("check", "--lesson", "init", cwd=repo).stdout
    assert "The remote was not asked" not in grader("check", cwd=repo).stdout
