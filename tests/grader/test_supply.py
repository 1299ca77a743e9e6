"""`grader supply`: the part of a stage that a lesson supplies, at the end of dvc.yaml."""

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader import commands
from grader.grading import grade
from grader.output import human
from tests.grader import finished
from tests.grader.gallery import edit_stages
from tests.repositories import run
from workshop import stages, supplied_stages
from workshop.start.reference import reference_path
from workshop.terminal import Style

SUPPLIED = sorted(path.stem for path in supplied_stages.STAGES_DIR.glob("*.yaml"))
FIRST = "stages:\n  first:\n    cmd: echo first # a comment\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "dvc.yaml").write_text(FIRST, "utf-8", newline="\n")
    return tmp_path


def supplied(project: Path, stage: str) -> tuple[int, str]:
    """The exit code of `grader supply`, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = commands.main(["supply", stage, "--repo", str(project)])
    return code, printed.getvalue()


def stages_in(path: Path) -> dict[str, dict[str, object]]:
    return dict(yaml.safe_load(path.read_text("utf-8"))["stages"])


def test_each_stage_after_the_first_is_supplied_in_part() -> None:
    assert sorted({stage.name for stage in stages.STAGES} - {"preprocess"}) == SUPPLIED


@pytest.mark.parametrize("stage", SUPPLIED)
def test_a_stage_is_added_with_the_command_of_the_reference(project: Path, stage: str) -> None:
    code, printed = supplied(project, stage)
    assert code == 0
    assert f"dvc.yaml has the stage {stage} now" in printed
    text = (project / "dvc.yaml").read_text("utf-8")
    assert text.startswith(FIRST)
    assert list(stages_in(project / "dvc.yaml")) == ["first", stage]
    reference = stages_in(reference_path("dvc.yaml"))[stage]
    added = stages_in(project / "dvc.yaml")[stage]
    assert added["cmd"] == reference["cmd"]
    assert added != reference  # something is left to the attendee
    assert all(blank in printed for blank in ("BLANK-1", "BLANK-2") if blank in text)


@pytest.mark.parametrize("stage", SUPPLIED)
def test_what_is_supplied_has_not_all_points(repo: Path, stage: str) -> None:
    """Committed as if it had run: the lesson's own part is left."""
    block = yaml.safe_load((supplied_stages.STAGES_DIR / f"{stage}.yaml").read_text("utf-8"))
    edit_stages(repo, lambda stages: stages.update(block))
    report = grade(repo, lambda check: check.lesson == stage, offline=True)
    assert report.score < report.max_score


def test_the_block_comes_before_what_follows_the_stages(project: Path) -> None:
    path = project / "dvc.yaml"
    path.write_text(f"vars:\n  - a: 1\n{FIRST}\n# the plots\nplots:\n  - x.csv\n", "utf-8")
    assert supplied(project, "train")[0] == 0
    document = yaml.safe_load(path.read_text("utf-8"))
    assert list(document["stages"]) == ["first", "train"]
    assert document["plots"] == ["x.csv"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stages:\n",
        "# mine\n",
        "plots:\n  - x.csv",
        "stages: {}\n",
        "stages: null # c",
        "stages:",
    ],
)
def test_where_there_is_no_stage_yet_it_is_the_first(project: Path, text: str) -> None:
    (project / "dvc.yaml").write_text(text, "utf-8", newline="\n")
    assert supplied(project, "export")[0] == 0
    assert list(stages_in(project / "dvc.yaml")) == ["export"]


def test_dvc_yaml_is_made_where_there_is_none(project: Path) -> None:
    (project / "dvc.yaml").unlink()
    assert supplied(project, "plot")[0] == 0
    assert list(stages_in(project / "dvc.yaml")) == ["plot"]


def test_line_ends_of_windows_stay(project: Path) -> None:
    path = project / "dvc.yaml"
    path.write_bytes(FIRST.replace("\n", "\r\n").encode())
    assert supplied(project, "train")[0] == 0
    raw = path.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 20


