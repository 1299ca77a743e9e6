"""Every mistake of the gallery gives its own code, and no other."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.engine.report import Report
from grader.facts.snapshot_cache import SnapshotCache
from grader.grading import grade
from tests.grader import callers
from tests.grader.gallery import MISTAKES, Mistake


def codes(report: Report) -> set[str]:
    """What was found."""
    return {entry.code for entry in report.checks if entry.code}


def told(report: Report) -> str:
    """What was found and why, for the message of a failed test."""
    return "\n".join(
        f"{entry.id} {entry.status} {entry.code}: {entry.rationale}"
        for entry in report.checks
        if entry.status in ("fail", "error")
    )


@pytest.fixture
def watched(repo: Path) -> Iterator[SnapshotCache]:
    """What `grader watch` knows of the repository before anything goes wrong."""
    cache = SnapshotCache()
    grade(repo, offline=True, cache=cache)
    yield cache
    cache.close()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: f"{one.code}:{one.name}")
def test_a_mistake_gives_its_own_code_and_no_other_and_everywhere_the_same(
    mistake: Mistake, repo: Path, watched: SnapshotCache
) -> None:
    mistake.apply(repo)
    report = grade(repo)
    assert codes(report) == mistake.codes, told(report)
    callers.assert_agree(report, grade(repo, offline=True, cache=watched))


def test_every_mistake_can_be_made_in_two_ways() -> None:
    counts = Counter(mistake.code for mistake in MISTAKES)
    assert {code for code, count in counts.items() if count < 2} == set()


@pytest.mark.parametrize(
    "name",
    [
        "stage_of_ones_own_never_ran", "stage_of_ones_own_is_stale",
        "stage_of_ones_own_read_another_out", "stage_of_ones_own_is_frozen_and_hides_a_change",
        "notes_that_git_ignores_on_purpose_are_a_dep", "stage_of_ones_own_reads_what_git_ignores",
    ],
)  # fmt: skip
def test_what_no_lesson_asks_for_costs_no_points(name: str, repo: Path) -> None:
    next(one for one in MISTAKES if one.name == name).apply(repo)
    report = grade(repo)
    assert {entry.severity for entry in report.checks if entry.code} == {"advice"}
    assert report.score == report.max_score


PAIRS = [
    ("no_param_is_declared", "default_remote_has_a_typo"),
    ("own_module_is_no_dep", "model_was_deleted"),
    ("code_changed_after_the_run", "raw_data_was_added_to_git"),
    ("password_is_in_the_committed_config", "metrics_are_not_committed"),
    ("consumer_does_not_depend_on_the_model", "declared_param_has_a_typo"),
    ("cached_model_was_overwritten", "there_is_no_remote"),
    ("param_changed_after_the_run", "url_lacks_the_colon"),
    ("picture_is_a_text", "raw_data_was_deleted"),
    ("cache_was_added_by_force", "stage_is_frozen_and_hides_a_change"),
    ("consumer_read_another_out", "code_changed_after_the_run"),
    ("stage_out_was_added_with_dvc_add", "one_param_is_not_declared"),
    ("run_after_a_commit_is_not_committed", "model_is_staged"),
    ("curves_are_no_outs", "command_lacks_an_option"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_independent_mistakes_both_are_told(first: str, second: str, repo: Path) -> None:
    by_name = {mistake.name: mistake for mistake in MISTAKES}
    by_name[first].apply(repo)
    by_name[second].apply(repo)
    report = grade(repo)
    assert codes(report) == by_name[first].codes | by_name[second].codes, told(report)
