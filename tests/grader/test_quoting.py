"""Every name in a fix is one word of both shells, and none of it runs."""

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from grader.grading import grade
from grader.output.steps import block_lines, fix_text, step_lines
from grader.step import Command, Note
from tests.grader.gallery import append, save
from tests.grader.results import fix_of
from tests.grader.test_mistakes import codes
from workshop import shell

NAMES = [
    "data/raw", "a room/x", "a$HOME`id`/n.txt", "it's", 'say "hi"', "50% off", "wow!", "@file",
    "back\\slash", "a;b|c&d>e", "(x)", "#x", "~", "", "日本/é", "{a,b}", "*?",
    "\u2018so\u2019", "\u201cso\u201d",
]  # fmt: skip
BOTH = ["it's $HOME", "\u2019`id`", 'it\'s "so"', "line\nbreak", "\x1b[2J", "\udcff"]
"""Names that have no form that both shells know, or that no screen shows."""
SHELLS = [
    ["bash", "-c", "printf '%s' {}"],
    ["pwsh", "-NoProfile", "-Command", "[Console]::Out.Write({})"],
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_word_as_it_stands(name: str) -> None:
    word = shell.quote(name)
    assert shell.is_quotable(name)
    for name_of_shell, *options, script in SHELLS:
        program = shutil.which(name_of_shell)
        if program is None:
            continue
        text = word if name_of_shell == "bash" or word[:1] in "'\"" else f"'{word}'"
        done = subprocess.run(
            [program, *options, script.replace("{}", text)],
            capture_output=True, encoding="utf-8", timeout=60, check=True,
        )  # fmt: skip
        assert done.stdout == name


@pytest.mark.parametrize("name", BOTH)
def test_a_name_that_no_form_fits_is_shown_and_runs_nothing(name: str) -> None:
    word = shell.quote(name)
    assert not shell.is_quotable(name)
    assert word[0] == word[-1] == "'"
    assert "?" in word
    assert not set(word[1:-1]) & set("'\"$`\n\x1b\u2019")


@pytest.mark.parametrize("name", NAMES + BOTH)
def test_a_name_in_python_is_whole_and_free_of_what_a_shell_expands(name: str) -> None:
    text = shell.literal(name)
    assert ast.literal_eval(text) == name
    assert not set(text[1:-1]) & set("'\"$`!\n\u2019\u201c")
    assert all("\n" not in line for line in step_lines(Note(name)))


def test_a_name_of_a_cloned_repository_runs_nothing_when_its_fix_is_pasted(repo: Path) -> None:
    path = "a$HOME`id`/n.txt"
    (repo / path).parent.mkdir()
    (repo / f"{path}.dvc").write_text("outs:\n- md5: " + "a" * 32 + "\n  path: n.txt\n")
    append(repo, ".gitignore", "n.txt\n")
    save(repo)
    report = grade(repo, offline=True)
    (fix,) = [fix_of(one) for one in report.checks if one.code == "out-missing"]
    assert codes(report) == {"out-missing"}
    assert fix == f"dvc pull '{path}.dvc'"


def test_a_block_stops_where_a_command_of_dvc_fails() -> None:
    steps = (
        Note("by accident?"), Command(("dvc", "repro")), Command(("git", "add", "dvc.lock")),
        Command(("git", "commit", "-m", "Run it")), Command(("dvc", "push")),
    )  # fmt: skip
    lines = [line for _, own in block_lines(steps) for line in own]
    run = shell.stop_block(["dvc repro", "git add dvc.lock", 'git commit -m "Run it"'])
    assert lines == ["# by accident?", *run, "dvc push"]
    assert fix_text(steps[1:3]) == "dvc repro\ngit add dvc.lock"


def test_powershell_5_has_another_way_to_stop() -> None:
    lines = ["dvc repro", "git add dvc.lock", 'git commit -m "Run it"']
    assert shell.stop_block(lines, is_powershell=True) == [
        "dvc repro",
        "if ($LASTEXITCODE -eq 0) { git add dvc.lock }",
        'if ($LASTEXITCODE -eq 0) { git commit -m "Run it" }',
    ]


@pytest.mark.skipif(os.name == "nt", reason="bash")
def test_bash_runs_nothing_after_what_failed(tmp_path: Path) -> None:
    block = "\n".join(shell.stop_block(["false", "touch made", "touch more"], is_powershell=False))
    subprocess.run(["bash", "-c", block], cwd=tmp_path, check=False)
    assert list(tmp_path.iterdir()) == []
