"""Files that DVC cannot read: what was changed is mended, and a lock is never mended by hand."""

from pathlib import Path

import pytest

from grader.engine.check_result import CheckResult
from grader.grading import grade
from tests.grader import finished, gallery
from tests.grader.gallery import append, edit
from tests.grader.results import fix_of
from tests.repositories import commit, run


def unreadable(repo: Path) -> CheckResult:
    """What is found where a file cannot be read."""
    return next(one for one in grade(repo, offline=True).checks if one.id == "init.readable")


def test_a_lost_indentation_is_looked_for_in_the_line_above_too(repo: Path) -> None:
    edit(repo, "params.yaml", "  dropout:", "dropout:")
    found = unreadable(repo)
    line = found.evidence[0].line
    first, *rest = fix_of(found).splitlines()
    assert first == f"# params.yaml, line {line}: mend that line or the one above it"
    assert "# git diff params.yaml marks what you changed" in rest
    assert rest[-1] == "# save it, and type again what you typed"
    assert all(one.startswith("# ") for one in rest), "nothing is to be committed yet"
    assert "clones" not in (found.rationale or "")


def test_a_key_that_is_there_twice_is_named_with_both_lines(repo: Path) -> None:
    text = (repo / "params.yaml").read_text("utf-8")
    first = text.splitlines().index("train:") + 2
    key = text.splitlines()[first - 1].partition(":")[0].strip()
    edit(repo, "params.yaml", "\nexport:", f"\n  {key}: 1\nexport:")
    second = (repo / "params.yaml").read_text("utf-8").splitlines().index(f"  {key}: 1") + 1
    found = unreadable(repo)
    assert f"it has the key {key} twice, in lines {first} and {second}." in (found.rationale or "")
    step = fix_of(found).splitlines()[0]
    assert step == (
        f"# params.yaml, line {second}: delete one of the lines {first} and {second}, with what"
        " belongs to it"
    )
    finished.write(repo / "params.yaml", text)
    assert grade(repo, offline=True).next is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  dropout:", "\tdropout:"),
        ("  dropout: ", "  dropout:\t"),
        ("train:\n  ", "train:\n\t"),
        ("  dropout:", "  \tdropout:"),
    ],
)
def test_a_tab_is_named_as_such_with_its_line(repo: Path, old: str, new: str) -> None:
    edit(repo, "params.yaml", old, new)
    lines = (repo / "params.yaml").read_text("utf-8").splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if "\t" in text]
    found = unreadable(repo)
    assert f"params.yaml, line {line}," in (found.rationale or "")
    assert "it has a tab, where YAML takes spaces alone" in (found.rationale or "")
    assert fix_of(found).splitlines()[0] == (
        f"# params.yaml, line {line}: write spaces in place of the tab, as many as its neighbours"
        " have in front"
    )


def test_a_broken_file_that_is_committed_is_committed_again(repo: Path) -> None:
    edit(repo, "params.yaml", "  dropout:", "dropout:")
    commit(repo, "Break it")
    found = unreadable(repo)
    assert fix_of(found).splitlines()[-2:] == [
        "git add params.yaml", 'git commit -m "Mend params.yaml"'
    ]  # fmt: skip
    assert "everybody who clones" in (found.rationale or "")


def test_spaces_are_told_where_a_stage_has_a_key_that_is_none(repo: Path) -> None:
    append(repo, "dvc.yaml", "  more:\n    cmdd: x\n")
    assert "two before a stage's name, four before deps and outs" in fix_of(unreadable(repo))


def test_a_merge_that_stopped_at_the_lock_is_ended_as_the_lesson_does(repo: Path) -> None:
    gallery.lock.merge_stopped_at_the_lock(repo)
    assert fix_of(unreadable(repo)).splitlines() == [
        "git checkout --ours dvc.lock", "dvc repro", "git add dvc.lock", 'git commit -m "Merge"'
    ]  # fmt: skip


def test_what_people_wrote_is_merged_before_the_lock(repo: Path) -> None:
    run(repo, "git", "branch", "other")
    for branch, number in (("main", 15), ("other", 17)):
        run(repo, "git", "checkout", "--quiet", branch)
        finished.change_param(repo, "plot", "examples", number)
        finished.record(repo, "plot")
        commit(repo, f"Draw {number}")
    run(repo, "git", "merge", "main", exit_codes=(1,))
    assert fix_of(unreadable(repo)).splitlines() == [
        "# params.yaml: keep one side of each conflict, delete the lines <<<<<<<, ======= and"
        " >>>>>>>",
        "git checkout --ours dvc.lock",
        "dvc repro",
        "git add dvc.lock params.yaml",
        'git commit -m "Merge"',
    ]


def test_a_lock_that_was_edited_is_taken_from_git(repo: Path) -> None:
    edit(repo, "dvc.lock", "outs:", "outz:")
    assert fix_of(unreadable(repo)) == "git checkout HEAD -- dvc.lock\ndvc repro"
    sound = run(repo, "git", "rev-list", "--max-count=1", "HEAD", "--", "dvc.lock")[:10]
    commit(repo, "Break it")
    assert fix_of(unreadable(repo)).splitlines()[:2] == [
        f"git checkout {sound} -- dvc.lock",
        "dvc repro",
    ]


def test_a_lock_that_never_was_sound_is_deleted(repo: Path) -> None:
    edit(repo, "dvc.lock", "outs:", "outz:")
    run(repo, "git", "checkout", "--quiet", "--orphan", "new")
    commit(repo, "Begin with a broken lock")
    assert "os.remove('dvc.lock')" in fix_of(unreadable(repo))


def test_a_lock_of_which_a_run_wrote_a_part_is_committed_and_not_deleted_again(repo: Path) -> None:
    """The run stopped at something else, of which the next grade tells."""
    whole = (repo / "dvc.lock").read_text("utf-8")
    append(repo, "dvc.lock", "<<<<<<< HEAD\n")
    commit(repo, "Break it")
    finished.write(repo / "dvc.lock", whole.partition("  plot:")[0])
    assert fix_of(unreadable(repo)).splitlines() == [
        "git add dvc.lock", 'git commit -m "Write the lock anew"'
    ]  # fmt: skip
