"""Files that are UTF-16, as PowerShell's ``>`` and its ``Out-File`` write them."""

from collections.abc import Iterable, Iterator

from grader import fixes
from grader.facts.encodings import has_utf16_lines, utf16_codec
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
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
UTF16_CODES = (*dict.fromkeys(_CODES.values()), "stage-missing")
_READ_BY_GIT = (".gitignore", ".gitattributes")
_MIXED = "mixed"
_NAMES = (*_READ_BY_GIT, ".dvcignore", "dvc.yaml", LOCK, PARAMS_FILE)
_ENDS = (".dvc", ".py", *_NAMES)


def utf16_config_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a config of DVC's in UTF-16: every dvc command stops there."""
    paths = [CONFIG] if snapshot.revision == "HEAD" else [CONFIG, LOCAL]
    return _finding(repository, snapshot, paths)


def utf16_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on files in UTF-16 that git, DVC or Python reads."""
    known = dict.fromkeys([*_NAMES, *repository.committed_files, *repository.tracked_files])
    return _finding(repository, snapshot, (path for path in known if path.endswith(_ENDS)))


def _finding(repository: Repository, snapshot: Snapshot, paths: Iterable[str]) -> Finding | None:
    codecs = {
        path: codec
        for path in paths
        if (content := _content(repository, snapshot, path)) and (codec := _codec(content))
    }
    if not codecs:
        return None
    first, names = next(iter(codecs)), fixes.join(codecs)
    are = "is" if len(codecs) == 1 else "are"
    what = f"{are} UTF-16, as PowerShell writes it with >"
    if codecs[first] == _MIXED:
        what = "has lines in UTF-16, as PowerShell adds them with >>"
    reader = "git" if first.endswith(_READ_BY_GIT) else "Python" if first.endswith(".py") else "DVC"
    ends = [end for end in _CODES if first == end or first.endswith(end)]
    return Finding(
        _CODES[ends[0]] if ends else "stage-missing",
        f"{names} {what}, and {reader} reads UTF-8: to {reader} that is no text.",
        "text in UTF-8",
        f"{names} in UTF-16",
        (*_write_as_utf8(codecs), *_commit(repository, [*codecs])),
        tuple(Evidence(snapshot.revision, path, 1) for path in codecs),
    )


def _codec(content: bytes) -> str | None:
    """The codec of a text in UTF-16; ``mixed`` where only some of its lines are."""
    return utf16_codec(content) or (_MIXED if has_utf16_lines(content) else None)


def _content(repository: Repository, snapshot: Snapshot, path: str) -> bytes | None:
    """The bytes of a file; of those at HEAD that are no metadata, git is asked."""
    content = snapshot.content(path)
    blob = repository.committed_files.get(path)
    if content is None and blob and snapshot.revision == "HEAD" and repository.git:
        return repository.git.contents([blob.oid]).get(blob.oid)
    return content


def _write_as_utf8(codecs: dict[str, str]) -> Iterator[Step]:
    """One program for bash and PowerShell for the files of each kind; it writes LF."""
    for codec in dict.fromkeys(codecs.values()):
        paths = ", ".join(fixes.literal(path) for path, own in codecs.items() if own == codec)
        text = f"p.read_text({fixes.literal(codec)}).encode()"
        if codec == _MIXED:  # each letter of these lines has a NUL behind it
            text = "p.read_bytes().replace(bytes(1), bytes()).replace(bytes([13]), bytes())"
        edit = f"p.write_bytes({text})"
        yield fixes.python(f"import pathlib; [{edit} for p in map(pathlib.Path, [{paths}])]")


def _commit(repository: Repository, paths: list[str]) -> tuple[Step, ...]:
    """A commit, where HEAD has any of them in UTF-16 too."""
    contents = (_content(repository, repository.head, path) for path in paths)
    if not any(content and _codec(content) for content in contents):
        return ()
    return fixes.commit(paths, "Write text in UTF-8")
