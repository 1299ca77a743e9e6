"""`grader supply`: the part of a stage that a lesson supplies, at the end of dvc.yaml."""

import contextlib
import io
from pathlib import Path

import pytest
import yaml

from grader import commands
from grader.grading import grade
from tests.grader.gallery import edit_stages
from workshop import stages, supplied_stages
from workshop.start.reference import reference_path

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


@pytest.mark.parametrize("text", ["", "stages:\n", "# mine\n", "plots:\n  - x.csv"])
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
        ("stages:\n    first:\n        cmd: echo\n", "train", "add the lines"),
        ("stages: {first: {cmd: echo}}\n", "train", "add the lines"),
        ("- a\n", "train", "add the lines"),
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
