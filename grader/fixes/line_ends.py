"""Steps that give code the same line ends on every system."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from grader import fixes
from grader.facts.repository import Repository
from grader.stages.line_ends import files_with_crlf
from grader.stages.lookup import LOCK
from grader.stages.storage import uncached_outs
from grader.step import Step

_FILE = ".gitattributes"
_LINE = "* text=auto eol=lf"
_LISTED = 4
"""More files are named by their folder and the end of their names: the command stays short."""


def normalize_line_ends(repository: Repository) -> tuple[Step, ...]:
    """Let git write LF everywhere, write LF into what the stages read, and run what ran on CRLF."""
    stages = [stage for stage in repository.worktree.project.stages if stage.cmd]
    files = files_with_crlf(repository, stages)
    tops = dict.fromkeys(path.split("/")[0] for path in files)
    return (
        *_state_line_ends(repository),
        *([_convert(files)] if files else []),
        *([fixes.command("git", "add", "--renormalize", *tops)] if files else []),
        fixes.command("dvc", "repro"),
        *fixes.commit([_FILE, LOCK, *uncached_outs(*stages)], "Write LF on every system"),
    )


def _state_line_ends(repository: Repository) -> Iterator[Step]:
    """The line in .gitattributes, in the folder's or as it was committed."""
    here, head = (s.text(_FILE) or "" for s in (repository.worktree, repository.head))
    if "eol=lf" in here:
        return
    if "eol=lf" in head and not here:
        yield fixes.command("git", "checkout", "HEAD", "--", _FILE)
        return
    line = fixes.literal(_LINE if not here or here.endswith("\n") else f"\n{_LINE}")
    place = fixes.literal(_FILE)
    yield fixes.python(f"print({line}, file=open({place}, 'a', encoding='utf-8', newline=chr(10)))")


def _convert(files: list[str]) -> Step:
    """A program that writes LF for CRLF in text files alone."""
    edit = "p.write_bytes(p.read_bytes().replace(bytes([13, 10]), bytes([10])))"
    if len(files) <= _LISTED:
        paths = ", ".join(map(fixes.literal, files))
        return fixes.python(f"import pathlib; [{edit} for p in map(pathlib.Path, [{paths}])]")
    kinds = dict.fromkeys((path.split("/")[0], PurePosixPath(path).suffix) for path in files)
    pairs = ", ".join(
        f"({fixes.literal(top)}, {fixes.literal(f'*{suffix}')})" for top, suffix in kinds
    )
    return fixes.python(
        f"import pathlib; [{edit} for d, n in [{pairs}] for p in pathlib.Path(d).rglob(n)"
        " if p.is_file()]"
    )
