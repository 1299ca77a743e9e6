"""Text in UTF-16, as PowerShell 5 writes it, and with a byte order mark, as Notepad does."""

import codecs
from pathlib import Path

from tests.grader import finished
from tests.grader.gallery.changes import append, read_text, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


def _write_utf16(repo: Path, path: str) -> None:
    """As ``>`` of PowerShell 5, with the line ends of Windows."""
    text = read_text(repo, path).replace("\n", "\r\n")
    finished.write(repo / path, text.encode("utf-16"))


@mistake("stage-missing")
def pipeline_is_utf16(repo: Path) -> None:
    _write_utf16(repo, "dvc.yaml")
    save(repo)


@mistake("stage-missing")
def params_and_dvc_file_are_utf16(repo: Path) -> None:
    _write_utf16(repo, "params.yaml")
    _write_utf16(repo, "data/raw.dvc")
    save(repo)


@mistake("stage-missing")
def pipeline_is_utf16_in_the_folder_alone(repo: Path) -> None:
    _write_utf16(repo, "dvc.yaml")


@mistake("lock-inconsistent")
def lock_is_utf16(repo: Path) -> None:
    _write_utf16(repo, "dvc.lock")
    save(repo)


@mistake("not-a-repository")
def config_is_utf16(repo: Path) -> None:
    _write_utf16(repo, ".dvc/config")
    save(repo)


@mistake("not-a-repository")
def config_begins_with_a_byte_order_mark(repo: Path) -> None:
    path = repo / ".dvc" / "config"
    finished.write(path, codecs.BOM_UTF8 + path.read_bytes())
    save(repo)


@mistake("dvc-stops")
def dvcignore_is_utf16(repo: Path) -> None:
    _write_utf16(repo, ".dvcignore")
    save(repo)


@mistake("line-endings")
def gitattributes_are_utf16(repo: Path) -> None:
    _write_utf16(repo, ".gitattributes")
    save(repo)


@mistake("stage-wrong-command")
def module_is_utf16(repo: Path) -> None:
    _write_utf16(repo, "pipeline/train/__main__.py")
    save(repo)


@mistake("gitignore-lost")
def gitignore_is_utf16(repo: Path) -> None:
    _write_utf16(repo, "data/.gitignore")
    run(repo, "git", "add", "data/.gitignore")
    run(repo, "git", "commit", "--quiet", "--message", "Write it in PowerShell")


@mistake("gitignore-lost")
def line_was_added_to_gitignore_in_utf16(repo: Path) -> None:
    """As ``>>`` of PowerShell 5 adds it to any file."""
    append(repo, ".gitignore", "")
    path = repo / ".gitignore"
    finished.write(path, path.read_bytes() + "notes.txt\r\n".encode("utf-16-le"))
    save(repo)
