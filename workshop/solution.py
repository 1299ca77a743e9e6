"""Solves the workshop in a started repository: the steps that the lessons teach, in order."""

from pathlib import Path

from workshop import starter
from workshop.programs import Programs

REMOTE = "workshop"


def solve(folder: Path, remote: str | None, programs: Programs) -> str:
    """Every lesson, committed step by step and pushed; where to.

    Without a ``remote`` that is a folder beside the repository, by its absolute path.
    """
    url = remote or str(folder.with_name(f"{folder.name}-remote"))
    _initialise(folder, programs)
    _track_data(folder, programs)
    _agree_on_remote(url, programs)
    _run_pipeline(folder, programs)
    _change_one_param(folder, programs)
    _record_what_was_supplied(folder, programs)
    programs.dvc("push", "--quiet")
    return url


def _initialise(folder: Path, programs: Programs) -> None:
    programs.dvc("init", "--quiet")
    _copy(folder, ".dvcignore")
    programs.commit("Initialise DVC", ".dvc", ".dvcignore")


def _track_data(folder: Path, programs: Programs) -> None:
    programs.dvc("add", "--quiet", "data/raw")
    programs.commit("Track the raw data", "data/raw.dvc", "data/.gitignore")


def _agree_on_remote(url: str, programs: Programs) -> None:
    if "://" not in url:
        Path(url).mkdir(parents=True, exist_ok=True)
    programs.dvc("remote", "add", "--quiet", "-d", REMOTE, url)
    programs.commit("Set the default remote", ".dvc/config")


def _run_pipeline(folder: Path, programs: Programs) -> None:
    _copy(folder, "dvc.yaml")
    programs.dvc("repro", "--quiet")
    programs.commit("Run the pipeline")


def _change_one_param(folder: Path, programs: Programs) -> None:
    """One that costs a second: how many posters the contact sheet shows."""
    path = folder / "params.yaml"
    text = path.read_text("utf-8").replace("examples: 18", "examples: 12")
    path.write_text(text, "utf-8", newline="\n")
    programs.dvc("repro", "--quiet")
    programs.commit("Show fewer examples")


def _record_what_was_supplied(folder: Path, programs: Programs) -> None:
    with (folder / "workshop.toml").open("a", encoding="utf-8", newline="\n") as file:
        file.write("supplied = 'end'\n")
    programs.commit("Record that the solution was supplied", "workshop.toml")


def _copy(folder: Path, name: str) -> None:
    text = starter.template(name).read_text("utf-8")
    (folder / name).write_text(text, "utf-8", newline="\n")
