"""Stages of people who have no workshop: what is right is left alone, what they lack is named."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.engine.report import FAILED, PASSED, exit_code
from grader.grading import grade
from tests.grader import finished, projects
from tests.grader.projects import PROJECTS, SCRIPT, SmallProject, Stages
from tests.grader.results import fix_of
from tests.grader.test_mistakes import codes, told
from tests.repositories import commit, run


def build(project: SmallProject, folder: Path) -> Path:
    return project.build(folder / "somebody")


def with_stage(project: SmallProject, **changes: Any) -> Stages:
    """The stages of a project, with other entries in the first."""
    stages = copy.deepcopy(project.stages)
    next(iter(stages.values())).update(changes)
    return stages


def stages_without(project: SmallProject) -> Iterator[tuple[str, str, Stages]]:
    """The stages of a project with one entry less: the stage, the entry, all stages."""
    for name, stage in project.stages.items():
        for section in ("deps", "params", "outs", "metrics"):
            for entry in stage.get(section, []):
                stages = copy.deepcopy(project.stages)
                stages[name][section].remove(entry)
                yield name, entry if isinstance(entry, str) else next(iter(entry)), stages


@pytest.mark.parametrize("name", PROJECTS)
def test_a_right_project_hears_nothing(name: str, tmp_path: Path) -> None:
    report = grade(build(PROJECTS[name], tmp_path))
    assert codes(report) == set(), told(report)
    assert (report.score, exit_code(report)) == (report.max_score, PASSED)


@pytest.mark.parametrize("name", PROJECTS)
def test_each_entry_that_a_stage_lacks_is_named(name: str, tmp_path: Path) -> None:
    project = PROJECTS[name]
    repo = build(project, tmp_path)
    for stage, entry, stages in stages_without(project):
        project.run_with(repo, stages)
        reasons = told(grade(repo, offline=True))
        if (stage, entry) in project.unseen:
            assert reasons == ""
        else:
            assert stage in reasons
            assert entry in reasons or entry.startswith("src/churn")
        run(repo, "git", "reset", "--quiet", "--hard", "HEAD~1")


def test_the_fix_declares_all_that_is_known(tmp_path: Path) -> None:
    repo = build(SCRIPT, tmp_path)
    SCRIPT.run_with(repo, {"train": {"cmd": "python train.py"}})
    report = grade(repo, offline=True)
    assert codes(report) >= {"dep-undeclared", "out-undeclared", "param-undeclared"}
    fixes = {fix_of(one) for one in report.checks if one.id in ("others.deps", "others.outs")}
    assert len(fixes) == 1
    assert fixes.pop().splitlines()[:2] == [
        "git rm --cached models/model.joblib",
        "dvc stage add --force -n train -d train.py -d data/wine.csv"
        ' -p "train.trees,train.seed" -o models/model.joblib -M metrics.json "python train.py"',
    ]


@pytest.mark.parametrize(
    ("text", "is_metrics"),
    [
        ('{"accuracy": 0.5, "of": {"a": 1}}', True),
        ('{"accuracy": [0.5, 0.6]}', False),
        ('{"name": "forest"}', False),
        ("{}", False),
        ("{", False),
        (str({f"word{n}": n for n in range(500)}).replace("'", '"'), False),
    ],
)
def test_numbers_alone_are_metrics(text: str, is_metrics: bool, tmp_path: Path) -> None:
    repo = build(SCRIPT, tmp_path)
    finished.write(repo / "metrics.json", text)
    outs = ["models/model.joblib", "metrics.json"]
    SCRIPT.run_with(repo, with_stage(SCRIPT, outs=outs, metrics=[]))
    report = grade(repo, offline=True)
    assert codes(report) == ({"metrics-as-outs"} if is_metrics else set()), told(report)


def test_a_key_that_is_not_there_gives_way_to_those_that_are_read(tmp_path: Path) -> None:
    repo = build(SCRIPT, tmp_path)
    SCRIPT.run_with(repo, with_stage(SCRIPT, params=["train.trees", "train.sed"]))
    (found,) = [one for one in grade(repo, offline=True).checks if one.code]
    assert (found.code, found.severity) == ("param-unknown", "fail")
    assert "Is that train.seed?" in str(found.rationale)
    assert " -p train.seed " in fix_of(found)
    assert " -p train.trees " in fix_of(found)


def test_a_pipeline_that_never_ran_is_told_to_run(tmp_path: Path) -> None:
    repo = build(SCRIPT, tmp_path)
    run(repo, "git", "rm", "--quiet", "dvc.lock")
    commit(repo, "Forget the run")
    report = grade(repo)
    assert (codes(report), exit_code(report)) == ({"stage-never-run"}, FAILED)
    assert report.next
    assert report.next.result.id == "others.run"
    assert "dvc repro train" in fix_of(report.next.result)


def test_data_alone_has_no_lock_and_is_judged_as_a_whole(tmp_path: Path) -> None:
    repo = build(SCRIPT, tmp_path)
    run(repo, "git", "rm", "--quiet", "dvc.lock", "dvc.yaml")
    commit(repo, "Keep the data")
    report = grade(repo)
    assert codes(report) == set()
    assert report.score == report.max_score


def test_data_that_git_let_go_is_for_dvc(tmp_path: Path) -> None:
    """After ``git rm --cached``, without the ``dvc add``."""
    repo = build(SCRIPT, tmp_path)
    run(repo, "git", "rm", "--quiet", "data/wine.csv.dvc")
    finished.write(repo / ".gitignore", "/models\n")
    commit(repo, "The data in git")
    run(repo, "git", "rm", "--quiet", "--cached", "data/wine.csv")
    run(repo, "git", "commit", "--quiet", "--message", "Let go of it")
    (found,) = [one for one in grade(repo, offline=True).checks if one.id == "others.current"]
    assert fix_of(found).splitlines() == [
        "dvc add data/wine.csv",
        "git add data/wine.csv.dvc data/.gitignore",
        'git commit -m "Commit what train ran on"',
    ]


def test_a_line_that_hides_all_data_gives_way_to_those_of_dvc(tmp_path: Path) -> None:
    """As cookiecutter-data-science has it; DVC refuses a .dvc file there."""
    project = projects.SmallProject(
        {**SCRIPT.files, "data/raw/wine.csv": "a,b\n"},
        with_stage(SCRIPT, deps=["train.py", "data/wine.csv", "data/raw"]),
        SCRIPT.data,
    )
    repo = build(project, tmp_path)
    run(repo, "git", "rm", "--quiet", "--cached", "data/raw/wine.csv", "data/wine.csv.dvc")
    finished.write(repo / ".gitignore", "/models/model.joblib\n/data/\n")
    commit(repo, "Hide the data")
    (found,) = [one for one in grade(repo, offline=True).checks if one.id == "others.current"]
    lines = fix_of(found).splitlines()
    assert lines[0] == "# .gitignore: delete line 2"
    assert "dvc add data/raw" in lines


def test_data_that_was_removed_from_git_comes_back_where_the_code_opens_it(tmp_path: Path) -> None:
    """After a ``git rm`` without --cached."""
    project = projects.SmallProject(SCRIPT.files, SCRIPT.stages, ())
    repo = build(project, tmp_path)
    run(repo, "git", "rm", "--quiet", "data/wine.csv")
    run(repo, "git", "commit", "--quiet", "--message", "Delete the data")
    at = run(repo, "git", "rev-parse", "HEAD").strip()[:10]
    (found,) = [one for one in grade(repo, offline=True).checks if one.code == "dep-absent"]
    assert fix_of(found).splitlines()[:3] == [
        f'git checkout "{at}~1" -- data/wine.csv',
        'git commit -m "Bring back data/wine.csv"',
        "dvc repro train",
    ]


def test_code_that_ran_and_waits_for_its_commit_is_not_run_again(tmp_path: Path) -> None:
    repo = build(SCRIPT, tmp_path)
    finished.write(repo / "train.py", SCRIPT.files["train.py"] + "# Faster.\n")
    finished.record(repo)
    run(repo, "git", "add", "dvc.lock")
    run(repo, "git", "commit", "--quiet", "--message", "Run it")
    (found,) = [one for one in grade(repo, offline=True).checks if one.code]
    assert found.id == "others.current"
    assert fix_of(found) == 'git add train.py\ngit commit -m "Commit what train ran on"'


def test_of_a_section_the_changed_key_is_named(tmp_path: Path) -> None:
    repo = build(SCRIPT, tmp_path)
    SCRIPT.run_with(repo, with_stage(SCRIPT, params=["train"]))
    finished.change_param(repo, "train", "trees", 11)
    commit(repo, "More trees")
    (found,) = [one for one in grade(repo, offline=True).checks if one.code]
    assert "has not run since train.trees changed" in str(found.rationale)
    assert [(place.line, place.value) for place in found.evidence] == [(2, "train.trees 10 -> 11")]


def test_of_a_script_that_several_stages_run_nobody_can_tell_who_reads_what(
    tmp_path: Path,
) -> None:
    code = """\
