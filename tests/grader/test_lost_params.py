"""A param that is gone from its file, where nothing that was before has its value."""

from pathlib import Path
from typing import Any

from grader.grading import grade
from tests.grader import finished, gallery


def test_a_key_that_no_commit_and_no_run_had_has_the_value_of_the_start(repo: Path) -> None:
    gallery.edit(repo, "params.yaml", "  dpi: 100\n", "")
    finished.record(repo)
    gallery.save(repo)
    assert _found(repo)["fix"].splitlines()[:2] == [
        f"# params.yaml: below line {_line_of_plot(repo)} add:",
        "#   dpi: 100",
    ]


def test_a_key_of_the_attendees_own_code_is_asked_for_with_its_value(repo: Path) -> None:
    read = "\n\ndef _width(params):\n    return params['plot']['width']\n"
    gallery.append(repo, "pipeline/plot.py", read)
    gallery.edit_stages(repo, lambda stages: stages["plot"]["params"].append("plot.width"))
    assert _found(repo)["fix"].splitlines()[0] == (
        "# params.yaml: below plot: write width: and its value"
    )


def test_a_key_that_no_code_reads_is_one_too_many_in_the_stage(repo: Path) -> None:
    gallery.edit_stages(repo, lambda stages: stages["plot"]["params"].append("plot.width"))
    assert _found(repo)["fix"].splitlines()[0].startswith("dvc stage add --force ")


def _found(repo: Path) -> dict[str, Any]:
    report = grade(repo, offline=True)
    return next(one for one in report["checks"] if one["id"] == "plot.params_exist")


def _line_of_plot(repo: Path) -> int:
    return (repo / "params.yaml").read_text("utf-8").splitlines().index("plot:") + 1
