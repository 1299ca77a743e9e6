"""The raw data has the images of the posters that it lists, and about as many as it had before."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dvcstate.documents import yaml12
from grader import fixes
from grader.facts import history
from grader.facts.git import Git
from grader.facts.raw_posters import read_posters
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.ready_steps import put_aside
from grader.stages.lookup import LOCK
from grader.stages.recorded_data import RAW, RAW_PARTS, are_cached
from grader.stages.storage import uncached_outs
from grader.step import Step
from workshop.stages import STAGES

_FILE = f"{RAW}.dvc"
_ABSENT = 0.1
"""The share of the listed images that may be absent: public data sets lack some."""
_LESS = 0.5
"""With a smaller share of the files that an earlier commit had, it may be an accident."""
_VERSIONS = 50
"""The newest commits of data/raw.dvc: a workshop has about five."""
_COUNT = 300
"""The posters of the lessons: ``grader start`` draws as many."""


class _Version(NamedTuple):
    """What a commit's data/raw.dvc records; ``is_cached``: DVC can bring that back."""

    commit: str
    md5: str
    nfiles: int
    is_cached: bool


def partial_data_finding(repository: Repository) -> Finding | None:
    """The finding on raw data without the images that its table lists, or without any row."""
    fault = data_fault(repository)
    if not fault:
        return None
    return Finding(
        "out-wrong",
        f"{RAW} {fault}: what the stages make is of hardly any data.",
        "an image for each row of train.csv",
        fault,
        tuple(_restore(repository)),
        (Evidence("worktree", RAW, value=fault),),
    )


def data_fault(repository: Repository) -> str:
    """What is wrong with the raw data, as a sentence goes on; empty where it is whole."""
    if repository.is_foreign or not (repository.root / RAW).exists():
        return ""
    gone = [part for part in RAW_PARTS if not (repository.root / part).exists()]
    if gone and _is_read(repository, gone):
        return f"lacks {fixes.join(gone)}"
    posters = read_posters(repository.root / RAW)
    if posters is None:
        return ""
    if not posters.listed:
        return "lists no poster in train.csv"
    absent = len(posters.listed) - len(posters.usable)
    if absent > _ABSENT * len(posters.listed):
        return f"lacks the images of {absent} of the {len(posters.listed)} posters in train.csv"
    return ""


def _is_read(repository: Repository, parts: list[str]) -> bool:
    """Whether the code of a stage names one of ``parts``: data of one's own may have others."""
    names = [part.rpartition("/")[2] for part in parts]
    codes = map(repository.worktree.code, STAGES)
    texts = [code.text(path) for code in codes for path in code.imported()]
    return any(f'"{name}"' in text for name in names for text in texts)


def fewer_files_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Advice where the raw data has less than half of the files that it had, on purpose or not."""
    here = None if repository.is_foreign else _version("", snapshot.content(_FILE) or b"")
    fullest = _fullest_version(repository) if here else None
    if not (here and fullest) or here.nfiles >= _LESS * fullest.nfiles:
        return None
    return Finding(
        "out-wrong",
        f"{RAW} has {here.nfiles} files, and had {fullest.nfiles} in an earlier commit. On purpose?"
        " Then nothing has to be done.",
        f"the {fullest.nfiles} files of before, where that was an accident",
        f"{here.nfiles} files",
        tuple(_restore(repository)),
        (Evidence("HEAD", _FILE, value=f"nfiles: {here.nfiles}"),),
        severity="advice",
    )


def _restore(repository: Repository) -> Iterator[Step]:
    """The fullest data that git knows of; where it knows of none, the posters of the lessons."""
    stages = [stage for stage in repository.worktree.project.stages if stage.cmd]
    beside = [LOCK, *uncached_outs(*stages)]
    here = _version("", repository.worktree.content(_FILE) or b"")
    head = _version("HEAD", repository.head.content(_FILE) or b"")
    fullest = _fullest_version(repository)
    if here and head and head.is_cached and head.nfiles > here.nfiles:
        changed = [path for path in beside if path in repository.uncommitted_files]
        yield fixes.command("git", "checkout", "HEAD", "--", _FILE, *changed)
        yield _check_out(repository, head, *[] if changed else [_FILE])
        return
    if here and fullest and fullest.nfiles > here.nfiles:
        yield fixes.command("git", "checkout", fullest.commit[:10], "--", _FILE)
        yield _check_out(repository, fullest, _FILE)
    else:
        if (repository.root / RAW).is_file():  # pipeline.posters writes into a folder alone
            yield put_aside(repository, RAW)
        yield fixes.note(f"data of your own? put it into {RAW} as it was, in place of this line:")
        module = ("python", "-m", "pipeline.posters", RAW)
        yield fixes.command(*module, "--count", str(_COUNT), "--force")
        yield fixes.command("dvc", "add", RAW)
    yield fixes.command("dvc", "repro")
    yield from fixes.commit([_FILE, *beside], "Take the whole raw data")


def _check_out(repository: Repository, version: _Version, *targets: str) -> Step:
    is_cached = are_cached(repository, [version.md5])
    return fixes.command("dvc", "checkout" if is_cached else "pull", "--force", *targets)


def _fullest_version(repository: Repository) -> _Version | None:
    """The newest of those commits of which data/raw.dvc records the most files for the cache."""
    found = history.recall(repository, "cached-raw-data", lambda git: [*_versions(repository, git)])
    versions = [_Version(*entry) for entry in found]
    return max(versions, key=lambda version: version.nfiles, default=None)


def _versions(repository: Repository, git: Git) -> Iterator[_Version]:
    path = f"{repository.prefix}{_FILE}"
    for commit in git.commits(path, _VERSIONS):
        for content in git.versions([commit], path):
            if (version := _version(commit, content)) and version.is_cached:
                yield version


def _version(commit: str, content: bytes) -> _Version | None:
    """What the bytes of a data/raw.dvc record; None where they record nothing."""
    try:
        document: Any = yaml12.load(content.decode("utf-8"))
        out = document["outs"][0]
        is_cached = out.get("cache", True) is not False
        return _Version(commit, str(out["md5"]), int(out.get("nfiles", 0)), is_cached)
    except (yaml12.YAMLError, ValueError, LookupError, TypeError):
        return None
