"""What the grader tells to type mends what it found: each fix is typed, and the finding is gone."""

import hashlib
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.engine.check_result import CheckResult
from grader.engine.report import Report
from grader.grading import grade
from grader.output.steps import next_line
from tests.grader import finished, gallery
from tests.grader.bytes_kept import find_lost, own_files
from tests.grader.gallery import MISTAKES, Mistake
from tests.grader.results import fix_of
from tests.grader.test_mistakes import told
from tests.grader.typing_in import type_in
from tests.repositories import run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_dvc")]

OFFLINE = {
    *("remote-url-malformed", "remote-not-yours", "remote-plugin-missing"),
    *("there_is_no_remote", "default_remote_was_removed"),
    "name_and_address_are_swapped_and_not_committed",
}
"""Codes and mistakes after whose fix the remote is a bucket that nobody has: it is not asked."""
_HISTORY = ("secret-in-config", "data-copied-into-git")
LINE = re.compile(r"# (\S+), line (\d+): ")


def _move_notes(repo: Path) -> None:
    text = "stages:\n  notes:\n    cmd: echo\n    deps: [../params.yaml]\n"
    if (repo / "extra" / "dvc.yaml").exists():
        assert (repo / "extra" / "dvc.yaml").read_text("utf-8") == text
        finished.write(repo / "extra" / "dvc.yaml", "stages: {}\n")
        change = {"cmd": "echo", "deps": ["params.yaml"]}
        finished.change_pipeline(repo, lambda stages: stages.update(notes=change))
        return
    gallery.edit(repo, "dvc.yaml", "- ../params.yaml", "- params.yaml")


def _name_the_section(repo: Path) -> None:
    gallery.edit(repo, "dvc.yaml", "stagse:", "stages:")


def _close_the_bracket(repo: Path) -> None:
    gallery.edit(repo, "dvc.yaml", "    deps: [\n", "    deps:\n")


def _delete_the_line(repo: Path) -> None:
    """The one that the fix names, and the rest of a conflict's marks with it."""
    entry = next(one for one in grade(repo, offline=True).checks if one.code)
    place = LINE.match(fix_of(entry))
    assert place, fix_of(entry)
    lines = (repo / place[1]).read_text("utf-8").splitlines()
    del lines[int(place[2]) - 1]
    kept = [line for line in lines if not line.startswith(("=======", ">>>>>>>"))]
    finished.write(repo / place[1], "\n".join(kept) + "\n")


def _leave_out_the_home_folder(repo: Path) -> None:
    gallery.edit(repo, "dvc.yaml", "$HOME/data/preprocess", "data/preprocess")


def _take_back_the_address(repo: Path) -> None:
    """The other half of what it asks: is that the server's address?"""
    run(repo, "git", "revert", "--no-edit", "HEAD")


def _ask_in_vain(_repo: Path) -> None:
    """Whoever made the commit does not have it any more."""


def _name_a_folder_of_results(repo: Path) -> None:
    gallery.edit(repo, "dvc.yaml", ".dvc/tmp/notes.txt", "results/notes.txt")
    finished.write(repo / "results" / "notes.txt", "notes\n")
    gallery.append(repo, "results/.gitignore", "/notes.txt\n")


BY_HAND: dict[str, Callable[[Path], None]] = {
    "command_names_the_home_folder_by_a_variable": _leave_out_the_home_folder,
    "pipeline_is_in_a_folder": _move_notes,
    "neighbour_pushed_to_git_and_not_with_dvc": _ask_in_vain,
    "object_is_damaged_wherever_it_is": _ask_in_vain,
    "stage_has_a_wdir": _move_notes,
    "out_is_in_the_folder_of_dvc": _name_a_folder_of_results,
    "stages_are_under_another_file": _name_the_section,
    "nobody_answers_at_the_address": _take_back_the_address,
    "pipeline_is_no_yaml": _close_the_bracket,
    "pipeline_has_merge_markers": _delete_the_line,
    "code_lacks_a_bracket": _delete_the_line,
    "code_of_all_stages_has_a_return_outside_of_a_function": _delete_the_line,
    "config_has_a_line_that_is_none": _delete_the_line,
    "config_has_a_key_that_dvc_does_not_know": _delete_the_line,
}
"""Edits that a fix tells in words: what a person does who reads them."""


