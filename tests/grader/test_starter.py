"""A start scores next to nothing, the solution everything, catching up what it has solved."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from grader.grading import grade
from grader.report import FAILED, PASSED, exit_code
from tests.grader.test_mistakes import codes, told
from tests.repositories import ROOT, run
from workshop import starter
from workshop.course import Lesson, course
from workshop.kept_runs import KeptRuns
from workshop.starter import Preset, Remote, StartError

SMALL = Preset(
    120,
    {
        "preprocess": {
            "min_posters_per_genre": 6,
            "valid_share": 0.2,
            "test_share": 0.2,
            "augmentation": {
                "copies": 1, "rotation": 5, "scale": 0.1, "crop": 0.1, "brightness": 0.2
            },
        },
        "train": {"epochs": 1, "fine_tuning_epochs": 1},
    },
)  # fmt: skip
"""So few posters that training takes a second."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ein Raum für alle") / "DVC 練習"
    starter.start(folder, attendee="Ada O'Neil", preset=SMALL)
    return folder


def test_a_start_scores_next_to_nothing(started: Path) -> None:
    report = grade(started)
    assert exit_code(report) == FAILED
    assert codes(report) == {"not-a-repository"}
    assert report["score"] <= 3


def test_a_start_has_the_code_and_nothing_of_dvc(started: Path) -> None:
    committed = set(run(started, "git", "ls-files", "-z").split("\0"))
    assert {"pipeline/train.py", "pipeline/artwork/poster.py", "params.yaml"} <= committed
    assert not any("__pycache__" in path or path.startswith("data/") for path in committed)
    assert not (started / ".dvc").exists()
    for name in ("activate", "activate.ps1"):  # name this computer's folders
        assert (started / name).exists()
        assert name not in committed
    assert len(list((started / "data" / "raw" / "Images").iterdir())) == 120
    settings = tomllib.loads((started / "workshop.toml").read_text("utf-8"))
    assert settings["workshop"]["attendee"] == "Ada O'Neil"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StartError, match="not empty"):
        starter.start(tmp_path, preset=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole solution; what ran for it is kept, so that no other catch-up trains."""
    repo = tmp_path_factory.mktemp("solved") / "a solution, by far"
    starter.start(repo, at="end", preset=SMALL)
    return repo


@pytest.mark.slow
def test_the_solution_has_full_score(solved: Path, tmp_path: Path) -> None:
    report = grade(solved)
    assert codes(report) == set(), told(report)
    assert exit_code(report) == PASSED
    assert report["score"] == report["max_score"]
    assert run(solved, "git", "status", "--porcelain") == ""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", solved, clone], check=True, timeout=60)
    run(clone, "dvc", "pull", "--quiet")
    assert grade(clone)["score"] == report["score"]


LESSONS = course().lessons


@pytest.mark.slow
@pytest.mark.usefixtures("solved")
@pytest.mark.parametrize("lesson", LESSONS[1:], ids=[lesson.id for lesson in LESSONS[1:]])
def test_a_late_comer_has_all_before_a_lesson_and_none_of_it(
    lesson: Lesson, tmp_path: Path
) -> None:
    repo = tmp_path / "late"
    starter.start(repo, at=lesson.id, preset=SMALL)
    report = grade(repo)
    before = [one.id for one in course().before(lesson)]
    found = {one["id"]: one for one in report["lessons"]}
    for one in course().lessons:
        assert found[one.id]["supplied"] == (one.id in before)
        if one.id in before:
            assert found[one.id]["earned"] == one.points, told(report)
    if lesson.id == "share":  # a lock that is consistent is so before anybody shares it
        assert codes(report) == {"out-not-pushed"}
    else:
        assert found[lesson.id]["earned"] == 0
    assert run(repo, "git", "status", "--porcelain") in ("", "?? data/\n")
    assert json.loads(run(repo, "dvc", "status", "--json")) == {}


@pytest.mark.slow
@pytest.mark.usefixtures("solved")
def test_catching_up_takes_kept_runs_and_leaves_the_lesson_itself_to_the_attendee(
    tmp_path: Path,
) -> None:
    repo = tmp_path / "late"
    starter.start(repo, at="train", preset=SMALL)
    runs = repo / ".dvc" / "cache" / "runs"
    assert sum(path.is_file() for path in runs.rglob("*")) == 1
    shutil.copy(ROOT / "dvc.yaml", repo)
    kept = KeptRuns(repo, SMALL.posters)
    for stage in ("train", "export", "evaluate"):
        kept.supply(stage)
    printed = run(repo, "dvc", "repro", "evaluate")
    assert "Running stage" not in printed
    assert printed.count("is cached - skipping run, checking out outputs") == 3


@pytest.mark.parametrize(
    ("at", "url", "endpoint", "told"),
    [
        (None, "gs://dvc-workshop/ada", "http://127.0.0.1:4443", "a remote that --at sets up"),
        ("end", "/srv/ada", "http://127.0.0.1:4443", "for a gs:// remote"),
        ("end", "gs://dvc-workshop/ada", "127.0.0.1:4443", "is no address of a server"),
        ("end", "gs://dvc-workshop/ada", "http://[::1", "is no address of a server"),
        ("end", "gs://dvc-workshop/ada", "http://127.0.0.1:x", "is no address of a server"),
        ("end", "gs://dvc-workshop/ada", "http://127.0.0.1:1", "no server answers at http://127"),
    ],
)
def test_a_bucket_server_that_is_none_is_told_before_anything_is_made(
    at: str | None, url: str, endpoint: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match=re.escape(told)):
        starter.start(tmp_path / "late", at, remote=Remote(url, endpoint), preset=SMALL)
    assert not (tmp_path / "late").exists()


def test_a_lesson_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no lesson is called 'cooking'") as caught:
        starter.start(tmp_path / "late", at="cooking")
    assert "init, data, remote" in caught.value.fix
    assert not (tmp_path / "late").exists()


def test_a_start_has_the_lessons_and_says_which_to_open(started: Path, tmp_path: Path) -> None:
    readme = (started / "lessons" / "README.md").read_text("utf-8")
    for page in (*course().lessons, *course().pages):
        text = (started / "lessons" / f"{page.id}.md").read_text("utf-8")
        assert text.startswith(f"# {page.title}\n")
        assert f"({page.id}.md)" in readme
    assert "lessons/README.md" in run(started, "git", "ls-files")
    said = starter.start(tmp_path / "again", preset=SMALL)
    assert said.splitlines()[-1] == "then: open lessons/init.md, and type what it says"


@pytest.mark.parametrize("place", ["a file/below it", "x" * 300])
def test_a_folder_that_cannot_be_made_is_told_in_two_lines(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("mine", "utf-8")
    with pytest.raises(StartError, match="cannot be written") as told:
        starter.start(tmp_path / place)
    assert told.value.fix


def test_any_name_of_an_attendee_can_be_read_back(tmp_path: Path) -> None:
    starter.start(tmp_path / "repo", attendee='Åda 😀 "x" \\')
    settings = tomllib.loads((tmp_path / "repo" / "workshop.toml").read_text("utf-8"))
    assert settings["workshop"]["attendee"] == 'Åda 😀 "x" \\'
