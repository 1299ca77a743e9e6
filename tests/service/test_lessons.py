import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks import made_repository
from grader import grading
from grader.checks import CHECKS
from grader.grading import grade
from grader.output import report_json
from service.repository import report_cache
from service.routes.lessons import ReportModel
from tests.repositories import run
from tests.service.problem import problem_in
from workshop.course.manifest import course


@pytest.fixture
def repo_dir(tmp_path: Path) -> Path:
    """A repository with a chain of three stages, committed."""
    repo = made_repository.make(tmp_path / "repo", stages=3, files_per_stage=3)
    run(repo, "git", "add", "--all")
    run(repo, "git", "commit", "--quiet", "--message", "Start")
    return repo


@pytest.fixture
def gradings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A line for each time that the grader worked."""
    calls: list[Path] = []

    def count_gradings(repo: Path, **options: Any) -> Any:
        calls.append(repo)
        return grade(repo, **options)

    monkeypatch.setattr(grading, "grade", count_gradings)
    return calls


def score(client: httpx.Client) -> int:
    answer = client.get("/lessons")
    assert answer.status_code == 200, answer.text
    points: int = answer.json()["score"]
    return points


def wait_for_the_watcher(client: httpx.Client, gradings: list[Path]) -> None:
    """Until a report stands for longer than it would without a watcher."""
    deadline = time.monotonic() + 20
    before = -1
    while len(gradings) != before:
        assert time.monotonic() < deadline
        score(client)
        before = len(gradings)
        time.sleep(1.5 * report_cache.REUSED_S)
        score(client)


def test_the_answer_is_the_graders_report_and_as_documented(
    client: httpx.Client, repo_dir: Path
) -> None:
    document = client.get("/lessons").json()
    assert document == json.loads(json.dumps(report_json.document(grade(repo_dir, offline=True))))
    assert document["verified"] == ["static"]
    ReportModel.model_validate(document, strict=True)
    asked = client.get("/lessons?remote=true").json()
    ids, all_ids = ({check["id"] for check in each["checks"]} for each in (document, asked))
    assert all_ids - ids == {name for name, check in CHECKS.items() if check.tier == "remote"}
    schema = client.get("/openapi.json").json()["paths"]["/lessons"]["get"]["responses"]["200"]
    reference = schema["content"]["application/json"]["schema"]["$ref"]
    assert reference.endswith("/ReportModel")


def test_nothing_is_graded_anew_while_nothing_changes(
    client: httpx.Client, repo_dir: Path, gradings: list[Path]
) -> None:
    wait_for_the_watcher(client, gradings)
    before = len(gradings)
    commit = client.get("/lessons").json()["commit"]
    run(repo_dir, "git", "commit", "--quiet", "--allow-empty", "--message", "More")
    assert client.get("/lessons").json()["commit"] != commit
    assert len(gradings) == before + 1


def test_a_change_in_the_folder_is_graded(
    client: httpx.Client, repo_dir: Path, gradings: list[Path]
) -> None:
    wait_for_the_watcher(client, gradings)
    before = client.get("/lessons").text
    (repo_dir / "dvc.yaml").write_text("stages: [")
    deadline = time.monotonic() + 10
    while client.get("/lessons").text == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_many_requests_at_once_wait_for_one_grading(
    client: httpx.Client, gradings: list[Path]
) -> None:
    threads = [threading.Thread(target=score, args=(client,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gradings) <= 2


def test_any_folder_is_answered(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / ".git").rename(repo_dir / "gone")
    document = client.get("/lessons").json()
    assert not document["gradable"]
    assert document["checks"][0]["code"] == "not-a-repository"
    subprocess.run(["git", "init", "--quiet", repo_dir], check=True, timeout=60)
    assert client.get("/lessons").json()["gradable"]


def test_a_value_that_is_no_truth_value_gets_a_problem(client: httpx.Client) -> None:
    problem_in(client.get("/lessons?remote=perhaps"), 422)


def test_a_folder_that_was_moved_is_named(client: httpx.Client, repo_dir: Path) -> None:
    assert score(client) > 0
    repo_dir.rename(repo_dir.parent / "moved")
    time.sleep(1.5 * report_cache.REUSED_S)
    answer = client.get("/lessons")
    assert answer.status_code == 200
    assert answer.json()["gradable"] is False
    (failed,) = [check for check in answer.json()["checks"] if check["status"] == "fail"]
    assert failed["id"] == "init.git"
    assert failed["rationale"].startswith(f"There is no folder {repo_dir}")
    assert "git init" not in failed["fix"]


def test_lessons_of_the_workshop_that_cannot_be_read_are_a_problem(
    client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workshop.course.manifest.LESSONS_DIR", tmp_path)
    course.cache_clear()
    try:
        answer = client.get("/lessons")
        assert "course.toml cannot be read" in problem_in(answer, 503)["detail"]
    finally:
        course.cache_clear()
