"""Paths, file names and line ends that only one system understands."""

from pathlib import Path

from tests.grader import finished
from tests.grader.gallery.changes import append, edit_command, read_text, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("windows-paths")
def paths_in_pipeline_and_lock_have_backslashes(repo: Path) -> None:
    for name in ("dvc.yaml", "dvc.lock"):
        lines = read_text(repo, name).splitlines()
        paths = ("- data/", "- path: data/", "path: data/")
        written = [
            line.replace("/", "\\") if line.strip().startswith(paths) else line for line in lines
        ]
        finished.write(repo / name, "\n".join(written) + "\n")
    save(repo)


@mistake("windows-paths")
def path_of_the_raw_data_has_a_backslash(repo: Path) -> None:
    raw = read_text(repo, "data/raw.dvc").replace("path: raw", "path: data\\raw")
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    finished.write(repo / "raw.dvc", raw)
    finished.write(repo / ".gitignore", f"{read_text(repo, '.gitignore')}/data/raw\n")
    save(repo)


@mistake("windows-paths")
def one_option_of_a_command_has_backslashes_and_a_pattern_too(repo: Path) -> None:
    """Each line is edited: not every backslash is in a path."""
    old = "python -m pipeline.plot --data data/preprocess"
    new = "python -m pipeline.plot --data data\\preprocess"
    edit_command(repo, "plot", old, new)
    append(repo, "dvc.yaml", "# a pattern: \\d+\n")
    save(repo)


@mistake("wrong-file-name")
def params_end_in_yml(repo: Path) -> None:
    run(repo, "git", "mv", "params.yaml", "params.yml")
    save(repo)


@mistake("wrong-file-name")
def pipeline_ends_in_yml(repo: Path) -> None:
    run(repo, "git", "mv", "dvc.yaml", "dvc.yml")
    save(repo)


@mistake("wrong-file-name")
def pipeline_begins_with_a_capital(repo: Path) -> None:
    run(repo, "git", "mv", "dvc.yaml", "Dvc.yaml")
    save(repo)


@mistake("wrong-file-name")
def notepad_saved_the_params(repo: Path) -> None:
    run(repo, "git", "mv", "params.yaml", "params.yaml.txt")
    save(repo)


@mistake("wrong-file-name")
def command_and_params_end_in_yml(repo: Path) -> None:
    run(repo, "git", "mv", "params.yaml", "params.yml")
    finished.write(
        repo / "dvc.yaml", read_text(repo, "dvc.yaml").replace("params.yaml", "params.yml")
    )
    save(repo)


@mistake("line-endings")
def code_has_the_line_ends_of_windows_and_is_committed(repo: Path) -> None:
    (repo / ".gitattributes").unlink()
    _write_crlf(repo)
    save(repo)


@mistake("line-endings")
def git_wrote_the_line_ends_of_windows(repo: Path) -> None:
    """As a clone with core.autocrlf has them: to git nothing has changed."""
    run(repo, "git", "rm", "--quiet", ".gitattributes")
    save(repo)
    run(repo, "git", "config", "core.autocrlf", "true")
    _write_crlf(repo)
    run(repo, "git", "add", "pipeline")


def _write_crlf(repo: Path) -> None:
    for path in (repo / "pipeline").rglob("*.py"):
        finished.write(path, path.read_bytes().replace(b"\n", b"\r\n"))
