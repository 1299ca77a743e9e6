"""A broken file is named with line and column and what to do; never a traceback, never a guess."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dvcstate
from benchmarks import made_repository
from dvcstate import ProjectError
from dvcstate.documents.reader import MAX_BYTES

MARKERS = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n"


@pytest.fixture
def repo(own_folder: Path, tmp_path: Path) -> Path:
    return made_repository.make(tmp_path / "repo", stages=2, files_per_stage=2)


def _error(repo: Path) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        dvcstate.status(repo)
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "line", "column", "words"),
    [
        ("dvc.yaml", "stages:\n  a:\n    cmd: [x\n", 4, 1, "not valid YAML"),
        (
            "dvc.yaml",
            "stages:\n  a: {cmd: x}\n  a: {cmd: y}\n",
            3,
            3,
            "the key a twice, in lines 2 and 3",
        ),
        ("dvc.yaml", "stages:\n" + MARKERS, 2, 1, "unresolved merge conflict"),
        ("dvc.lock", MARKERS, 1, 1, "unresolved merge conflict"),
        ("dvc.yaml", "stages:\n  a:\n    cmd: x\n    outz: [y]\n", 4, 5, "extra keys not allowed"),
        ("dvc.yaml", "stages:\n  a:\n    deps: [y]\n", 2, 3, "required key not provided: 'cmd'"),
        ("dvc.yaml", "stages:\n  a:\n    cmd: 1\n", 3, 5, "expected a list, got 1"),
        ("dvc.yaml", "stages: [a]\n", 1, 1, "expected a mapping, got a list"),
        ("dvc.yaml", "- a\n", 1, 1, "expected a mapping, got a list"),
        ("dvc.yaml", "text\n", 1, 1, "expected a mapping, got 'text'"),
        ("dvc.yaml", "stages:\n  1: {cmd: x}\n", 2, 3, "the key 1 is not a string"),
        ("dvc.yaml", "stages:\n\ta: 1\n", 2, 1, "has a tab"),
        ("dvc.yaml", "a: &a [*a]\n", 1, 8, "leads back to itself"),
        ("dvc.yaml", "vars:\n- " + "[" * 500, 2, 301, "nested too deeply"),
        ("params.yaml", "a: 1\nb: +_\n", 2, 4, "'+_' is no number"),
        ("params.yaml", "a: 1\nb: 2024-02-30\n", 2, 4, "'2024-02-30' is no number"),
        ("dvc.lock", "stages: {}\n", 1, 1, "required key not provided: 'schema'"),
        ("dvc.lock", "schema: '1.0'\n", 1, 1, "invalid schema version '1.0'"),
        ("dvc.lock", "", None, None, "required key not provided: 'schema'"),
        ("data.dvc", "outs:\n- md5: ab\n  path: x\n", 2, 3, "expected a checksum, got 'ab'"),
        ("data.dvc", "outs:\n- md5: 1234\n  path: x\n", 2, 3, "the md5 1234 is a number"),
        ("data.dvc", "outs:\n- hash: md5\n", 2, 3, "an entry has no path"),
        ("data.dvc", "outs:\n- path: x.dvc\n", 2, 3, "a file of DVC's own"),
        (
            "dvc.yaml",
            "stages:\n  a:\n    cmd: x\n    deps:\n    - y\n    - z.dvc\n",
            6,
            7,
            "a file of DVC's own",
        ),
        ("params.yaml", "a: [1\n", 2, 1, "not valid YAML"),
        ("params.yaml", "a: 1\nday: [1, 2024-01-02]\n", 2, 10, "day.1 is a date"),
        ("params.yaml", "- 1\n", 1, 1, "holds no named values"),
        (".dvc/config", "[core\n", 1, 1, "Invalid line ('[core')"),
        (".dvc/config", "[core]\n[cache]\n[core]\n", 3, 1, "Duplicate section"),
        (".dvc/config", "[core]\nremote = x\nremote = y\n", 3, 1, "Duplicate keyword"),
        (".dvc/config", "[core]\nremotes = x\n", 2, 1, "extra keys not allowed: remotes"),
        (".dvc/config", "[core]\nno_scm = yes\n", 2, 1, "expected true or false"),
        (".dvc/config", "[core]\n[cache]\ntype = nothing\n", 3, 1, "Unsupported cache type"),
        (".dvc/config", "['remote \"r\"']\nx = 1\n", 1, 1, "expected 'url'"),
        (".dvc/config", "[core]\n[[inner]]\nx = 1\n", 2, 1, "extra keys not allowed: inner"),
        (".dvc/config", "[core]\nremote = %(x)s\n", None, None, "missing option"),
        (".dvc/config", "cache = 1\n", 1, 1, "'cache' is no section"),
        (".dvc/config", "[cache]\ndir = a, b\n", 2, 1, "expected one path, got a, b"),
        (".dvc/config", "[cache]\ndir = s3://b/x\n", 2, 1, "'s3://b/x' is no folder"),
        (".dvc/config", "[cache]\nlocal = r\n", 2, 1, "the remote 'r' does not exist"),
        (".dvc/config.local", "[core]\nwrong = 1\n", 2, 1, "extra keys not allowed: wrong"),
        (".dvc/config.local", "core = 1\n", 1, 1, "'core' is no section"),
        (".git/config", "[core]\nx y = 1\n", 2, None, "invalid variable name"),
        (".git/config", "[core]\nbigFileThreshold = 512m\n", None, None, "invalid literal for int"),
        (".git/config", "[core]\nignoreCase = yes\n", None, None, "expected true or false"),
        (".dvcignore", "# first\n\\\n", 2, None, "cannot be read"),
        (".dvcignore", "[ab]*" * 13, 1, None, "so many stars"),
    ],
)
def test_it_says_where_and_what_to_do(
    repo: Path, name: str, content: str, line: int | None, column: int | None, words: str
) -> None:
    (repo / name).write_text(content)
    error = _error(repo)
    assert error.path == name
    assert words in error.problem
    assert (error.line, error.column) == (line, column)
    assert error.fix


def _large(path: Path) -> None:
    path.write_bytes(b"a: 1\n" * (MAX_BYTES // 4))


def _not_utf8(path: Path) -> None:
    path.write_bytes(b"a: 1\nb: \xff\n")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _laughs(path: Path) -> None:
    """Each line unfolds to ten of the line before: 10 ** 12 values in 13 lines."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path.write_text("\n".join(lines))


