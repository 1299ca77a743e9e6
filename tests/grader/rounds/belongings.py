"""What is an attendee's own in a repository, and where it is kept afterwards."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.grader.rounds.room import Room

_DERIVED = (
    "data/preprocess", "models/classifier.weights.h5", "models/history.csv",
    "models/fine_tuning_history.csv", "models/classifier.onnx", "models/classifier.fp32.onnx",
    "results/curves", "results/plots", "results/metrics/test.json",
)  # fmt: skip
"""What stages write: another run writes it again."""
_MENDED = re.compile(
    r"(^|/)(dvc\.(yaml|yml|lock)|Dvc\.yaml|dvc\.lock\.bak|params\.ya?ml|[^/]+\.dvc|\.gitignore|\.dvcignore"
    r"|\.gitattributes|raw\.dvc\.txt|workshop\.toml)$|^\.dvc/"
)
"""What a fix edits: of these, single lines are looked for."""
_OWN_LINE = re.compile(rb"^(# .*mine.*|  \w+: \d+)", re.MULTILINE)
"""A comment of the attendee's, or a value in params.yaml."""


@dataclass(frozen=True)
class Belongings:
    """The contents of own files by path, and own lines in files that a fix edits."""

    files: dict[str, bytes]
    lines: dict[str, set[bytes]]


def find(repo: Path) -> Belongings:
    """What is in the worktree of ``repo`` now."""
    files, lines = {}, {}
    for path, content in _worktree(repo).items():
        if not _MENDED.search(path):
            files[path] = content
        elif path in ("dvc.yaml", "params.yaml"):
            lines[path] = {match[0] for match in _OWN_LINE.finditer(content)}
    return Belongings(files, lines)


def find_lost(room: Room, before: Belongings, edited_by_hand: set[str]) -> list[str]:
    """What is in neither the worktree, nor git, nor the cache, nor the remote."""
    repo = room.repo
    there = {*_worktree(repo).values()}
    blobs = {*room.type("git cat-file --batch-all-objects --batch-check").printed.split()}
    lost = []
    for path, content in before.files.items():
        is_kept = content in there or blobs & {*_blob_names(content)}
        if is_kept or path in edited_by_hand:  # what is mended there, is so on purpose
            continue
        md5 = hashlib.md5(content).hexdigest()
        stores = (repo / ".dvc" / "cache", room.folder / "remote")
        if not any((store / "files" / "md5" / md5[:2] / md5[2:]).exists() for store in stores):
            lost.append(path)
    for path, lines in before.lines.items():
        if path not in edited_by_hand:
            history = room.type(f"git log --all --format= -p -- {path}").printed
            kept = history + "".join(content.decode("utf-8", "replace") for content in there)
            lost += [f"{path}: {line!r}" for line in lines if line.decode() not in kept]
    return lost


def _worktree(repo: Path) -> dict[str, bytes]:
    """The files of the worktree that no stage writes and DVC and git don't keep for themselves."""
    contents = {}
    for parent, folders, names in os.walk(repo):
        below = Path(parent).relative_to(repo).as_posix()
        shown = "" if below == "." else f"{below}/"
        folders[:] = [
            name
            for name in folders
            if name not in (".git", "__pycache__")
            and f"{shown}{name}" not in (*_DERIVED, ".dvc/cache", ".dvc/tmp")
        ]
        for name in names:
            path = f"{shown}{name}"
            place = Path(parent, name)
            if path not in _DERIVED and not name.endswith(".pyc") and place.is_file():
                contents[path] = place.read_bytes()
    return contents


def _blob_names(content: bytes) -> list[str]:
    """The names that git gives it: with the line ends as they are, and as it normalizes them."""
    texts = (content, content.replace(b"\r\n", b"\n"))
    return [hashlib.sha1(b"blob %d\0%b" % (len(t), t)).hexdigest() for t in texts]
