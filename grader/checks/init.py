"""Lesson ``init``: a git repository with DVC in it, whose files can be read."""

from grader.checks import fixes
from grader.facts.view import View
from grader.finding import Evidence, Finding
from grader.registry import check
from workshop.project import ProjectError
from workshop.project.errors import ConfigError, NotAProjectError


@check("init.git", "not-a-repository", committed_only=True)
def folder_is_a_git_repository(view: View) -> Finding | None:
    """The folder is a git repository with a commit.

    DVC keeps small files in git and large ones outside of it. Without a commit there is nothing
    that a colleague could clone.
    """
    facts = view.facts
    if facts.commit:
        return None
    where = (Evidence("worktree", ".git"),)
    if facts.git is None:
        return Finding(
            "not-a-repository",
            "This folder is in no git repository, or in a bare one: nobody can clone your work.",
            "a git repository with a commit",
            "no git repository with a working folder",
            fixes.commands("git init", "dvc init", fixes.committed("Start with DVC")),
            where,
        )
    return Finding(
        "not-a-repository",
        "The git repository has no commit yet: a clone of it would be empty.",
        "at least one commit",
        "HEAD names no commit",
        fixes.commands("git add .", fixes.committed("Start")),
        where,
    )


@check("init.dvc", "not-a-repository", requires=("init.git",), committed_only=True)
def dvc_is_initialised(view: View) -> Finding | None:
    """DVC is initialised and its config is committed.

    A folder is a DVC repository by its .dvc/config; only what is committed reaches others.
    """
    facts = view.facts
    if ".dvc/config" in facts.committed:
        return None
    lies_there = facts.worktree.content(".dvc/config") is not None
    commit = fixes.commit([".dvc", ".dvcignore"], "Initialise DVC")
    return Finding(
        "not-a-repository",
        "DVC is initialised here, but that is not committed: a clone has no DVC."
        if lies_there
        else "This git repository knows nothing of DVC yet.",
        ".dvc/config at HEAD",
        "it is in your folder only" if lies_there else "it is absent",
        commit if lies_there else fixes.commands("dvc init", commit),
        (Evidence("HEAD", ".dvc/config"),),
    )


@check(
    "init.readable",
    "lock-inconsistent",
    "lock-uncommitted",
    "dvcignore-hides-data",
    "remote-url-malformed",
    "stage-missing",
    "not-a-repository",
    requires=("init.dvc",),
)
def project_files_can_be_read(view: View) -> Finding | None:
    """DVC can read dvc.yaml, dvc.lock, the .dvc files and its config.

    One line that is not YAML, or one entry that DVC does not know, and every dvc command stops.
    """
    try:
        _ = view.project  # reads them
        return None
    except ConfigError as error:
        if "Unsupported URL" not in error.problem:
            raise
        return _unreadable(view, error, "remote-url-malformed")
    except NotAProjectError:
        return Finding(
            "not-a-repository",
            "The folder .dvc is committed, and gone from your folder: no dvc command works here.",
            ".dvc in your folder",
            "it is absent",
            "git checkout HEAD -- .dvc",
            (Evidence("worktree", ".dvc/config"),),
        )
    except ProjectError as error:
        return _unreadable(view, error, _code(error))


def _code(error: ProjectError) -> str:
    if (error.path or "").endswith("dvc.lock"):
        ignored = "ignored by git" in error.problem
        return "lock-uncommitted" if ignored else "lock-inconsistent"
    return "dvcignore-hides-data" if ".dvcignore" in error.problem else "stage-missing"


def _unreadable(view: View, error: ProjectError, code: str) -> Finding:
    path = error.path or "dvc.yaml"
    return Finding(
        code,
        f"{path} {error.problem}: DVC stops at it, and so does everybody who clones.",
        "a file that DVC reads",
        str(error),
        error.fix,
        (Evidence(view.source, path, error.line),),
    )
