"""``workshop status``: a table for people, JSON for programs, and no code of the repository."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dvcstate
from benchmarks import made_repository
from workshop.commands import status_table
from workshop.terminal import Style

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repo(own_folder: Path, tmp_path: Path) -> Path:
    return made_repository.make(tmp_path / "repo", stages=3, files_per_stage=3)


def _workshop(*argv: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "workshop", *argv],
        cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip


def test_the_table_names_every_stage_and_every_reason(repo: Path) -> None:
    (repo / "code.py").write_text("changed")
    (repo / "data" / "stage002" / "000000.jpg").unlink()
    done = _workshop("status", "--repo", str(repo))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "3 stages: 3 stale"
    assert lines[2].split() == ["●", "stage000", "stale", "code.py", "modified"]
    assert "data/stage002 modified" in done.stdout
    assert lines[-1] == "next: dvc repro"


def test_the_table_fits_80_columns_and_has_no_colour_in_a_pipe(repo: Path) -> None:
    text = (repo / "dvc.yaml").read_text()
    long = "a_stage_with_a_name_that_is_much_longer_than_anyone_would_want_to_type_by_hand"
    (repo / "dvc.yaml").write_text(text.replace("stage001:", f"{long}:", 1))
    done = _workshop("status", "--repo", str(repo))
    assert "never run" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_json_is_what_get_pipeline_answers(repo: Path) -> None:
    done = _workshop("status", "--format", "json", "--repo", str(repo / "data"))
    answer: dict[str, Any] = json.loads(done.stdout)
    assert list(answer) == ["checked", "lock", "stages", "edges"]
    assert answer["lock"]["path"] == "dvc.lock"
    assert answer["edges"] == [["stage000", "stage001"], ["stage001", "stage002"]]
    stage = answer["stages"][1]
    assert list(stage) == [
        "name", "state", "upstream_stale", "cmd", "frozen", "reasons", "deps", "outs", "params",
    ]  # fmt: skip
    assert stage["state"] == "fresh"
    assert stage["reasons"] == []
    assert stage["params"] == {"params.yaml": {"stage001.rate": 0.1}}
    assert [dep["path"] for dep in stage["deps"]] == ["code.py", "data/stage000"]
    assert list(stage["outs"][0]) == ["path", "md5", "size", "cache"]


def test_what_lies_in_the_repository_is_not_imported(repo: Path) -> None:
    planted = (
        "yaml",
        "rich",
        "json",
        "hashlib",
        "sqlite3",
        "pathspec",
        "dvc",
        "ruamel",
        "textwrap",
    )
    for name in planted:
        (repo / f"{name}.py").write_text("raise SystemExit('code of the repository ran')")
    (repo / ".dvcignore").write_text("*.tmp\n")
    (repo / "dvc.yaml").write_text("stages:\n  a:\n    cmd: echo ${stage000.rate}\n")
    done = _workshop("status", cwd=repo)
    assert "code of the repository ran" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr


def test_an_error_is_told_in_two_lines_or_as_json(repo: Path) -> None:
    (repo / "dvc.yaml").write_text("stages:\n  a:\n    cmd: [x\n")
    done = _workshop("status", "--repo", str(repo))
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith("error: dvc.yaml, line 4, column 1: is not valid YAML")
    assert second.startswith("  fix: ")
    answer = json.loads(_workshop("status", "--repo", str(repo), "--format", "json").stdout)
    assert answer["error"]["path"] == "dvc.yaml"
    assert answer["error"]["line"] == 4


def test_the_graph_takes_names_with_any_characters(repo: Path) -> None:
    text = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text(text.replace("stage001:", "'a \"b\" [c]; é/:':", 1))
    picture = dvcstate.graph(dvcstate.status(repo))
    assert picture.startswith("flowchart TD\n")
    assert '    s1["a #34;b#34; #91;c#93;#59; é/#58;"]:::never_run\n' in picture
    assert "    s0 --> s1\n" in picture


def test_an_empty_project_is_told_how_to_begin(repo: Path) -> None:
    (repo / "dvc.yaml").unlink()
    state = dvcstate.status(repo)
    assert "dvc add" in status_table.render(state, Style())


def test_control_characters_in_names_reach_no_terminal(repo: Path) -> None:
    text = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text(text.replace("- code.py", '- "\\e[31mred"', 1))
    state = dvcstate.status(repo)
    assert "\x1b" not in status_table.render(state, Style())
    assert "\x1b" in status_table.render(state, Style(colour=True))
