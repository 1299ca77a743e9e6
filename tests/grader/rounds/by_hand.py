"""What a person does who reads an edit or a note that is told in words.

Each function does by hand what a step says. A step that none of them knows is a failure: whoever
reads it could not do it either, or a function for it is missing.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from grader.step import Edit, Note
from tests.grader import finished


class UnknownStepError(Exception):
    """Nobody knows how to do that by hand."""


def change(repo: Path, edit: Edit, originals: Mapping[str, bytes]) -> None:
    """Do an edit whose text says what to change; ``originals`` are the files before any slip."""
    for pattern, do in _CHANGES:
        match = re.fullmatch(pattern, edit.text or "", re.DOTALL)
        if match:
            do(repo, edit, match)
            return
    _undo_the_slip(repo, edit.file, originals)


def _replace_in_line(repo: Path, edit: Edit, match: "re.Match[str]") -> None:
    """write  NEW  in place of  OLD"""
    lines = (repo / edit.file).read_bytes().decode("utf-8").splitlines(keepends=True)
    at = (edit.line or 0) - 1
    if match[2] not in lines[at]:
        raise UnknownStepError(f"{edit.file}, line {edit.line} has no {match[2]!r}")
    lines[at] = lines[at].replace(match[2], match[1], 1)
    finished.write(repo / edit.file, "".join(lines).encode())


def _delete_entry(repo: Path, edit: Edit, match: "re.Match[str]") -> None:
    """delete ENTRY from SECTION"""

    def delete(stage: dict[str, Any]) -> None:
        stage[match[2]] = [item for item in stage[match[2]] if _name(item) != match[1]]
        if not stage[match[2]]:
            del stage[match[2]]

    _edit_stage(repo, edit, delete)


def _name(item: Any) -> str:
    return next(iter(item)) if isinstance(item, dict) else str(item)


def _add_entry(repo: Path, edit: Edit, match: "re.Match[str]") -> None:
    """add ENTRY to SECTION"""
    entry = yaml.safe_load(match[1])
    _edit_stage(repo, edit, lambda stage: stage.setdefault(match[2], []).append(entry))


def _write_command(repo: Path, edit: Edit, match: "re.Match[str]") -> None:
    """cmd: COMMAND"""
    _edit_stage(repo, edit, lambda stage: stage.update(cmd=match[1]))


def _edit_stage(repo: Path, edit: Edit, do: Callable[[dict[str, Any]], object]) -> None:
    document = yaml.safe_load((repo / edit.file).read_text("utf-8"))
    do(document["stages"][edit.stage])
    text = yaml.safe_dump(document, sort_keys=False, width=1000)
    finished.write(repo / edit.file, text)


def _move_stage(repo: Path, edit: Edit, match: "re.Match[str]") -> None:
    """move the stage NAME to the dvc.yaml of the root"""
    source = yaml.safe_load((repo / edit.file).read_text("utf-8"))
    target = yaml.safe_load((repo / "dvc.yaml").read_text("utf-8"))
    target["stages"][match[1]] = source["stages"].pop(match[1])
    for file, document in ((edit.file, source), ("dvc.yaml", target)):
        finished.write(repo / file, yaml.safe_dump(document, sort_keys=False, width=1000))


def _write_paths(repo: Path, edit: Edit, match: "re.Match[str]") -> None:
    """write its paths as PATH, PATH"""
    by_name = {path.rpartition("/")[2]: path for path in match[1].split(", ")}

    def write(stage: dict[str, Any]) -> None:
        for section in ("deps", "outs"):
            if section in stage:
                names = (_name(item).rpartition("/")[2] for item in stage[section])
                stage[section] = [by_name[name] for name in names]

    _edit_stage(repo, edit, write)


def _keep_one_side(repo: Path, edit: Edit, _match: "re.Match[str]") -> None:
    """keep one side of each conflict, …"""
    text = (repo / edit.file).read_text("utf-8")
    kept = re.sub(r"(?ms)^<<<<<<< .*?\n(.*?)^=======\n.*?^>>>>>>> .*?\n", r"\1", text)
    finished.write(repo / edit.file, kept)


_CHANGES: tuple[tuple[str, Callable[[Path, Edit, "re.Match[str]"], None]], ...] = (
    (r"write  (.+)  in place of  (.+)", _replace_in_line),
    (r"delete (\S+) from (\w+)", _delete_entry),
    (r"add (\S.*) to (\w+)", _add_entry),
    (r"cmd: (.+)", _write_command),
    (r"move the stage (\S+) to the dvc.yaml of the root", _move_stage),
    (r"write its paths as (.+)", _write_paths),
    (r"keep one side of each conflict.*", _keep_one_side),
)


def _undo_the_slip(repo: Path, file: str, originals: Mapping[str, bytes]) -> None:
    """A person who reads that a file cannot be read, or lacks a line, finds the slip in it."""
    if file not in originals:
        raise UnknownStepError(f"{file} was not there before the slip")
    if (repo / file).is_file() and (repo / file).read_bytes() == originals[file]:
        raise UnknownStepError(f"{file} is as before the slip, and is to be edited")
    finished.write(repo / file, originals[file])


def heed(note: Note) -> None:
    """A note is read. What it asks of others is asked in vain."""
