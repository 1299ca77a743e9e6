"""Code of a stage that Python cannot run is named, with its line, before anything is run."""

import shutil
from pathlib import Path

import pytest

from grader.engine.check_result import CheckResult
from grader.engine.report import Report
from grader.grading import grade
from grader.step import Edit
from tests.grader import finished, gallery
from tests.grader.gallery import MISTAKES
from tests.grader.results import fix_of
from tests.repositories import run

PLOTS = "pipeline/plot/plots.py"


def _next_edit(report: Report) -> tuple[str, Edit]:
    assert report.next
    result = report.next.result
    assert result.code == "code-broken"
    assert "dvc repro" not in fix_of(result)
    edit = result.steps[0]
    assert isinstance(edit, Edit)
    return result.id, edit


def test_code_that_does_not_parse_is_named_with_its_line_and_pythons_words(repo: Path) -> None:
    gallery.edit(repo, PLOTS, "import csv\n", "import csv\nprint(\n")
    report = grade(repo, offline=True)
    id_, edit = _next_edit(report)
    line = (repo / PLOTS).read_text("utf-8").splitlines().index("print(") + 1
    assert (id_, edit.file, edit.line) == ("plot.command", PLOTS, line)
    assert edit.text == "mend this line: '(' was never closed"
    assert "# by accident? git checkout HEAD -- pipeline/plot/plots.py brings back" in fix_of(
        next(one for one in report.checks if one.id == id_)
    )


def test_code_of_several_stages_is_named_at_the_first_and_no_run_is_proposed(repo: Path) -> None:
    gallery.append(repo, "pipeline/shared/errors.py", "\nreturn 1\n")
    report = grade(repo, offline=True)
    id_, edit = _next_edit(report)
    assert (id_, edit.text) == ("preprocess.command", "mend this line: 'return' outside function")
    current = next(one for one in report.checks if one.id == "preprocess.current")
    assert (current.status, current.blocked_by) == ("blocked", "preprocess.command")


def test_a_stage_that_never_ran_is_not_run_on_broken_code(repo: Path) -> None:
    finished.write(repo / "dvc.lock", "schema: '2.0'\nstages: {}\n")
    gallery.edit(repo, PLOTS, "import csv\n", "import csv\nprint(\n")
    gallery.save(repo)
    found = next(one for one in grade(repo, offline=True).checks if one.id == "plot.run")
    assert (found.status, found.blocked_by) == ("blocked", "plot.command")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("from pydantic import", "from pydnatic import",
         "write  pydantic  in place of  pydnatic"),
        ("from pipeline.shared.outs import", "from pipeline.shared.out import",
         "write  pipeline.shared.outs  in place of  pipeline.shared.out"),
        ("import whole_folder", "import whole_floder",
         "write  import whole_folder  in place of  import whole_floder"),
        ("import csv\n", "import csv\nfrom . import nowhere\n",
         "mend the import of pipeline.plot.nowhere: name what is there, or install it"),
        ("import csv\n", "import csv\nimport pipelin.shared\n",
         "write  pipeline  in place of  pipelin"),
    ],
)  # fmt: skip
def test_an_import_of_what_is_not_there_says_what_may_be_meant(
    old: str, new: str, text: str, repo: Path
) -> None:
    gallery.edit(repo, PLOTS, old, new)
    _, edit = _next_edit(grade(repo, offline=True))
    assert (edit.file, edit.text) == (PLOTS, text)


@pytest.mark.parametrize(
    "line",
    [
        "try:\n    import orjson_that_is_nowhere\nexcept ImportError:\n    orjson = None",
        "if False:\n    import nowhere_at_all",
        "from pipeline import shared",
        "from pipeline.shared import *",
        "import pipeline.shared.params as p",
        "import os.path, xml.etree.ElementTree",
        "from __future__ import annotations",
        "print('\\d')",
    ],
)
def test_what_python_runs_is_left_alone(line: str, repo: Path) -> None:
    text = (repo / PLOTS).read_text("utf-8")
    docstring, rest = text.split("\n", 1)
    finished.write(repo / PLOTS, f"{docstring}\n{line}\n{rest}")
    report = grade(repo, offline=True)
    assert {one.code for one in report.checks if one.code} == {"lock-stale"}


def test_code_on_which_the_stage_ran_is_right_whatever_is_installed_here(repo: Path) -> None:
    gallery.edit(repo, PLOTS, "import csv\n", "import csv\nimport a_library_of_theirs\n")
    finished.record(repo)
    gallery.save(repo)
    report = grade(repo, offline=True)
    assert not [one for one in report.checks if one.code]


def _append_bytes(repo: Path, path: str, content: bytes) -> None:
    finished.write(repo / path, (repo / path).read_bytes() + content)


@pytest.mark.parametrize("is_committed", [False, True])
@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("pipeline/plot/__main__.py", "plot.command"),
        ("pipeline/shared/errors.py", "preprocess.command"),
    ],
)
def test_code_that_is_not_utf_8_is_broken_and_never_absent(
    path: str, check: str, is_committed: bool, repo: Path
) -> None:
    line = len((repo / path).read_bytes().splitlines()) + 1
    _append_bytes(repo, path, b"# my own work caf\xe9\n")
    if is_committed:
        gallery.save(repo)
    id_, edit = _next_edit(grade(repo, offline=True))
    assert (id_, edit.file, edit.line) == (check, path, line)
    words = "Non-UTF-8 code starting with '\\xe9', but no encoding declared"
    assert edit.text == f"mend this line: {words}"


