"""On any folder at all the grader answers cleanly, with the exit code that says what is so."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grader.engine.report import FAILED, NOTHING_TO_GRADE, PASSED, Report, exit_code
from grader.grading import grade
from tests.grader import finished
from tests.grader.command_line import grader
from tests.grader.gallery import edit_stages, save
from tests.grader.results import fix_of
from tests.grader.test_mistakes import codes
from tests.repositories import ROOT, commit, git_object_file, run


def crashes(report: Report) -> list[str]:
    """Checks that failed themselves."""
    reasons = [str(one.rationale) for one in report.checks]
    return [reason for reason in reasons if "check itself failed" in reason]


def test_a_folder_without_git_has_nothing_to_grade(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    done = grader("check", cwd=tmp_path)
    assert done.returncode == NOTHING_TO_GRADE
    assert "Nothing to grade" in done.stdout
    told = "# in the wrong folder? cd to yours first\n  type:\n    git init\n"
    assert told in done.stdout
    assert done.stderr == ""


def test_above_a_repository_the_way_into_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "my-workshop").mkdir()
    (tmp_path / "my-workshop" / "workshop.toml").write_text("[workshop]\n", "utf-8")
    done = grader("check", cwd=tmp_path)
    assert done.returncode == NOTHING_TO_GRADE
    assert "# your repository is in my-workshop: cd my-workshop" in done.stdout
    assert "git init" not in done.stdout


def test_in_the_workshops_own_checkout_the_way_to_ones_own_repository_is_told(
    repo: Path,
) -> None:
    for part in ("grader/__main__.py", "service/main.py", "workshop/lessons/course.toml"):
        (repo / part).parent.mkdir(parents=True, exist_ok=True)
        (repo / part).write_text("", "utf-8")
    (repo / "workshop.toml").unlink(missing_ok=True)
    what = "note: this is the checkout of the workshop, and not your own repository\n"
    edit_stages(repo, lambda stages: stages["plot"].pop("params"), run_again=False)
    done = grader("check", "--offline", cwd=repo)
    assert done.stderr == f"{what}  fix: grader start ../my-workshop\n"
    (next_line,) = [line for line in done.stdout.splitlines() if line.startswith("next: ")]
    assert next_line == "next: grader start ../my-workshop"
    (repo.parent / "my-workshop").mkdir()
    (repo.parent / "my-workshop" / "workshop.toml").write_text("[workshop]\n", "utf-8")
    assert grader("hint", cwd=repo).stderr == f"{what}  fix: cd ../my-workshop\n"
    assert "\nnext: cd ../my-workshop\n" in grader("check", "--offline", cwd=repo).stdout
    (repo / "workshop.toml").write_text("[workshop]\n", "utf-8")
    assert grader("check", "--offline", cwd=repo).stderr == ""


def test_a_bare_repository_has_nothing_to_grade(tmp_path: Path) -> None:
    run(tmp_path, "git", "init", "--quiet", "--bare")
    report = grade(tmp_path)
    assert exit_code(report) == NOTHING_TO_GRADE
    assert not report.gradable
    assert codes(report) == {"not-a-repository"}


def test_a_repository_without_dvc_fails(tmp_path: Path) -> None:
    finished.write(tmp_path / "a.txt", "a")
    run(tmp_path, "git", "init", "--quiet")
    assert exit_code(grade(tmp_path)) == FAILED
    save(tmp_path)
    report = grade(tmp_path)
    assert exit_code(report) == FAILED
    assert codes(report) == {"not-a-repository"}


def test_a_folder_that_is_not_there_is_a_wrong_option(tmp_path: Path) -> None:
    done = grader("check", "--repo", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: nowhere: no such folder", "  fix: name the folder of your repository"
    ]  # fmt: skip


def test_a_git_file_that_leads_nowhere_has_nothing_to_grade(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    (repo / ".git").write_text("gitdir: /nowhere\n")
    assert exit_code(grade(repo)) == NOTHING_TO_GRADE


def test_a_git_file_that_leads_to_a_repository_is_followed(repo: Path) -> None:
    (repo / ".git").rename(repo.parent / "control")
    (repo / ".git").write_text("gitdir: ../control\n")
    assert exit_code(grade(repo)) == PASSED


def test_a_damaged_index_is_an_error_of_those_who_read_it_alone(repo: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"DIRC" + b"\0" * 40)
    report = grade(repo)
    statuses = {entry.id: entry.status for entry in report.checks}
    assert statuses["data.only_dvc"] == "error"
    assert statuses["train.current"] == "pass"
    assert codes(report) == set()


def test_a_repository_that_lost_its_objects_is_no_crash(repo: Path) -> None:
    for path in sorted((repo / ".git" / "objects").rglob("*")):
        if path.is_file():
            path.unlink()
    report = grade(repo)
    assert exit_code(report) == FAILED
    assert crashes(report) == []


def test_a_damaged_object_of_git_is_no_mistake_of_ours(repo: Path) -> None:
    path = git_object_file(repo, "HEAD:dvc.yaml")
    path.chmod(0o644)
    path.write_bytes(b"x")
    report = grade(repo)
    assert crashes(report) == []
    assert {fix_of(one) for one in report.checks if one.status == "error"} == {"git fsck"}


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("path", "expected"),
    [("results/metrics/test.json", {"out-wrong"}), ("workshop.toml", set())],
)
def test_what_is_nested_too_deeply_is_no_crash(path: str, expected: set[str], repo: Path) -> None:
    finished.write(repo / path, f"a={DEEP}" if path.endswith("toml") else DEEP)
    finished.record(repo)
    save(repo)
    report = grade(repo)
    assert crashes(report) == []
    assert codes(report) == expected


def test_a_listing_that_is_nested_too_deeply_is_corrupt(repo: Path) -> None:
    md5 = finished.md5_of(repo, "preprocess", "data/preprocess")
    finished.write(finished.cache_object(repo, md5), DEEP)
    report = grade(repo)
    assert crashes(report) == []
    assert codes(report) == {"cache-corrupt"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other pipes")
@pytest.mark.parametrize(
    "path",
    [".dvcignore", "data/.gitignore", "models/classifier.onnx", "results/plots/z.png", "dvc.lock",
     ".dvc/config.local", "workshop.toml", "cache"],
)  # fmt: skip
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(path: str, repo: Path) -> None:
    place = repo / path
    if path == "cache":
        place = finished.cache_object(repo, finished.md5_of(repo, "train", "models/history.csv"))
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    done = grader("check", cwd=repo)  # gives up after a minute
    assert done.returncode in (0, 1, 3)
    assert done.stderr == ""
    assert "check itself failed" not in done.stdout


@pytest.mark.parametrize("text", ["[core]\n    analitics = false\n", "what\n"])
def test_a_broken_local_config_is_the_one_mistake(text: str, repo: Path) -> None:
    finished.write(repo / ".dvc" / "config.local", text)
    report = grade(repo)
    assert codes(report) == {"not-a-repository"}
    (found,) = [one for one in report.checks if one.status in ("fail", "error")]
    assert found.id == "init.config"
    assert fix_of(found).startswith("# .dvc/config.local, line ")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_config_in_an_encoding_that_dvc_refuses_is_told(encoding: str, repo: Path) -> None:
    path = repo / ".dvc" / "config"
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    save(repo)
    report = grade(repo)
    assert exit_code(report) == FAILED
    assert codes(report) == {"not-a-repository"}
    assert [one.id for one in report.checks if one.status == "error"] == []


def test_two_thousand_commits_are_no_matter(repo: Path) -> None:
    head = run(repo, "git", "rev-parse", "HEAD").strip()
    commits = "".join(
        f"commit refs/heads/main\ncommitter A <a@example.com> {1_800_000_000 + number} +0000\n"
        f"data 1\nx\n{f'from {head}' + chr(10) if number == 0 else ''}"
        f"M 100644 inline notes.txt\ndata {len(str(number))}\n{number}\n\n"
        for number in range(2000)
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], input=commits.encode(), cwd=repo, check=True, timeout=60
    )
    run(repo, "git", "reset", "--quiet")
    finished.write(repo / "notes.txt", "1999")
    assert exit_code(grade(repo)) == PASSED


def test_this_project_itself_can_be_graded() -> None:
    report = grade(ROOT, offline=True)
    assert exit_code(report) in (PASSED, FAILED)
    assert crashes(report) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_files_that_cannot_be_read_are_told_and_no_crash(repo: Path) -> None:
    (repo / "dvc.lock").chmod(0o000)
    (repo / "data" / "raw").chmod(0o000)
    try:
        report = json.loads(_as_a_user_who_is_not_root(repo))
    finally:
        (repo / "data" / "raw").chmod(0o755)
        (repo / "dvc.lock").chmod(0o644)
    assert report["gradable"]
    assert not [one for one in report["checks"] if "check itself failed" in str(one["rationale"])]


def _as_a_user_who_is_not_root(repo: Path) -> bytes:
    """The JSON report, by a process that owns nothing here where the tests run as root."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from grader.commands import main\n"
        "from grader.grading import grade\n"
        "grade(Path(sys.argv[1]), offline=True)  # root's modules are imported while they can be\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(main(['check', '--format', 'json', '--offline', '--repo', sys.argv[1]]))\n"
    )
    for folder in [repo, *repo.parents]:
        if folder.stat().st_uid == os.getuid() and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run(
        [sys.executable, "-c", code, str(repo)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(repo.parent)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (1, 3), done.stderr.decode()
    assert done.stdout, done.stderr.decode()
    return done.stdout


def test_of_a_repository_that_grader_start_did_not_make_no_lesson_is_judged(
    tmp_path: Path,
) -> None:
    """Its stages are called as the lessons' are, and run nothing of theirs."""
    repo = tmp_path / "mine"
    texts = {
        ".dvc/config": f"[core]\nremote = s\n['remote \"s\"']\nurl = {tmp_path / 'remote'}\n",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        "src/train.py": "print(1)\n",
        "data.csv": "a,b\n",
        "model.bin": "weights",
        ".gitignore": "/data.csv\n/model.bin\n",
        "dvc.yaml": yaml.safe_dump(
            {
                "stages": {
                    "train": {
                        "cmd": "python src/train.py",
                        "deps": ["src/train.py", "data.csv"],
                        "outs": ["model.bin"],
                    }
                }
            }
        ),
    }
    for path, text in texts.items():
        finished.write(repo / path, text)
    run(repo, "git", "init", "--quiet")
    finished.add(repo, "data.csv")
    finished.record(repo)
    save(repo)
    finished.push(repo)
    (tmp_path / "remote").mkdir(exist_ok=True)
    done = grader("check", cwd=repo)
    assert done.returncode == PASSED, done.stdout
    assert "grader start did not make this repository" in done.stderr
    assert "pipeline." not in done.stdout
    report = grade(repo)
    assert report.score == report.max_score > 0
    assert not [one for one in report.checks if one.id.startswith(("train.", "change."))]
    (repo / "model.bin").unlink()
    finished.write(repo / "notes.txt", "")
    finished.write(repo / "data.csv", "c\n")
    assert codes(grade(repo)) >= {"lock-stale"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project of somebody else, under git and DVC, with a script, a table and a metric."""
    repo = tmp_path / "project"
    texts = {
        "data/in.csv": "x,y\n1,2\n",
        "src/helper.py": "def mean(values):\n    return sum(values) / len(values)\n",
        "src/train.py": "import csv\nfrom helper import mean\n",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".dvc/config": "",
        "dvc.yaml": "stages:\n  train:\n    cmd: python src/train.py\n    deps: [data/in.csv]\n"
        "    outs: [model.txt]\n",
    }
    for name, text in texts.items():
        finished.write(repo / name, text)
    run(repo, "git", "init", "--quiet", "--initial-branch", "main")
    commit(repo, "Begin")
    return repo


@pytest.mark.parametrize("option", [[], ["--any"]])
def test_a_project_of_somebody_else_is_judged_by_what_no_lesson_has_to_do_with(
    project: Path, option: list[str]
) -> None:
    done = grader("check", *option, cwd=project)
    told = done.stdout
    assert done.returncode == 1
    assert "The remote" in told
    assert "Agree on a remote" not in told
    assert "lessons/" not in told
    assert f"dvc remote add -d storage {project}-remote\n" in told
    assert "train runs src/train.py, src/helper.py, and does not say so" in told
    assert " -d src/train.py -d src/helper.py -d data/in.csv -o model.txt " in told
    assert {check.id.partition(".")[0] for check in grade(project).checks} <= {
        "init", "data", "remote", "pipeline", "lock", "others", "share"
    }  # fmt: skip


def test_a_repository_of_the_workshop_is_judged_without_its_lessons_where_that_is_asked(
    repo: Path,
) -> None:
    report = grade(repo, as_foreign=True)
    assert report.score == report.max_score - report.not_told
    assert not [check for check in report.checks if check.id.startswith(("train.", "change."))]
    told = grader("check", "--any", "--only", "train.deps", cwd=repo).stderr
    assert "train.deps is about the workshop alone\n  fix: leave out --any\n" in told
    told = grader("check", "--any", "--lesson", "train", cwd=repo).stderr
    assert "the lesson train is about the workshop alone" in told
