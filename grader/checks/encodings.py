"""Files in another encoding than UTF-8, as PowerShell's ``>`` and Notepad write them."""

import codecs
from collections.abc import Iterable, Iterator

from grader import fixes
from grader.facts.encodings import has_utf16_lines, utf16_codec
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding, UnknownError
from grader.fixes.remote_edits import CONFIG, LOCAL
from grader.stages.lookup import LOCK
from grader.step import Step
from workshop.stages import PARAMS_FILE

_CODES = {
    ".gitignore": "gitignore-lost",
    ".gitattributes": "line-endings",
    ".dvcignore": "dvc-stops",
    CONFIG: "not-a-repository",
    LOCAL: "not-a-repository",
    LOCK: "lock-inconsistent",
    ".py": "stage-wrong-command",
}
"""What such a file keeps from working, by the end of its name; of all others a stage is missing."""
ENCODING_CODES = (*dict.fromkeys(_CODES.values()), "stage-missing")
_READ_BY_GIT = (".gitignore", ".gitattributes")
_MIXED, _MARKED = "mixed", "utf-8-sig"
_NAMES = (*_READ_BY_GIT, ".dvcignore", "dvc.yaml", LOCK, PARAMS_FILE)
_WITHOUT_MARK = (CONFIG, LOCAL, ".dvcignore")
_ENDS = (".dvc", ".py", *_NAMES)


def config_encoding_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a config of DVC's in UTF-16: every dvc command stops there."""
    paths = [CONFIG] if snapshot.revision == "HEAD" else [CONFIG, LOCAL]
    return _finding(repository, snapshot, paths)


def encoding_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on files in UTF-16 that git, DVC or Python reads."""
    try:
        tracked = repository.tracked_files
    except UnknownError:  # a damaged index, which data.only_dvc reports
        tracked = ()
    known = dict.fromkeys([*_NAMES, *repository.committed_files, *tracked])
    return _finding(repository, snapshot, (path for path in known if path.endswith(_ENDS)))


def _finding(repository: Repository, snapshot: Snapshot, paths: Iterable[str]) -> Finding | None:
    found = {
        path: codec
        for path in paths
        if (content := _content(repository, snapshot, path)) and (codec := _codec(path, content))
    }
    if not found:
        return None
    first, names = next(iter(found)), fixes.join(found)
    are = "is" if len(found) == 1 else "are"
    reader = "git" if first.endswith(_READ_BY_GIT) else "Python" if first.endswith(".py") else "DVC"
    ends = [end for end in _CODES if first == end or first.endswith(end)]
    return Finding(
        _CODES[ends[0]] if ends else "stage-missing",
        f"{names} {_description(found[first], are, reader)}.",
        "text in UTF-8",
        f"{names} in {'UTF-8 with a mark' if found[first] == _MARKED else 'UTF-16'}",
        (*_write_as_utf8(_still_so(repository, found)), *_commit(repository, [*found])),
        tuple(Evidence(snapshot.revision, path, 1) for path in found),
    )


def _still_so(repository: Repository, found: dict[str, str]) -> dict[str, str]:
    """Those of ``found`` that the folder has so, too: what is UTF-8 there waits for its commit."""
    here = {path: repository.worktree.content(path) for path in found}
    return {
        path: codec
        for path, codec in found.items()
        if (content := here[path]) is None or _codec(path, content) == codec
    }


def _description(codec: str, are: str, reader: str) -> str:
    """What is wrong with such a text, as a sentence goes on."""
    if codec == _MARKED:
        return f"{are} UTF-8 with a byte order mark, which {reader} takes for a part of line 1"
    what = f"{are} UTF-16, as PowerShell writes it with >"
    if codec == _MIXED:
        what = "has lines in UTF-16, as PowerShell adds them with >>"
    return f"{what}, and {reader} reads UTF-8: to {reader} that is no text"


def _codec(path: str, content: bytes) -> str | None:
    """The codec of a text in UTF-16; ``mixed`` where only some of its lines are.

    Of UTF-8 with a byte order mark, where DVC takes that for a part of the first line.
    """
    if content.startswith(codecs.BOM_UTF8) and path.endswith(_WITHOUT_MARK):
        return _MARKED
    return utf16_codec(content) or (_MIXED if has_utf16_lines(content) else None)


def _content(repository: Repository, snapshot: Snapshot, path: str) -> bytes | None:
    """The bytes of a file; of one that is not exported from HEAD, those in the folder.

    To ask git for such a blob would cost a process at each grade.
    """
    content = snapshot.content(path)
    if content is None and path in repository.committed_files:
        return repository.worktree.content(path)
    return content


def _write_as_utf8(found: dict[str, str]) -> Iterator[Step]:
    """One program for bash and PowerShell for the files of each kind; it writes LF."""
    for codec in dict.fromkeys(found.values()):
        paths = ", ".join(fixes.literal(path) for path, own in found.items() if own == codec)
        text = f"p.read_text({fixes.literal(codec)}).encode()"
        if codec == _MIXED:  # each letter of these lines has a NUL behind it
            text = "p.read_bytes().replace(bytes(1), bytes()).replace(bytes([13]), bytes())"
        edit = f"p.write_bytes({text})"
        yield fixes.python(f"import pathlib; [{edit} for p in map(pathlib.Path, [{paths}])]")


def _commit(repository: Repository, paths: list[str]) -> tuple[Step, ...]:
    """A commit, where HEAD has any of them in UTF-16 too."""
    contents = ((path, _content(repository, repository.head, path)) for path in paths)
    if not any(content and _codec(path, content) for path, content in contents):
        return ()
    return fixes.commit(paths, "Write text in UTF-8")