@pytest.mark.parametrize("path", ["pipeline/plot/__main__.py", "pipeline/shared/errors.py"])
def test_code_that_declares_its_encoding_is_read_by_it(path: str, repo: Path) -> None:
    content = (repo / path).read_bytes()
    first = b"# -*- coding: latin-1 -*- caf\xe9\n"
    finished.write(repo / path, first + content + b"# caf\xe9\n")
    report = grade(repo, offline=True)
    assert not {"code-broken", "stage-wrong-command"} & {one.code for one in report.checks}
    assert "error" not in {one.status for one in report.checks}


@pytest.mark.parametrize("is_staged", [True, False])
def test_a_module_whose_absence_is_committed_gets_its_name_back(
    is_staged: bool, repo: Path
) -> None:
    """The import of ``plots`` is right, though ``plot`` is spelled alike."""
    finished.write(repo / "pipeline" / "plot" / "plot.py", (repo / PLOTS).read_bytes())
    run(repo, "git", "rm", "--quiet", PLOTS)
    if is_staged:
        run(repo, "git", "add", "pipeline/plot/plot.py")
    run(repo, "git", "commit", "--quiet", "--message", "Tidy up")
    result = next(one for one in grade(repo, offline=True).checks if one.code == "code-broken")
    assert fix_of(result).splitlines() == [
        *["git add pipeline/plot/plot.py"] * (not is_staged),
        f"git mv pipeline/plot/plot.py {PLOTS}",
        'git commit -m "Rename pipeline/plot/plot.py back to pipeline/plot/plots.py"',
    ]


def test_a_module_that_a_commit_deleted_comes_back_from_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", PLOTS)
    gallery.save(repo)
    result = next(one for one in grade(repo, offline=True).checks if one.code == "code-broken")
    assert fix_of(result).splitlines()[0].endswith(f'~1" -- {PLOTS}')


def _broken(repo: Path) -> list[CheckResult]:
    return [one for one in grade(repo, offline=True).checks if one.code == "code-broken"]


def test_broken_code_that_dvc_commit_recorded_is_advice_while_nothing_has_to_run(
    repo: Path,
) -> None:
    gallery.edit(repo, PLOTS, "import csv\n", "import csv\nprint(\n")
    finished.record(repo)
    gallery.save(repo)
    (found,) = _broken(repo)
    assert (found.id, found.kind) == ("plot.command", "advice")
    assert found.rationale
    assert found.rationale.startswith(f"dvc.lock says that plot ran on {PLOTS}, which ")


@pytest.mark.parametrize("line", ["print(", "from pipeline.shared import nowhere"])
@pytest.mark.parametrize(
    ("old", "new"), [("  examples: 12", "  examples: 13"), ("  width: ", "  width: 1")]
)
def test_recorded_code_that_is_to_run_again_is_broken_whatever_the_lock_says(
    line: str, old: str, new: str, repo: Path
) -> None:
    """A param of the stage, or of the first one: all below it run then."""
    gallery.edit(repo, PLOTS, "import csv\n", f"import csv\n{line}\n")
    finished.record(repo)
    gallery.save(repo)
    gallery.edit(repo, "params.yaml", old, new)
    id_, edit = _next_edit(grade(repo, offline=True))
    assert (id_, edit.file) == ("plot.command", PLOTS)


def test_recorded_code_is_right_in_a_clone_that_was_never_pulled(repo: Path) -> None:
    """All of DVC's is absent there, and whoever grades it may have an older Python."""
    gallery.edit(repo, PLOTS, "import csv\n", "import csv\nprint(\n")
    finished.record(repo)
    gallery.save(repo)
    for path in ("data/raw", "data/preprocess", "models", "results/curves", "results/plots"):
        shutil.rmtree(repo / path)
    assert [found.kind for found in _broken(repo)] == ["advice"]


def test_a_package_that_committed_code_imports_and_no_run_had_is_not_installed(
    repo: Path,
) -> None:
    gallery.edit(repo, PLOTS, "import csv\n", "import csv\nimport a_library_of_theirs\n")
    gallery.save(repo)
    assert [(found.id, found.kind) for found in _broken(repo)] == [("plot.command", "fail")]


def test_a_package_that_a_committed_run_had_is_installed_whatever_changed_since(
    repo: Path,
) -> None:
    gallery.edit(repo, PLOTS, "import csv\n", "import csv\nimport a_library_of_theirs\n")
    finished.record(repo)
    gallery.save(repo)
    gallery.append(repo, PLOTS, "# a line of mine\n")
    gallery.save(repo)
    assert _broken(repo) == []


def test_code_that_a_run_deleted_as_an_out_and_a_commit_took_out_comes_back(repo: Path) -> None:
    """No check of outs sees code there: git has none of it any more."""
    apply = next(one.apply for one in MISTAKES if one.name == "code_is_an_out_and_a_run_deleted_it")
    apply(repo)
    gallery.save(repo)
    found = next(one for one in grade(repo, offline=True).checks if one.id == "plot.command")
    assert found.code == "stage-wrong-command"
    assert fix_of(found).splitlines()[0].endswith('~1" -- pipeline/plot')
