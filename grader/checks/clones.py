"""Files of which a clone gets other bytes than the stages ran on, by what .gitattributes say."""

from collections.abc import Iterator

from dvcstate import Stage
from grader import fixes
from grader.facts.files import with_lf
from grader.facts.git_attributes import AttributeLine, CloneChange
from grader.facts.repository import Repository
from grader.finding import Evidence, Finding
from grader.stages.lookup import LOCK
from grader.stages.paths import covers
from grader.stages.storage import uncached_outs
from grader.step import Step

_CODE = "line-endings"
_REASONS = {
    "eol": "with CRLF at the ends of lines",
    "text": "with CRLF in place of each LF byte on Windows, though it is no text",
    "ident": "with the number of an object in $Id$",
    "working-tree-encoding": "in another encoding than UTF-8",
    "filter": "as git has it, without the filter of your git config",
}


def clone_finding(repository: Repository, stage: Stage) -> Finding | None:
    """The finding on what ``stage`` reads, where git writes other bytes into a clone.

    What describes the pipeline may have other ends of lines there: DVC reads both.
    """
    changes = _changes(repository, stage) if repository.clone_changes else {}
    if not changes:
        return None
    first, change = next(iter(changes.items()))
    line = change.line
    return Finding(
        _CODE,
        f"{line.file} has {line.text}: a clone gets {fixes.join(changes)}"
        f" {_REASONS[change.attribute]}. DVC sees other bytes there than {stage.name} ran on.",
        "the same bytes in every clone",
        f"{change.attribute} of {first}",
        tuple(_steps(repository)),
        (
            Evidence("HEAD", line.file, line.number, line.text),
            *(Evidence("HEAD", path) for path in [*changes][:3]),
        ),
    )


def _changes(repository: Repository, stage: Stage) -> dict[str, CloneChange]:
    """What ``stage`` reads or leaves to git, and of which a clone has other bytes than it."""
    read = [*(dep.path for dep in stage.deps), *uncached_outs(stage)]
    described = (stage.file, LOCK, *(file.path for file in stage.params))
    found: dict[str, CloneChange] = {}
    for path, change in repository.clone_changes.items():
        here = repository.worktree.content(path)
        if here is None:
            continue
        if any(covers(top, path) for top in read):
            is_other = change.content != here
        elif path in described or path.endswith(".dvc"):
            is_other = with_lf(change.content) != with_lf(here)
        else:
            is_other = False
        if is_other:
            found[path] = change
    return found


def _steps(repository: Repository) -> Iterator[Step]:
    """The lines without such attributes, and git's copies as the files are here."""
    stages = [stage for stage in repository.worktree.project.stages if stage.cmd]
    changes = {path: c for stage in stages for path, c in _changes(repository, stage).items()}
    names: dict[AttributeLine, set[str]] = {}
    for change in changes.values():
        names.setdefault(change.line, set()).add(change.attribute)
    for line in sorted(names, key=lambda line: (line.file, -line.number)):
        path = line.file.removeprefix(repository.prefix)
        here = (repository.worktree.text(path) or "").splitlines()
        if here[line.number - 1 : line.number] != [line.text]:
            continue  # it is edited already, and waits for its commit
        if new := line.without(names[line]):
            text = f"write  {new}  in place of  {line.text}"
            yield fixes.change(path, text, line=line.number)
        else:
            yield fixes.delete(path, line.number)
    files = dict.fromkeys(line.file.removeprefix(repository.prefix) for line in names)
    yield fixes.command("git", "add", *files)
    cleaned = [p for p, c in changes.items() if c.blob != repository.worktree.content(p)]
    if tops := dict.fromkeys(path.split("/")[0] for path in cleaned):
        yield fixes.command("git", "add", "--renormalize", *tops)
    yield fixes.commit_staged("Give clones the bytes that the stages ran on")
