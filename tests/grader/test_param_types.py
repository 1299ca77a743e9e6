"""A param of another type than the last run had is told of in words, and before a run."""

from pathlib import Path

import pytest

from grader.grading import grade
from grader.stages.value_types import shown_change
from grader.step import Edit
from tests.grader import gallery


@pytest.mark.parametrize(
    ("old", "new", "text", "types"),
    [
        ("examples: 12", 'examples: "12"', 'write  examples: 12  in place of  examples: "12"',
         ('"12", text', "12, a number")),
        ("examples: 12", "examples: '14'", "write  examples: 14  in place of  examples: '14'",
         ('"14", text', "12, a number")),
        ("examples: 12", "examples: 12 pictures",
         "write  examples: 12  in place of  examples: 12 pictures", ("text", "a number")),
        ("examples: 12", "examples: true", "write  examples: 12  in place of  examples: true",
         ("true, true or false", "12, a number")),
        ("examples: 12", "examples: [12]", "write examples: 12", ("[12], a list", "a number")),
        ("examples: 12", "examples:", "write  examples: 12  in place of  examples:",
         ("null, no value", "a number")),
        ("dropout: 0.3", "dropout: '3e-1'", "write  dropout: 0.3  in place of  dropout: '3e-1'",
         ('"3e-1", text', "0.3, a number")),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_told_with_both_types(
    old: str, new: str, text: str, types: tuple[str, str], repo: Path
) -> None:
    gallery.edit(repo, "params.yaml", f"  {old}\n", f"  {new}\n")
    report = grade(repo, offline=True)
    result = next(one for one in report.checks if one.code == "param-type")
    assert all(words in (result.rationale or "") for words in types), result.rationale
    edit = result.steps[0]
    assert isinstance(edit, Edit)
    assert edit.text == text
    lines = (repo / "params.yaml").read_text("utf-8").splitlines()
    assert (edit.file, edit.line) == ("params.yaml", lines.index(f"  {new}") + 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("examples: 12", "examples: 14"),
        ("dropout: 0.3", "dropout: 3e-1"),
        ("dropout: 0.3", "dropout: 1"),
        ("learning_rate: 0.002", "learning_rate: 1e-3"),
    ],
)
def test_another_number_is_a_number_in_every_notation_that_dvc_knows(
    old: str, new: str, repo: Path
) -> None:
    gallery.edit(repo, "params.yaml", f"  {old}\n", f"  {new}\n")
    report = grade(repo, offline=True)
    assert "param-type" not in {one.code for one in report.checks}


@pytest.mark.parametrize(
    ("old", "new", "read"),
    [
        ("test_share: 0.15", "test_share: 0o14", 'reads "0o14", text'),
        ("examples: 12", "examples: 014", "reads 12, a number"),
    ],
)
def test_a_number_that_the_code_reads_otherwise_than_dvc_is_told_with_both(
    old: str, new: str, read: str, repo: Path
) -> None:
    """DVC reads YAML 1.2, PyYAML YAML 1.1."""
    gallery.edit(repo, "params.yaml", f"  {old}\n", f"  {new}\n")
    report = grade(repo, offline=True)
    result = next(one for one in report.checks if one.code == "param-type")
    assert read in (result.rationale or "")
    value = {"0o14": "12", "014": "14"}[new.split()[1]]
    (edit,) = result.steps
    assert isinstance(edit, Edit)
    assert edit.text == f"write  {new.split()[0]} {value}  in place of  {new}"


def test_a_number_with_underscores_is_the_same_to_both(repo: Path) -> None:
    gallery.edit(repo, "params.yaml", "  examples: 12\n", "  examples: 1_2\n")
    report = grade(repo, offline=True)
    assert "param-type" not in {one.code for one in report.checks}


def test_a_change_is_shown_with_quotes_where_types_differ() -> None:
    """``12 -> 12`` says nothing."""
    assert shown_change(12, "12") == '12 (a number) -> "12" (text)'
    assert shown_change(12, 14) == "12 -> 14"