def _nothing(repo: Path) -> None:
    raise AssertionError(f"{repo}: an edit in words that no test does by hand")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: f"{one.code}:{one.name}")
def test_typing_the_fix_mends_the_mistake(
    mistake: Mistake, repo: Path, finished_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(repo.parent / "site-packages")
    mistake.apply(repo)
    report = grade(repo)
    for _ in range(12):
        found = _first(report)
        if found is None:
            break
        by_hand = BY_HAND.get(mistake.name, _nothing)
        before = own_files(repo)
        type_in(repo, fix_of(found), finished_folder / "repo", by_hand)
        assert find_lost(repo, before) == [], fix_of(found)
        report = grade(repo, offline=bool(OFFLINE & {mistake.code, mistake.name}))
    assert _first(report) is None, told(report)


def _first(report: Report) -> CheckResult | None:
    """What is to be typed next; what was once in git stays, as advice."""
    action = report.next
    if action and action.result.status == "fail":
        return action.result
    for entry in report.checks:
        is_history = entry.code in _HISTORY and entry.severity == "advice"
        if entry.status in ("fail", "error") and not is_history:
            return entry
    return None


def test_a_fix_keeps_what_dvc_stage_add_would_drop(repo: Path, finished_folder: Path) -> None:
    """Titles of plots, comments and the folded command stay; one line is new."""
    before = (repo / "dvc.yaml").read_text("utf-8")
    gallery.edit(repo, "dvc.yaml", "    - train.dropout\n", "")
    finished.record(repo)
    gallery.save(repo)
    finished.push(repo)
    found = _first(grade(repo))
    assert found and found.code == "param-undeclared"
    assert fix_of(found).splitlines()[0].startswith("# dvc.yaml: below line ")
    type_in(repo, fix_of(found), finished_folder / "repo", _nothing)
    after = (repo / "dvc.yaml").read_text("utf-8")
    assert sorted(after.splitlines()) == sorted(before.splitlines())


@pytest.mark.parametrize(
    "name",
    [
        "own_module_is_no_dep", "one_param_is_not_declared", "declared_param_has_a_typo",
        "model_is_no_out", "command_lacks_an_option", "metrics_are_plain_outs",
    ],
)  # fmt: skip
def test_a_stage_that_dvc_wrote_is_mended_by_dvc(
    name: str, repo: Path, finished_folder: Path
) -> None:
    """Where nothing would be lost, the fix is the command that the workshop teaches."""
    gallery.edit_stages(repo, _as_dvc_writes)
    next(one for one in MISTAKES if one.name == name).apply(repo)
    found = _first(grade(repo))
    assert found and fix_of(found).startswith("dvc stage add --force ")
    type_in(repo, fix_of(found), finished_folder / "repo", _nothing)
    run(repo, "dvc", "push", "--quiet")
    left = _first(grade(repo))
    if left is not None:  # of model_is_no_out: that the folder is a dep is no mistake
        assert (left.code, left.severity) == ("dep-too-wide", "advice")
        type_in(repo, fix_of(left), finished_folder / "repo", _nothing)
        run(repo, "dvc", "push", "--quiet")
    report = grade(repo)
    assert _first(report) is None, told(report)


def _as_dvc_writes(stages: Any) -> None:
    for stage in stages.values():
        plots = stage.get("plots", [])
        stage.update({"plots": [next(iter(p)) for p in plots if isinstance(p, dict)] or plots})
        if not plots:
            del stage["plots"]


def test_an_entry_in_brackets_is_told_in_words(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["plot"]["params"] = ["plot.dpi"]

    gallery.edit_stages(repo, change)
    gallery.edit(
        repo, "dvc.yaml", "    params:\n    - plot.dpi\n", "    params: [plot.dpi] # short\n"
    )
    gallery.save(repo)
    found = _first(grade(repo))
    assert found and fix_of(found).splitlines()[0] == (
        "# dvc.yaml, stage plot: add plot.examples to params"
    )


@pytest.mark.parametrize("edited", ["draw smaller", "# mine\n"])
def test_a_stage_that_was_removed_comes_back_without_the_loss_of_other_edits(
    edited: str, repo: Path
) -> None:
    run(repo, "dvc", "remove", "train")
    text = (repo / "dvc.yaml").read_text("utf-8")
    comment = edited if edited.startswith("#") else ""
    changed = (
        text if comment else text.replace("stages:\n", f"stages:\n  notes:\n    cmd: {edited}\n")
    )
    finished.write(repo / "dvc.yaml", comment + changed)
    action = grade(repo, offline=True).next
    assert action and action.result.id == "train.declared"
    assert next_line(action) == "edit dvc.yaml, as told for train.declared"
    assert fix_of(action.result).startswith(
        "# dvc.yaml: put back the lines of the stage train, which"
    )
    assert "git checkout" not in fix_of(action.result)


def test_a_stage_that_was_removed_is_not_told_to_be_committed(repo: Path) -> None:
    run(repo, "dvc", "remove", "train")
    action = grade(repo, offline=True).next
    assert action
    lines = fix_of(action.result).splitlines()
    assert "git checkout HEAD -- dvc.lock dvc.yaml models/.gitignore" in lines
    for line in lines:  # first dvc.yaml as DVC wrote it anew is put aside
        run(repo, *shlex.split(line))
    assert grade(repo, offline=True).next is None


def test_the_next_action_on_data_that_changed_is_one_short_command(repo: Path) -> None:
    gallery.append(repo, "data/raw/train.csv", "x\n")
    report = grade(repo, offline=True)
    action = report.next
    assert action and action.result.id == "data.in_place"
    assert next_line(action) == "dvc diff"
    assert "\n# by accident? dvc checkout --force data/raw.dvc brings back" in fix_of(action.result)


@pytest.mark.parametrize("is_cached", [True, False])
def test_data_that_a_run_took_up_has_a_way_back(repo: Path, is_cached: bool) -> None:
    """As ``dvc repro`` leaves it: data/raw.dvc and dvc.lock record the new data."""
    before = (repo / "data" / "raw" / "train.csv").read_bytes()
    gallery.append(repo, "data/raw/train.csv", "x\n")
    run(repo, "dvc", "add", "--quiet", "data/raw")
    finished.record(repo, "preprocess")
    if not is_cached:
        md5 = hashlib.md5(before).hexdigest()
        finished.cache_object(repo, md5).unlink()
    (found,) = [one for one in grade(repo, offline=True).checks if one.id == "data.committed"]
    assert found.awaits_commit
    assert "data/raw is other data than that of the last commit" in (found.rationale or "")
    first, accident, *rest = fix_of(found).splitlines()
    assert first == "dvc diff"
    assert any(line.startswith("git commit") for line in rest)
    words = accident.removeprefix("# by accident? ").partition(" bring back")[0]
    assert words == "git checkout HEAD -- data/raw.dvc dvc.lock and then dvc " + (
        "checkout --force" if is_cached else "pull --force"
    )
    for command in words.split(" and then "):
        run(repo, *command.split())
    assert (repo / "data" / "raw" / "train.csv").read_bytes() == before
    assert grade(repo).next is None


def test_a_stage_of_ones_own_is_not_taken_for_a_misspelt_one(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages.pop("plot")
        stages["plots"] = {"cmd": "echo", "deps": ["params.yaml"]}

    gallery.edit_stages(repo, change)
    checks = grade(repo, offline=True).checks
    (found,) = [one for one in checks if one.id == "plot.declared"]
    assert found.code == "stage-missing"
    assert fix_of(found).startswith("dvc stage add -n plot ")
