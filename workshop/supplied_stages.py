"""The parts of dvc.yaml that lessons supply, for the attendee to complete: ``grader supply``.

``lessons/stages/STAGE.yaml`` is what is supplied of a stage. ``BLANK-1``, ``BLANK-2``, … stand for
what the attendee fills in; some blocks have a mistake that the lesson leads to.
"""

import re
from pathlib import Path
from typing import Any

from dvcstate.documents import reader
from dvcstate.errors import FileError, ProjectError
from workshop.course.manifest import LESSONS_DIR

STAGES_DIR = LESSONS_DIR / "stages"
_FILE = "dvc.yaml"
_BLANK = re.compile(r"\bBLANK-\d+\b")
_TOP_LEVEL = re.compile(r"^[^\s#]", re.MULTILINE)
_STAGES_LINE = re.compile(r"^stages:[^\S\n]*(#.*)?\n", re.MULTILINE)
_NO_STAGES = re.compile(r"^stages:[^\S\n]*(?:\{[^\S\n]*\}|null|~)", re.MULTILINE)


class SupplyError(ProjectError):
    """The stage could not be added."""


def supply(repo: Path, stage: str) -> str:
    """Add what is supplied of ``stage`` to dvc.yaml in ``repo``; says what is left to fill in.

    A ProjectError where nothing is supplied of it, dvc.yaml has it already, or dvc.yaml cannot be
    read or written: then the file is as it was.
    """
    source = _source(stage)
    if not (repo / ".dvc").is_dir():
        parents = enumerate(repo.resolve().parents, 1)
        above = next((count for count, folder in parents if (folder / ".dvc").is_dir()), 0)
        way = f"cd {'/'.join(['..'] * above)}" if above else "cd my-workshop, or type dvc init"
        raise SupplyError("there is no .dvc in this folder", way)
    block = source.read_text("utf-8")
    path = repo / _FILE
    raw = reader.read_bytes(path, _FILE) if path.exists() else b"stages:\n"
    new_text = _with_block(reader.decode(raw, _FILE), block, stage)
    try:
        path.write_text(new_text, "utf-8", newline="\r\n" if b"\r\n" in raw else "\n")
    except OSError as error:
        raise FileError(
            f"cannot be written: {error.strerror}", "make it writable", path=_FILE
        ) from None
    blanks = sorted(set(_BLANK.findall(block)))
    left = f"{', '.join(blanks)}: fill them in." if blanks else "Read it there; the lesson goes on."
    return f"{_FILE} has the stage {stage} now, below the others. {left}\n"


def _source(stage: str) -> Path:
    sources = {path.stem: path for path in STAGES_DIR.glob("*.yaml")}
    if stage not in sources:
        raise SupplyError(f"no lesson supplies {stage!r}", f"one of {', '.join(sorted(sources))}")
    return sources[stage]


def _with_block(text: str, block: str, stage: str) -> str:
    """``text`` with ``block`` below its other stages; a ProjectError where that cannot be done."""
    stages = _stages(text)
    if stage in stages:
        raise SupplyError(
            f"{_FILE} has the stage {stage} already",
            f"edit it there; to begin it again: dvc remove {stage}",
        )
    if not stages:
        text = _NO_STAGES.sub("stages:", text)
        text += "\n" * bool(text and not text.endswith("\n"))
        text += "stages:\n" * (_STAGES_LINE.search(text) is None)
    heading = _STAGES_LINE.search(text)
    following = _TOP_LEVEL.search(text, heading.end()) if heading else None
    place = following.start() if following else len(text)
    before = text[:place].rstrip("\n") + "\n"
    new_text = before + block + text[place:]
    added = reader.parse(f"stages:\n{block}", _FILE)["stages"]
    try:
        is_added = _stages(new_text) == stages | added
    except ProjectError:
        is_added = False
    if not is_added:
        raise SupplyError(
            f"{_FILE} is not written as DVC writes it, with two spaces in front of each stage",
            "indent each stage by two spaces below stages:, then type it again",
        )
    return new_text


def _stages(text: str) -> dict[str, Any]:
    document = reader.parse(text, _FILE)
    stages = document.get("stages", {}) if isinstance(document, dict) else None
    if not isinstance(stages, dict | None) or not isinstance(document, dict):
        raise SupplyError(
            f"{_FILE} is no list of stages by their names, below stages:",
            f"begin it again with a line stages: (git diff {_FILE} shows what is in it)",
        )
    return stages or {}