def _merges(path: Path) -> None:
    """The same with merge keys: 9 ** 9 entries in 9 lines."""
    lines = [f"a0: &a0 {{{', '.join(f'b{n}: 1' for n in range(9))}}}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    path.write_text("\n".join(lines))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _deep(path: Path) -> None:
    path.write_text("a: " + "[" * 100_000)


@pytest.mark.parametrize("name", ["dvc.yaml", "dvc.lock", "params.yaml"])
@pytest.mark.parametrize("damage", [_large, _not_utf8, _folder, _laughs, _merges, _pipe, _deep])
def test_what_is_hardly_a_file_is_told_too(
    repo: Path, name: str, damage: Callable[[Path], None]
) -> None:
    if damage is _pipe and sys.platform == "win32":
        pytest.skip("Windows has no pipes among its files")
    if damage is _deep:
        pytest.importorskip("yaml._yaml", reason="only libyaml is not recursive")
    damage(repo / name)
    if name == "dvc.yaml" and damage is _folder:
        assert dvcstate.status(repo).stages == ()  # to DVC, a folder of that name is no pipeline
        return
    error = _error(repo)
    assert error.path == name
    assert error.fix


def test_a_recorded_number_that_python_does_not_write_out_is_written_as_text(repo: Path) -> None:
    (repo / "dvc.yaml").write_text("stages:\n  a:\n    cmd: x\n    params: [p]\n")
    digits = "f" * 6000
    recorded = f"{{cmd: x, params: {{params.yaml: {{p: 0x{digits}}}}}}}"
    (repo / "dvc.lock").write_text(f"schema: '2.0'\nstages:\n  a: {recorded}\n")
    written = json.dumps(dvcstate.as_json(dvcstate.status(repo)))
    assert f"0x{digits}" in written


def test_no_repository_and_no_git_are_told(own_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not inside a DVC repository"):
        dvcstate.status(tmp_path)
    (tmp_path / ".dvc").mkdir()
    with pytest.raises(ProjectError, match="not inside a git repository"):
        dvcstate.status(tmp_path)
    with pytest.raises(ProjectError, match="no such folder"):
        dvcstate.status(tmp_path / "nowhere")


def test_templates_without_dvc_are_an_error_and_no_guess(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (repo / "dvc.yaml").write_text("stages:\n  a:\n    cmd: echo ${new_name}\n")
    error = _error(repo)
    assert "DVC is not installed here" in str(error)
    assert "pip install dvc" in error.fix


ODD_PLACES = [
    "dvc.yaml", "params.yaml", ".dvc/config", ".dvc/config.local", ".dvcignore", ".gitignore",
    "data/.gitignore", ".git/config", ".git/info/exclude", ".git/commondir", ".dvc/.gitignore",
]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes and devices among files")
@pytest.mark.parametrize("name", ODD_PLACES)
@pytest.mark.parametrize("kind", ["pipe", "zero", "link to a pipe"])
def test_a_pipe_or_a_device_in_the_place_of_a_file_is_not_waited_for(
    repo: Path, name: str, kind: str
) -> None:
    path = repo / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(repo / "pipe")
        path.symlink_to(repo / "pipe")
    if kind != "pipe" and path.name == ".gitignore":
        if (name, kind) == (".dvc/.gitignore", "zero"):
            assert "is outside of the git repository" in str(_error(repo))
        else:  # git and DVC don't follow a .gitignore that is a link
            assert dvcstate.status(repo).stages
        return
    if name == "dvc.yaml":  # to DVC, which looks for files, these are none
        project_or_error = _answer(repo)
        assert isinstance(project_or_error, ProjectError) or project_or_error.stages == ()
        return
    error = _error(repo)
    assert error.path == name
    assert "is no file" in error.problem
    assert error.fix


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")
def test_ignore_rules_that_matter_to_nothing_are_an_error_too(repo: Path) -> None:
    """As for DVC, which reads them in each folder where it looks for stages."""
    (repo / "aside").mkdir()
    (repo / "aside" / ".dvcignore").write_text("\\\n")
    with pytest.raises(ProjectError, match=r"aside/\.dvcignore, line 1: "):
        dvcstate.read(repo)


def test_a_pipe_that_a_template_reads_is_told_before_dvc_waits_for_it(repo: Path) -> None:
    (repo / "dvc.yaml").write_text("vars: [v.yaml]\nstages:\n  a:\n    cmd: x ${b}\n")
    os.mkfifo(repo / "v.yaml")
    assert _error(repo).path == "v.yaml"


def _answer(repo: Path) -> dvcstate.ProjectState | ProjectError:
    try:
        return dvcstate.status(repo)
    except ProjectError as error:
        return error


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")
def test_a_pipe_named_dvc_lock_beside_no_pipeline_says_nothing(repo: Path) -> None:
    (repo / "dvc.yaml").unlink()
    (repo / "dvc.lock").unlink()
    os.mkfifo(repo / "dvc.lock")
    assert dvcstate.status(repo).lock_md5 is None


@pytest.mark.parametrize("name", [".dvcignore", ".gitignore"])
def test_ignore_files_are_read_in_bounded_time(repo: Path, name: str) -> None:
    (repo / name).write_text("".join(f"/x{number}\n" for number in range(50_000)))
    error = _error(repo)
    assert (error.path, "lines" in error.problem) == (name, True)
    (repo / name).write_text("#" * 2**21)
    assert "is larger than 1 MB" in _error(repo).problem


@pytest.mark.parametrize("name", [".dvcignore", ".gitignore"])
@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "**/" + "a/**/" * 11 + "b"])
def test_a_pattern_of_many_stars_is_matched_at_once(repo: Path, name: str, pattern: str) -> None:
    (repo / name).write_text(pattern)
    deep = repo.joinpath("a" * 100, *["a"] * 30)
    deep.mkdir(parents=True)
    (deep / "file.dvc").write_text("")
    assert len(dvcstate.status(repo).stages) == 3


def test_the_config_of_the_user_is_blamed_for_what_it_says(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "global").mkdir()
    (tmp_path / "global" / "config").write_text("[core]\nwrong = 1\n")
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "global"))
    error = _error(repo)
    assert (error.path, error.line) == (str(tmp_path / "global" / "config"), 2)


@pytest.mark.parametrize("text", ["A = " + "-" * 50_000 + "1\n", "-" * 50_000])
def test_python_params_nested_without_end_are_told(repo: Path, text: str) -> None:
    (repo / "p.py").write_text(text)
    (repo / "dvc.yaml").write_text("stages:\n  a:\n    cmd: x\n    params: [{p.py: [A]}]\n")
    lock = "schema: '2.0'\nstages:\n  a: {cmd: x, params: {p.py: {A: 1}}}\n"
    (repo / "dvc.lock").write_text(lock)
    assert _error(repo).path == "p.py"
