"""What has a backslash in DVC's files and is no path: nobody is told to change it."""

from pathlib import Path

import pytest

from grader.grading import grade
from tests.grader import finished
from tests.repositories import run

OWN = """\
  count:
    cmd: {cmd}
    outs:
    - count.txt
"""
LINES = '"mkdir -p data\\nwc -l params.yaml > count.txt"'
EXPRESSION = 'grep -c "data\\b" params.yaml > count.txt'


def names_found(repo: Path, cmd: str) -> list[str | None]:
    """The codes of init.names where a stage of one's own has this command, as YAML writes it."""
    for file in ("dvc.yaml", "dvc.lock"):
        text = (repo / file).read_text("utf-8").rstrip("\n")
        finished.write(repo / file, f"{text}\n{OWN.format(cmd=cmd)}")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Count")
    report = grade(repo, lambda check: check.id == "init.names", offline=True)
    return [result.code for result in report.checks if result.code]


@pytest.mark.parametrize("cmd", [LINES, EXPRESSION])
def test_no_path_is_seen_in(repo: Path, cmd: str) -> None:
    assert names_found(repo, cmd) == []


@pytest.mark.parametrize(
    "cmd", ["wc data\\raw.dvc > count.txt", '"wc data\\\\raw.dvc > count.txt"']
)
def test_a_path_of_windows_is_seen_in(repo: Path, cmd: str) -> None:
    assert names_found(repo, cmd) == ["windows-paths"]
