"""Repositories with the workshop's pipeline in them, small enough to run in a test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
NO_REAL_POSTERS = "the maintainers' real posters are not beside the project"
"""Why a test is skipped whose posters are not ours to hand out."""


def run(repo: Path, *command: str, timeout: float = 300, exit_codes: tuple[int, ...] = (0,)) -> str:
    """What ``command`` prints, run in ``repo`` as in an activated environment."""
    finished = subprocess.run(
        command,
        cwd=repo,
        env=environment(repo),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    assert finished.returncode in exit_codes, f"{command}:\n{finished.stdout}\n{finished.stderr}"
    return finished.stdout


PROGRAMS = "TESTS_PROGRAMS"
"""The environment variable with a folder of programs that are taken in place of installed ones."""


def environment(repo: Path) -> dict[str, str]:
    """The environment variables of a user whose environment is activated."""
    own = [os.environ[PROGRAMS]] if PROGRAMS in os.environ else []
    return {
        **os.environ,
        "PATH": os.pathsep.join([*own, str(BIN), os.environ["PATH"]]),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(repo.parent / "dvc-site-cache"),
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "PYTHONPATH": "",
    }


def with_pipeline(repo: Path, params: dict[str, dict[str, Any]]) -> None:
    """Make ``repo`` a git and DVC repository with this project's pipeline, ``params`` changed."""
    repo.mkdir(parents=True)
    shutil.copytree(
        ROOT / "pipeline", repo / "pipeline", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("dvc.yaml", ".gitattributes", ".dvcignore"):
        shutil.copy(ROOT / name, repo / name)
    (repo / ".gitignore").write_text("__pycache__/\n", "utf-8")
    change_params(repo, params, base=ROOT)
    run(repo, "git", "init", "--quiet")
    run(repo, "dvc", "init", "--quiet")


def change_params(repo: Path, changes: dict[str, dict[str, Any]], base: Path | None = None) -> None:
    """Change values of params.yaml, each under its section and key."""
    document = yaml.safe_load(((base or repo) / "params.yaml").read_text("utf-8"))
    for section, values in changes.items():
        document[section].update(values)
    (repo / "params.yaml").write_text(yaml.safe_dump(document), "utf-8", newline="\n")


def commit(repo: Path, message: str) -> None:
    """Commit all that git does not ignore."""
    run(repo, "git", "add", "--all")
    run(repo, "git", "commit", "--quiet", "--message", message)


def copy_folder(source: Path, target: Path) -> Path:
    """Copy a folder, with times and links, to ``target``, which is not there yet.

    By ``cp`` where there is one: half the processor time of ``shutil.copytree``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.name == "posix":
        subprocess.run(["cp", "-a", source, target], check=True, timeout=300)
    else:
        shutil.copytree(source, target, symlinks=True)
    return target


def git_object_file(repo: Path, revision: str) -> Path:
    """The file of the object ``revision``, unpacked: each object then has a file of its own."""
    packs = repo / ".git" / "objects" / "pack"
    for pack in packs.glob("*.pack"):
        content = pack.read_bytes()  # git unpacks only what it does not find
        for path in packs.glob(f"{pack.stem}.*"):
            path.unlink()
        unpack = ["git", "unpack-objects", "-q"]
        subprocess.run(unpack, cwd=repo, input=content, check=True, timeout=60)
    oid = run(repo, "git", "rev-parse", revision).strip()
    return repo / ".git" / "objects" / oid[:2] / oid[2:]
