"""Lesson ``init``: a git repository with DVC in it, whose files can be read."""

from pathlib import Path

from dvcstate import ProjectError
from dvcstate.config import config_schema
from dvcstate.errors import ConfigError, ErrorKind, NotAProjectError
from grader import fixes
from grader.checks.encodings import config_encoding_finding
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.git_files import commit_unstaged, sound_checkout, unignore
from grader.fixes.merges import settle
from grader.stages.lookup import LOCK
from grader.step import Step
from workshop.shell import command_line


@check("init.git", "not-a-repository", committed_only=True)
def folder_is_a_git_repository(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The folder is a git repository with a commit.

    DVC keeps small files in git and large ones outside of it. Without a commit there is nothing
    that a colleague could clone.
    """
    if repository.commit:
        return None
    where = (Evidence("worktree", ".git"),)
    if not repository.start.is_dir():
        return Finding(
            "not-a-repository",
            f"There is no folder {repository.start}: it was moved or deleted, or it has another"
            " name.",
            "the folder of your repository",
            "no folder",
            (fixes.note("put the folder back, or name another one with --repo"),),
        )
    if repository.git is None:
        has_dvc = (repository.root / ".dvc").is_dir()
        return Finding(
            "not-a-repository",
            "This folder is in no git repository, or in a bare one: nobody can clone your work.",
            "a git repository with a commit",
            "no git repository with a working folder",
            _enter_below(repository.start)
            or (
                fixes.note("in the wrong folder? cd to yours first"),
                fixes.command("git", "init"),
                fixes.command(*(("git", "add", ".dvc") if has_dvc else ("dvc", "init"))),
                fixes.commit_staged("Start with DVC"),
            ),
            where,
        )
    return Finding(
        "not-a-repository",
        "The git repository has no commit yet: a clone of it would be empty.",
        "at least one commit",
        "HEAD names no commit",
        (fixes.command("git", "add", "."), fixes.commit_staged("Start")),
        where,
    )


def _enter_below(folder: Path) -> tuple[Step, ...]:
    """The way into a repository of the workshop that is right below, if there is one."""
    try:
        names = [path.parent.name for path in folder.glob("*/workshop.toml")]
    except OSError:
        return ()
    names = sorted(filter(str.isprintable, names))  # a command is one line of text
    if not names:
        return ()
    return (fixes.note(f"your repository is in {names[0]}: {command_line(('cd', names[0]))}"),)


@check("init.dvc", "not-a-repository", requires=("init.git",), committed_only=True)
def dvc_is_initialised(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """DVC is initialised and its config is committed.

    A folder is a DVC repository by its .dvc/config; only what is committed reaches others.
    """
    if ".dvc/config" in repository.committed_files:
        return None
    is_there = repository.worktree.content(".dvc/config") is not None
    is_staged = repository.is_staged(".dvc/config")  # as dvc init leaves it
    added = [] if is_staged else [".dvc", ".dvcignore"]
    commit = commit_unstaged(repository, added, "Initialise DVC")
    if is_there:
        steps = commit
    elif (repository.root / ".dvc").is_dir():
        steps = _restore_config(repository)
    else:
        steps = (fixes.command("dvc", "init"), *commit)
    return Finding(
        "not-a-repository",
        "DVC is initialised here, but that is not committed: a clone has no DVC."
        if is_there
        else "This git repository knows nothing of DVC yet.",
        ".dvc/config at HEAD",
        "it is in your folder only" if is_there else "it is absent",
        steps,
        (Evidence("HEAD", ".dvc/config"),),
        awaits_commit=is_there,
        is_lesson_task=not is_there,
    )


def _restore_config(repository: Repository) -> tuple[Step, ...]:
    """The config as it was committed once, else an empty one, which is one of DVC's too.

    dvc init stops where a .dvc is, and with --force deletes it, the cache included.
    """
    path = ".dvc/config"
    commits = repository.git.commits(f"{repository.prefix}{path}", 1) if repository.git else []
    if commits:
        steps = [fixes.command("git", "checkout", f"{commits[0][:10]}~1", "--", path)]
    else:
        steps = [fixes.python(f"open({fixes.literal(path)}, 'a').close()")]
    return *steps, *fixes.commit([path], "Bring back DVC's config")


@check("init.config", "not-a-repository", requires=("init.dvc",))
def config_can_be_read(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """DVC can read its config.

    A line of .dvc/config or .dvc/config.local that DVC does not know, and every dvc command stops.
    What stands in a config of yours outside of the repository is no part of it.
    """
    path = ".dvc/config"
    if snapshot.revision == "worktree" and snapshot.content(path) is None:
        return _gone_config(repository)
    if finding := config_encoding_finding(repository, snapshot):
        return finding
    try:
        wrong = config_schema.problem(snapshot.config)
    except ConfigError as error:
        if error.kind is ErrorKind.NO_ACCESS:  # nothing in the file is wrong
            raise
        return _unreadable(repository, snapshot, error, "not-a-repository")
    if wrong is None or wrong.kind is ErrorKind.UNSUPPORTED_URL:
        return _local_config(repository)
    line = snapshot.line(path, wrong.section, wrong.key) if wrong.key else None
    refused = ConfigError(wrong.message, "mend or delete that line", path=path, line=line)
    return _unreadable(repository, snapshot, refused, "not-a-repository")


def _gone_config(repository: Repository) -> Finding | None:
    """The finding on a config that is committed, says something, and is gone from the folder."""
    path = ".dvc/config"
    # Without .dvc there is no repository at all, which the next check reports.
    if not repository.head.content(path) or not (repository.root / ".dvc").is_dir():
        return None
    return Finding(
        "not-a-repository",
        f"{path} is committed, and gone from your folder: here DVC knows no remote.",
        f"{path} in your folder",
        "it is absent",
        (fixes.command("git", "checkout", "HEAD", "--", path),),
        (Evidence("worktree", path),),
    )


def _local_config(repository: Repository) -> Finding | None:
    """What DVC refuses in config.local; of configs outside of the repository nobody can tell."""
    try:
        _ = repository.remote_options  # reads every config
        return None
    except ConfigError as error:
        if error.kind is ErrorKind.UNSUPPORTED_URL:
            return None
        if error.path != ".dvc/config.local":
            raise
        line = f", line {error.line}" if error.line else ""
        return Finding(
            "not-a-repository",
            f"{error.path}{line} cannot be read: {error.problem}. Every dvc command stops there.",
            "a file that DVC reads",
            str(error),
            (fixes.change(error.path, "mend or delete what stands there", line=error.line),),
            (Evidence("worktree", error.path, error.line),),
        )


@check(
    "init.readable",
    "lock-inconsistent",
    "lock-uncommitted",
    "dvcignore-hides-data",
    "stage-missing",
    "not-a-repository",
    requires=("init.names",),
)
def project_files_can_be_read(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """DVC can read dvc.yaml, dvc.lock and the .dvc files.

    One line that is not YAML, or one entry that DVC does not know, and every dvc command stops.
    """
    if snapshot.revision == "HEAD" and repository.lost_vars_files:
        raise BlockedError("data.committed")
    try:
        _ = snapshot.project  # reads them
        return None
    except ConfigError as error:
        if error.kind is not ErrorKind.UNSUPPORTED_URL:
            raise
        raise BlockedError("remote.url") from None  # which reports it, with the remote's name
    except NotAProjectError:
        return Finding(
            "not-a-repository",
            "The folder .dvc is committed, and gone from your folder: no dvc command works here.",
            ".dvc in your folder",
            "it is absent",
            (fixes.command("git", "checkout", "HEAD", "--", ".dvc"),),
            (Evidence("worktree", ".dvc/config"),),
        )
    except ProjectError as error:
        return _unreadable(repository, snapshot, error, _code(error))


def _code(error: ProjectError) -> str:
    if (error.path or "").endswith("dvc.lock"):
        is_ignored = error.kind is ErrorKind.IGNORED_BY_GIT
        return "lock-uncommitted" if is_ignored else "lock-inconsistent"
    is_of_dvcignore = error.kind in (ErrorKind.NESTED_DVCIGNORE, ErrorKind.OUT_IN_DVCIGNORE)
    return "dvcignore-hides-data" if is_of_dvcignore else "stage-missing"


def _unreadable(
    repository: Repository, snapshot: Snapshot, error: ProjectError, code: str
) -> Finding:
    path = error.path or "dvc.yaml"
    line = f", line {error.line}" if error.line else ""
    column = f", column {error.column}" if error.line and error.column else ""
    # dvcstate's problems follow a colon: some are sentences, some lack their subject, the file.
    problem = f"{'it ' * error.problem.startswith(('is ', 'has '))}{error.problem}"
    clones = ", and so does everybody who clones" if snapshot.revision == "HEAD" else ""
    return Finding(
        code,
        f"{path}{line}{column} cannot be read: {problem}. Every dvc command stops there{clones}."
        " Most checks wait until it is mended, and their points with them.",
        "a file that DVC reads",
        str(error),
        _mend(repository, snapshot, path, error, code),
        (Evidence(snapshot.revision, path, error.line),),
    )


def _mend(
    repository: Repository, snapshot: Snapshot, path: str, error: ProjectError, code: str
) -> tuple[Step, ...]:
    """A lock is taken from git or written anew, out of DVC's memory of its runs; others are edited.

    Where HEAD's can be read there is nothing to commit yet: what was typed is typed again first.
    """
    is_new = snapshot.revision == "worktree"
    if is_new and path in repository.unmerged_files:
        return _end_merge(repository)
    if code == "lock-inconsistent":
        if is_new and path in repository.committed_files:
            checkout = fixes.command("git", "checkout", "HEAD", "--", path)
            return checkout, fixes.command("dvc", "repro")
        return _write_lock_anew(repository, path)
    if code == "lock-uncommitted":
        edits, edited = unignore(repository, [path])
        return *edits, *fixes.commit([*edited, path], f"Commit {path}", force=True)
    remedy, *hints = error.remedies
    edit = fixes.change(path, remedy, line=error.line)
    if not is_new and repository.worktree.content(path) is None:  # there is nothing to edit
        back = sound_checkout(repository, path)
        steps = (back,) if back else (fixes.command("git", "checkout", "HEAD", "--", path), edit)
        return *steps, *fixes.commit([path], f"Mend {path}")
    if not is_new and _can_be_read(repository.worktree):
        return fixes.commit([path], f"Mend {path}")
    if is_new:
        hints.append("save it, and type again what you typed")
        return edit, *map(fixes.note, hints)
    return edit, *map(fixes.note, hints), *fixes.commit([path], f"Mend {path}")


def _write_lock_anew(repository: Repository, path: str) -> tuple[Step, ...]:
    """From its newest version that can be read, else without the lock.

    Where it is deleted and none came, or one of some stages, the run stopped at something else:
    that is told of as soon as HEAD can be read, which is so without a lock, and with that one.
    """
    if repository.worktree.content(path) is None:
        return (
            fixes.command("git", "rm", "--quiet", "--cached", path),
            fixes.commit_staged("Take out the lock that nobody can read"),
        )
    commit = fixes.commit([path], "Write the lock anew")
    if _can_be_read(repository.worktree):
        return commit
    first = sound_checkout(repository, path) or fixes.python(
        f"import os; os.remove({fixes.literal(path)})"
    )
    return first, fixes.command("dvc", "repro"), *commit


def _can_be_read(snapshot: Snapshot) -> bool:
    return not snapshot.is_unreadable


def _end_merge(repository: Repository) -> tuple[Step, ...]:
    """The end of a merge that stopped."""
    unmerged = repository.unmerged_files
    commit = fixes.commit(dict.fromkeys([*unmerged, LOCK]), "Merge")
    return *settle(repository, unmerged), fixes.command("dvc", "repro"), *commit
