"""Steps that bring back the data of a .dvc file as it records it."""

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.stages.recorded_data import are_cached
from grader.stages.storage import files_at_head
from grader.step import Step


def restore_added(repository: Repository, stage: Stage, *options: str) -> tuple[Step, ...]:
    """From the cache or the remote; ``options`` are those of ``dvc checkout``.

    ``dvc checkout`` passes over an out with ``cache: false`` in silence: git has that. Where git
    has none, it is given to DVC, whose cache may be older than that line.
    """
    md5s = [out.recorded.md5 or "" for out in stage.outs]
    name = "checkout" if are_cached(repository, md5s) else "pull"
    checkout = fixes.command("dvc", name, *options, stage.file)
    uncached = [out.path for out in stage.outs if not out.cache]
    if not uncached:
        return (checkout,)
    if all(files_at_head(repository, path) for path in uncached):
        return (fixes.command("git", "checkout", "HEAD", "--", *uncached),)
    line = repository.worktree.line(stage.file, "cache: false")
    edit = fixes.change(stage.file, "write  cache: true  in place of  cache: false", line=line)
    return edit, checkout, *fixes.commit([stage.file], "Leave the data to DVC")