@pytest.mark.parametrize(
    ("text", "stage", "told"),
    [
        (FIRST, "nosuch", "one of evaluate, export, plot, train"),
        (FIRST.replace("first:", "train:"), "train", "dvc remove train"),
        (FIRST + "   - x: [\n", "train", "dvc.yaml, line "),
        ("stages:\n    first:\n        cmd: echo\n", "train", "indent each stage by two"),
        ("stages: {first: {cmd: echo}}\n", "train", "indent each stage by two"),
        ("- a\n", "train", "begin it again"),
        ("stages: 3\n", "train", "begin it again"),
        ("hello\n", "train", "begin it again"),
        (FIRST + "<<<<<<< HEAD\n", "train", "dvc.yaml"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_changes(
    project: Path, text: str, stage: str, told: str
) -> None:
    (project / "dvc.yaml").write_text(text, "utf-8", newline="\n")
    code, printed = supplied(project, stage)
    assert code == 2
    assert told in printed
    assert "Traceback" not in printed
    assert (project / "dvc.yaml").read_text("utf-8") == text


def test_outside_of_dvc_it_is_told_where_to_go(tmp_path: Path) -> None:
    code, printed = supplied(tmp_path, "train")
    assert code == 2
    assert "cd my-workshop" in printed
    assert not (tmp_path / "dvc.yaml").exists()
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "lessons" / "a").mkdir(parents=True)
    code, printed = supplied(tmp_path / "lessons" / "a", "train")
    assert (code, "fix: cd ../.." in printed) == (2, True)
    assert not (tmp_path / "dvc.yaml").exists()


@pytest.fixture
def at_train(repo: Path) -> Path:
    """The finished repository as it is before lesson train, with what that lesson supplies."""
    names = [stage.name for stage in stages.STAGES[1:]]
    for file in ("dvc.yaml", "dvc.lock"):
        document = yaml.safe_load((repo / file).read_text("utf-8"))
        for name in names:
            document["stages"].pop(name)
        finished.write(repo / file, yaml.safe_dump(document, sort_keys=False))
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Only preprocess")
    assert supplied(repo, "train")[0] == 0
    return repo


def first_of(repo: Path) -> tuple[str, str]:
    """The check that is to be mended first, and what `grader check` prints as next."""
    report = grade(repo, offline=True)
    assert report.next
    text = human.render(report, Style())
    return report.next.check, text.partition("\nnext: ")[2].partition("\n")[0]


def fill_in(repo: Path, old: str, new: str) -> None:
    finished.write(repo / "dvc.yaml", (repo / "dvc.yaml").read_text("utf-8").replace(old, new))


def test_a_blank_is_told_before_the_commit_and_the_lesson_says_what_belongs_there(
    at_train: Path,
) -> None:
    assert first_of(at_train) == ("train.outs", "do what lessons/train.md says")
    text = human.render(grade(at_train, offline=True), Style())
    assert "BLANK-2" in text
    assert "train.learning_rate" not in text  # which the lesson has the attendee find
    fill_in(at_train, "BLANK-2", "models/classifier.weights.h5")
    assert first_of(at_train) == ("train.deps", "do what lessons/train.md says")


def test_a_line_that_goes_on_the_one_above_is_told(at_train: Path) -> None:
    fill_in(at_train, "BLANK-2", "models/classifier.weights.h5")
    fill_in(
        at_train, "- BLANK-1\n    - pipeline/shared", "- data/preprocess\n      - pipeline/shared"
    )
    report = grade(at_train, offline=True)
    assert report.next and report.next.check == "train.deps"
    assert "too few spaces" in (report.next.result.rationale or "")


def test_what_waits_for_its_commit_alone_names_the_lesson_and_then_the_commit(
    at_train: Path,
) -> None:
    fill_in(at_train, "BLANK-1", "data/preprocess")
    fill_in(at_train, "BLANK-2", "models/classifier.weights.h5")
    assert first_of(at_train) == ("data.committed", "git add dvc.yaml")
    text = human.render(grade(at_train, offline=True), Style())
    assert "first: what lessons/train.md says, as far as its commit\n" in text


@pytest.mark.parametrize("section", ["outs", "plots"])
def test_metrics_in_another_list_are_named(repo: Path, section: str) -> None:
    def change(document: dict[str, Any]) -> None:
        metrics = document["evaluate"].pop("metrics")
        document["evaluate"].setdefault(section, []).extend(metrics)

    edit_stages(repo, change)
    report = grade(repo, lambda check: check.id == "evaluate.metrics", offline=True)
    (result,) = report.checks
    assert result.code == "metrics-as-outs"
    assert {"outs": "a plain out", "plots": "a plot"}[section] in (result.rationale or "")
