"""Where the bytes of an attendee's files are: no fix may leave one of them nowhere."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.repositories import environment

_EDITED = ("dvc.yaml", "dvc.lock", "params.yaml", ".gitignore", ".dvcignore", ".gitattributes")
"""Files that a fix edits on purpose, or that DVC writes."""


def own_files(repo: Path) -> dict[bytes, str]:
    """The bytes of each of the attendee's own files in the folder and in the cache, by path."""
    files = {}
    for path in repo.rglob("*"):
        shown = path.relative_to(repo)
        is_dvcs = path.name in _EDITED or path.suffix == ".dvc" or shown.parts[0] == ".git"
        is_config = shown.parts[0] == ".dvc" and path.name.startswith("config")
        is_config |= shown.parts[:2] == (".dvc", "tmp") and "kept" not in shown.parts
        if path.is_file() and not (is_dvcs or is_config or "__pycache__" in shown.parts):
            files[_content(path.read_bytes())] = shown.as_posix()
    return files


def find_lost(repo: Path, before: dict[bytes, str]) -> list[str]:
    """The files of ``before`` whose bytes are in no folder, cache, remote or object of git."""
    there = {_content(path.read_bytes()) for path in repo.parent.rglob("*") if path.is_file()}
    lost = {content: path for content, path in before.items() if content not in there}
    if lost and (repo / ".git").is_dir():
        there |= set(_blobs(repo))
    return [path for content, path in lost.items() if content not in there]


def _content(content: bytes) -> bytes:
    """A fix for the ends of lines changes these."""
    return content.replace(b"\r\n", b"\n")


def _blobs(repo: Path) -> Iterator[bytes]:
    """Each blob that git has, of a commit or only staged once."""
    words = ("cat-file", "--batch-all-objects", "--batch-check")
    for line in _git(repo, *words).decode().splitlines():
        name, kind, _ = line.split()
        if kind == "blob":
            yield _content(_git(repo, "cat-file", "blob", name))


def _git(repo: Path, *words: str) -> bytes:
    command = ["git", *words]
    done = subprocess.run(
        command, cwd=repo, env=environment(repo), capture_output=True, check=True, timeout=60
    )
    return done.stdout
