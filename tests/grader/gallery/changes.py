"""What mistakes do to a repository, and tests as well."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.grader import finished
from tests.repositories import commit, run


def save(repo: Path) -> None:
    """Commit everything."""
    commit(repo, "Change something")


def edit(repo: Path, path: str, old: str, new: str) -> None:
    """Replace ``old``, which must be there, in a text file."""
    text = (repo / path).read_text("utf-8")
    assert old in text, f"{path} has no {old!r}"
    finished.write(repo / path, text.replace(old, new, 1))


def append(repo: Path, path: str, text: str) -> None:
    """Add a line to a text file."""
    finished.write(repo / path, (repo / path).read_text("utf-8") + text)


def edit_stages(repo: Path, change: Callable[[Any], None], *, run_again: bool = True) -> None:
    """Change dvc.yaml, run what it says, commit and push."""
    finished.change_pipeline(repo, change)
    if run_again:
        finished.record(repo)
    save(repo)
    finished.push(repo)


def write_config(repo: Path, text: str) -> None:
    """Write .dvc/config, and commit."""
    finished.write(repo / ".dvc" / "config", text)
    save(repo)


def remote_config(url: str, name: str = "workshop") -> str:
    """A .dvc/config whose default remote is at ``url``."""
    return f"[core]\n    remote = {name}\n['remote \"{name}\"']\n    url = {url}\n"


def read_text(repo: Path, path: str) -> str:
    """The text of a file of the repository."""
    return (repo / path).read_text("utf-8")


def forget(repo: Path, path: str) -> None:
    """Take ``path`` out of git, and leave it in the folder."""
    run(repo, "git", "rm", "--quiet", "--cached", path)
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Forget it")


def add_stage(repo: Path, **more: Any) -> None:
    """Add, run, commit and push the stage ``notes``, with ``more`` of what dvc.yaml may say."""
    finished.write(repo / "notes.txt", "notes")
    finished.write(repo / "results" / "notes.txt", "notes")
    append(repo, "results/.gitignore", "/notes.txt\n")
    notes = {"cmd": "cp notes.txt results", "deps": ["notes.txt"], "outs": ["results/notes.txt"]}
    edit_stages(repo, lambda stages: stages.update(notes=notes | more))


def edit_lock(repo: Path, change: Callable[[Any], None]) -> None:
    """Let ``change`` edit the stages of dvc.lock, as plain data, and commit."""
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    change(document["stages"])
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


def edit_command(repo: Path, stage: str, old: str, new: str) -> None:
    """Replace ``old``, which must be there, in the command of a stage, and run it."""

    def change(stages: Any) -> None:
        assert old in stages[stage]["cmd"]
        stages[stage]["cmd"] = stages[stage]["cmd"].replace(old, new)

    edit_stages(repo, change)


def move_code(
    repo: Path, folder: str, change: Callable[[Any], None], command: Callable[[str], str]
) -> None:
    """Move the package of the stages to ``folder``, and name it so in dvc.yaml."""
    (repo / folder).mkdir(parents=True)
    shutil.move(repo / "pipeline", repo / folder / "pipeline")

    def rename(stages: Any) -> None:
        for stage in stages.values():
            stage["cmd"] = command(stage["cmd"])
            deps = stage["deps"]
            stage["deps"] = [f"{folder}/{d}" if d.startswith("pipeline/") else d for d in deps]
        change(stages)

    edit_stages(repo, rename)


def replace_out(repo: Path, stage: str, path: str, content: bytes) -> None:
    """As if a run of ``stage`` had written other bytes, and all that follows had run."""
    finished.write(repo / path, content)
    finished.record(repo)
    save(repo)
    finished.push(repo)


def cut_object(path: Path) -> None:
    """Take the last bytes from an object of a cache or a remote."""
    finished.write(path, path.read_bytes()[:-3])
    path.chmod(0o444)
