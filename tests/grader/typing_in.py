"""Typing what a fix says: its commands as they stand, its edits as it tells them."""

import importlib
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.grader import finished
from tests.repositories import run

RESULTS = ("data/preprocess", "models", "results")
Edit = Callable[[Path], None]


def type_in(repo: Path, fix: str, solved: Path, by_hand: Edit) -> None:
    """Do what every line of ``fix`` says.

    A run of the pipeline, which would train on nothing here, leaves what ``solved`` has.
    What pip installs is an empty package in ``site-packages`` beside the repository. ``by_hand``
    is what a person does on reading edits that are told in words.
    """
    lines, is_edited = fix.splitlines(), False
    while lines:
        line = lines.pop(0)
        edit = re.match(
            r"# (\S+): (?:below line (\d+) add:|delete lines? (\d+)(?: to (\d+))?$)", line
        )
        if edit and edit[2]:
            added = []
            while lines and re.match(r"#  ", lines[0]):
                added.append(lines.pop(0).removeprefix("# "))
            _replace(repo / edit[1], int(edit[2]), int(edit[2]), added)
        elif edit:
            first, last = int(edit[3]), int(edit[4] or edit[3])
            _replace(repo / edit[1], first - 1, last, [])
        elif line.startswith("# "):
            if not is_edited:
                by_hand(repo)
            is_edited = True
        else:
            _command(repo, line, solved)


def _replace(path: Path, first: int, last: int, new: list[str]) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[first:last] = new
    finished.write(path, "\n".join(lines) + "\n")


def _command(repo: Path, line: str, solved: Path) -> None:
    words = shlex.split(line)
    if words[:2] == ["dvc", "repro"]:
        for name in RESULTS:
            shutil.copytree(solved / name, repo / name, dirs_exist_ok=True)
        finished.record(repo)
    elif words[:2] == ["pip", "install"]:
        module = words[2].replace("-", "_")
        finished.write(repo.parent / "site-packages" / module / "__init__.py", "")
        importlib.invalidate_caches()
    elif words[:2] == ["git", "commit"]:
        run(repo, "git", "commit", "--quiet", "--allow-empty", *words[2:])
    else:
        run(repo, *words)
