"""All of data/ given to DVC, before a stage is there that writes in it."""

from pathlib import Path
from typing import Any

import pytest

from grader.grading import grade
from tests.grader import finished, gallery
from tests.grader.typing_in import type_in
from tests.repositories import run

pytestmark = pytest.mark.slow


def _found(repo: Path) -> dict[str, Any]:
    report = grade(repo, offline=True)
    return next(one for one in report["checks"] if one["id"] == "data.no_overlap")


def test_data_added_as_a_whole_is_reported_before_a_stage_overlaps(repo: Path) -> None:
    for path in ("dvc.yaml", "dvc.lock", "data/raw.dvc", "data/.gitignore"):
        (repo / path).unlink()
    finished.write(repo / ".gitignore", (repo / ".gitignore").read_text("utf-8") + "/data\n")
    finished.add(repo, "data")
    gallery.save(repo)
    found = _found(repo)
    assert found["code"] == "out-overlap"
    assert "data.dvc tracks all of data/" in str(found)
    type_in(repo, found["fix"], repo, lambda _repo: None)
    assert _found(repo)["status"] == "pass"
    assert run(repo, "git", "status", "--short", "*.dvc", "*.gitignore") == ""
