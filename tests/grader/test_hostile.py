"""An attendee's repository is not trusted: nothing in it runs, and nothing of it is changed."""

import hashlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.grader import finished
from tests.grader.command_line import console_script, grader
from tests.grader.gallery import append, save
from tests.repositories import git_object_file, run

FORMATS = ("human", "json", "junit", "gradescope", "github")
MODULES = ("yaml", "rich", "json", "pathspec", "hashlib", "dvc", "fsspec", "onnxruntime", "csv")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that whatever runs would write."""
    return tmp_path / "something-ran"


def plant(repo: Path, marker: Path, *names: str) -> None:
    """Modules and packages that tell when they are imported."""
    code = f"open({str(marker)!r}, 'a').write(__name__)\n"
    for name in names:
        finished.write(repo / f"{name}.py", code)
        finished.write(repo / name / "__init__.py", code)


def test_modules_in_the_repository_are_not_imported(repo: Path, marker: Path) -> None:
    plant(repo, marker, *MODULES, "workshop")
    append(repo, "pipeline/__init__.py", f"open({str(marker)!r}, 'a').write('pipeline')\n")
    done = grader("check", cwd=repo)
    assert done.returncode in (0, 1), done.stderr
    assert not marker.exists(), marker.read_text()


def test_the_console_script_imports_no_grader_of_the_repository(
    repo: Path, marker: Path, tmp_path: Path
) -> None:
    plant(repo, marker, *MODULES, "grader", "workshop", "service")
    done = console_script(tmp_path, "check", cwd=repo)
    assert done.returncode in (0, 1), done.stderr
    assert not marker.exists(), marker.read_text()


Attack = Callable[[Path, str], None]


def _settings(*settings: str) -> Attack:
    def attack(repo: Path, program: str) -> None:
        for setting in settings:
            name, _, value = setting.partition("=")
            run(repo, "git", "config", name, value.replace("PROGRAM", program))

    return attack


def _hooks(repo: Path, program: str) -> None:
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        hook = repo / ".git" / "hooks" / name
        finished.write(hook, f"#!/bin/sh\n{program}\n")
        hook.chmod(0o755)


def _hooks_elsewhere(repo: Path, program: str) -> None:
    _hooks(repo, program)
    (repo / ".git" / "hooks").rename(repo / "hooks")
    _settings("core.hooksPath=hooks")(repo, program)


def _filters(repo: Path, program: str) -> None:
    append(repo, ".gitattributes", "* filter=x diff=x merge=x\n")
    save(repo)
    _settings(
        "filter.x.clean=PROGRAM", "filter.x.smudge=PROGRAM", "filter.x.process=PROGRAM",
        "filter.x.required=true", "diff.x.textconv=PROGRAM", "diff.x.command=PROGRAM",
        "diff.external=PROGRAM", "merge.x.driver=PROGRAM",
    )(repo, program)  # fmt: skip


def _partial_clone(repo: Path, program: str) -> None:
    """Objects that are absent, and a remote that promises to fetch them by a program."""
    _settings(
        "extensions.partialClone=origin", "remote.origin.promisor=true",
        "remote.origin.url=ssh://example.invalid/x", "core.sshCommand=PROGRAM",
        "remote.origin.uploadpack=PROGRAM", "core.repositoryFormatVersion=1",
        "protocol.allow=always", "protocol.ext.allow=always",
    )(repo, program)  # fmt: skip
    git_object_file(repo, "HEAD:params.yaml").unlink()


ATTACKS: dict[str, Attack] = {
    "fsmonitor": _settings("core.fsmonitor=PROGRAM", "core.fsmonitorHookVersion=2"),
    "hooks": _hooks,
    "hooks elsewhere": _hooks_elsewhere,
    "filters, textconv, diff and merge drivers": _filters,
    "aliases": _settings(*(f"alias.{one}=!PROGRAM" for one in ("ls-tree", "cat-file", "ls-files"))),
    "credential helper, ssh and askpass": _settings(
        "credential.helper=!PROGRAM", "core.sshCommand=PROGRAM", "core.askPass=PROGRAM",
        "core.gitProxy=PROGRAM",
    ),
    "pager, editor and signatures": _settings(
        "core.pager=PROGRAM", "pager.ls-tree=PROGRAM", "core.editor=PROGRAM",
        "log.showSignature=true", "gpg.program=PROGRAM", "core.alternateRefsCommand=PROGRAM",
    ),
    "partial clone": _partial_clone,
}  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")
@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_that_git_is_told_to_run_runs(
    name: str, repo: Path, marker: Path, tmp_path: Path
) -> None:
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\necho {name} >> {marker}\nexit 0\n")
    program.chmod(0o755)
    ATTACKS[name](repo, str(program))
    marker.unlink(missing_ok=True)
    done = grader("check", cwd=repo)
    assert done.returncode in (0, 1, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert not marker.exists(), marker.read_text()


def everything_in(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, mtime and content of every file and folder."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        digest = hashlib.sha256(content).hexdigest()
        found[os.path.relpath(path, folder)] = (status.st_mode, status.st_mtime_ns, digest)
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_check_changes_nothing(form: str, repo: Path) -> None:
    append(repo, "pipeline/train/training.py", "# A change.\n")
    os.utime(repo / "params.yaml")  # git status would note that in the index
    before = everything_in(repo.parent)
    done = grader("check", "--format", form, cwd=repo)
    assert (done.returncode, done.stderr) == (1, "")
    assert everything_in(repo.parent) == before


@pytest.mark.parametrize("words", [("list",), ("explain", "lock-stale")])
def test_other_commands_change_nothing(words: tuple[str, ...], repo: Path) -> None:
    before = everything_in(repo.parent)
    assert grader(*words, cwd=repo).returncode == 0
    assert everything_in(repo.parent) == before