import sys

import yaml

PARAMS = yaml.safe_load(open("params.yaml"))


def prepare():
    open("rows.csv", "w").write(open("data.csv").read() * PARAMS["prepare"]["times"])


def train():
    open("model.txt", "w").write(open("rows.csv").read()[: PARAMS["train"]["length"]])


{"prepare": prepare, "train": train}[sys.argv[1]]()
"""
    files = {
        "main.py": code,
        "params.yaml": "prepare:\n  times: 1\ntrain:\n  length: 2\n",
        "data.csv": "a\n",
        "rows.csv": "a,\n",
        "model.txt": "a,",
    }
    stages: Stages = {
        "prepare": {
            "cmd": "python main.py prepare",
            "deps": ["main.py", "data.csv"],
            "params": ["prepare.times"],
            "outs": ["rows.csv"],
        },
        "train": {
            "cmd": "python main.py train",
            "deps": ["main.py", "rows.csv"],
            "params": ["train.length"],
            "outs": ["model.txt"],
        },
    }
    report = grade(build(SmallProject(files, stages, ("data.csv",)), tmp_path))
    assert codes(report) == set(), told(report)


def test_what_a_later_stage_makes_is_no_dep(tmp_path: Path) -> None:
    """A script that looks at the metrics of the run before: as a dep they would be a circle."""
    files = dict(SCRIPT.files)
    files["train.py"] += "\nBEFORE = open('report.csv').read()\n"
    files["report.py"] = "open('report.csv', 'w').write(open('models/model.joblib').read())\n"
    files["report.csv"] = "a report"
    stages = copy.deepcopy(SCRIPT.stages)
    stages["report"] = {
        "cmd": "python report.py",
        "deps": ["report.py", "models/model.joblib"],
        "outs": ["report.csv"],
    }
    report = grade(build(SmallProject(files, stages, SCRIPT.data), tmp_path))
    assert codes(report) == set(), told(report)
