"""A param that is gone from its file, where nothing that was before has its value."""

from pathlib import Path

from grader.engine.check_result import CheckResult
from grader.grading import grade
from tests.grader import finished, gallery
from tests.grader.results import fix_of


def test_a_key_that_no_commit_and_no_run_had_has_the_value_of_the_start(repo: Path) -> None:
    gallery.edit(repo, "params.yaml", "  dpi: 100\n", "")
    finished.record(repo)
    gallery.save(repo)
    assert fix_of(_found(repo)).splitlines()[:2] == [
        f"# params.yaml: below line {_line_of_plot(repo)} add:",
        "#   dpi: 100",
    ]


def test_a_key_of_the_attendees_own_code_is_asked_for_with_its_value(repo: Path) -> None:
    read = "\n\ndef _width(params):\n    return params['plot']['width']\n"
    gallery.append(repo, "pipeline/plot/plots.py", read)
    gallery.edit_stages(repo, lambda stages: stages["plot"]["params"].append("plot.width"))
    assert fix_of(_found(repo)).splitlines()[0] == (
        "# params.yaml: below plot: write width: and its value"
    )


def test_a_key_that_no_code_reads_is_one_too_many_in_the_stage(repo: Path) -> None:
    gallery.edit_stages(repo, lambda stages: stages["plot"]["params"].append("plot.width"))
    assert fix_of(_found(repo)).splitlines()[0].startswith("dvc stage add --force ")


def test_a_misspelled_section_is_named_in_one_line(repo: Path) -> None:
    gallery.params.section_of_params_whose_keys_are_declared_is_misspelled(repo)
    line = (repo / "params.yaml").read_text("utf-8").splitlines().index("plots:") + 1
    assert fix_of(_found(repo)) == (
        f"# params.yaml, line {line}: write  plot:  in place of  plots:"
    )


def test_a_section_that_is_gone_comes_back_from_git(repo: Path) -> None:
    text = (repo / "params.yaml").read_text("utf-8").partition("\nplot:")[0]
    finished.write(repo / "params.yaml", f"{text}\n")
    assert fix_of(_found(repo)) == "git checkout HEAD -- params.yaml"


def test_a_section_that_is_gone_is_one_block_where_the_file_has_other_edits(repo: Path) -> None:
    gallery.params.section_of_params_was_deleted_beside_another_edit(repo)
    last = len((repo / "params.yaml").read_text("utf-8").splitlines())
    assert fix_of(_found(repo)).splitlines() == [
        f"# params.yaml: below line {last} add:",
        "# plot:",
        "#   dpi: 100",
        "#   examples: 12",
    ]


def test_a_key_that_the_file_lacks_is_not_told_to_be_declared(repo: Path) -> None:
    gallery.params.key_of_params_has_another_name_than_in_the_code(repo)
    assert "  dpi:  in place of  resolution:" in fix_of(_found(repo))
    assert _found(repo, "plot.params").code is None


def test_a_key_that_code_and_params_call_by_a_new_name_is_no_misspelling(repo: Path) -> None:
    gallery.edit(repo, "params.yaml", "    lower:", "    lowest:")
    for path in sorted((repo / "pipeline").rglob("*.py")):
        finished.write(path, path.read_text("utf-8").replace("lower", "lowest"))
    assert _found(repo, "preprocess.params_exist").code is None


def test_a_key_of_ones_own_stage_is_told_before_a_run_and_a_commit(repo: Path) -> None:
    gallery.params.key_of_a_stage_of_ones_own_was_deleted(repo)
    fix = fix_of(_found(repo, "data.committed"))
    assert fix == fix_of(_found(repo, "others.params"))
    assert fix.startswith("# params.yaml")


def _found(repo: Path, check: str = "plot.params_exist") -> CheckResult:
    report = grade(repo, offline=True)
    return next(one for one in report.checks if one.id == check)


def _line_of_plot(repo: Path) -> int:
    return (repo / "params.yaml").read_text("utf-8").splitlines().index("plot:") + 1


def test_a_key_that_a_section_lost_and_the_code_needs_is_named_before_a_run(repo: Path) -> None:
    """dvc.yaml declares the section alone; the class of the stage's code has no default."""
    gallery.edit(repo, "params.yaml", "    scale: 0.1\n", "")
    report = grade(repo, offline=True)
    found = next(one for one in report.checks if one.code == "param-unknown")
    assert "preprocess.augmentation.scale" in (found.rationale or "")
    assert report.next
    assert "dvc repro" not in fix_of(report.next.result).splitlines()[0]
