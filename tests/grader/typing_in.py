"""Typing what a fix says: its commands as they stand, its edits as it tells them."""

import importlib
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from dvcstate import read
from tests.grader import finished
from tests.repositories import run

_OTHER_WAYS = (
    "# by accident? ",
    "# on purpose? ",
    "# in the wrong folder? ",
    "# the data of a colleague? ",
)

Edit = Callable[[Path], None]


def type_in(repo: Path, fix: str, solved: Path, by_hand: Edit) -> None:
    """Do what every line of ``fix`` says.

    A run of the pipeline, which would train on nothing here, leaves what ``solved`` has.
    What pip installs is an empty package in ``site-packages`` beside the repository. ``by_hand``
    is what a person does on reading edits that are told in words.
    """
    lines, is_edited, runs = fix.splitlines(), False, "dvc repro" in fix
    while lines:
        line = lines.pop(0)
        edit = re.match(
            r"# (\S+): (?:below line (\d+) add:|delete lines? (\d+)(?: to (\d+))?$)", line
        )
        if edit and edit[2]:
            added = []
            while lines and re.match(r"#  |# \w+:(?: |$)", lines[0]):
                added.append(lines.pop(0).removeprefix("# "))
            _replace(repo / edit[1], int(edit[2]), int(edit[2]), added)
        elif edit:
            first, last = int(edit[3]), int(edit[4] or edit[3])
            _replace(repo / edit[1], first - 1, last, [])
        elif renamed := re.match(r"# (\S+), line (\d+): write  (.+)  in place of  (.+)$", line):
            _rename(repo / renamed[1], int(renamed[2]), renamed[4], renamed[3])
        elif line.startswith(_OTHER_WAYS):
            continue  # another way out, of which the lines below are not a part
        elif line.startswith("# "):
            if not is_edited:
                by_hand(repo)
            is_edited = True
        else:
            _command(repo, line, solved, runs=runs)


def _repro(repo: Path, words: list[str], solved: Path) -> None:
    """Run the stages that DVC would: one alone, one with those above it, or all."""
    names = {word for word in words if not word.startswith("-")}
    project = read(repo)
    if "--single-item" not in words:
        for _ in project.stages:
            names |= {maker for maker, user in project.edges if user in names}
    ran = [one for one in project.stages if one.cmd and (not names or one.name in names)]
    for out in (out for stage in ran for out in stage.outs):
        source, target = solved / out.path, repo / out.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)
        elif source.exists():
            finished.write(target, source.read_bytes())
    finished.record(repo, *(stage.name for stage in ran))


def _replace(path: Path, first: int, last: int, new: list[str]) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[first:last] = new
    finished.write(path, "\n".join(lines) + "\n")


def _rename(path: Path, number: int, old: str, new: str) -> None:
    line = path.read_text("utf-8").splitlines()[number - 1]
    assert old in line
    _replace(path, number - 1, number, [line.replace(old, new, 1)])


def _command(repo: Path, line: str, solved: Path, *, runs: bool) -> None:
    words = shlex.split(line)
    if words[:2] == ["dvc", "repro"]:
        _repro(repo, words[2:], solved)
    elif words[:2] == ["pip", "install"]:
        module = words[2].replace("-", "_")
        finished.write(repo.parent / "site-packages" / module / "__init__.py", "")
        importlib.invalidate_caches()
    elif words[:2] == ["git", "commit"]:
        may_be_empty = ["--allow-empty"] * runs  # a run may leave the very same bytes
        run(repo, "git", "commit", "--quiet", *may_be_empty, *words[2:])
    else:
        run(repo, *words)
