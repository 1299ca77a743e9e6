"""`grader doctor`: what it makes of a computer, and that it runs where nothing is installed."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.doctor.command import summary
from grader.doctor.judgement import OK, PROBLEM, WARNING, Diagnosis, diagnose
from grader.doctor.machine import Machine, examine_machine
from tests.repositories import ROOT, run
from workshop import activation

FINE = Machine(
    system="linux", architecture="x86_64", python=(3, 12, 1), python_on_path="/x/bin/python",
    is_activated=True, activate="", git="2.43.0", name="Ada", email="ada@example.com", autocrlf="",
    has_attributes=True, dvc="3.67.1", dvc_on_path=True, dvc_gs="3.1.0", missing_packages=(),
    repo="/home/ada/my-workshop", free=50 * 10**9, is_writable=True, long_paths=True,
    credentials="", has_credentials=False, lacks_variable=False, has_activate=True, now=2e9,
    newest=2e9 - 60,
)  # fmt: skip
OLD_PYTHONS = ("python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10")


def problems(machine: Machine) -> list[Diagnosis]:
    """What is not ok."""
    return [item for item in diagnose(machine) if item.state != OK]


def test_a_computer_that_is_ready_has_no_finding() -> None:
    assert problems(FINE) == []
    assert (
        problems(replace(FINE, system="win32", architecture="AMD64", repo=r"C:\Users\ada\w")) == []
    )


@pytest.mark.parametrize(
    ("subject", "state", "remedy", "change"),
    [
        ("folder", PROBLEM, "grader doctor --repo FOLDER", {"is_folder": False}),
        ("python", PROBLEM, "sudo apt-get install python3.12 python3.12-venv",
         {"python": (3, 9, 1), "distribution": "noble"}),
        ("python", PROBLEM, "sudo apt-get install python3.11 python3.11-venv",
         {"python": (3, 10, 1), "distribution": "jammy"}),
        ("python", PROBLEM, "sudo dnf install python3.12",
         {"python": (3, 14, 1), "distribution": "fedora"}),
        ("python", PROBLEM, "# https://docs.astral.sh/uv",
         {"python": (3, 8, 1), "distribution": "focal"}),
        ("git", PROBLEM, "sudo pacman -S git", {"git": "", "distribution": "arch"}),
        ("python", PROBLEM, "winget install Python.Python.3.12",
         {"python": (3, 14, 0), "system": "win32"}),
        ("computer", PROBLEM, "neighbour", {"system": "darwin"}),
        ("git", PROBLEM, "sudo apt-get install git", {"git": ""}),
        ("git", WARNING, "sudo apt-get install git", {"git": "2.25.1"}),
        ("identity", PROBLEM, 'git config --global user.name "YOUR NAME"', {"name": ""}),
        ("identity", PROBLEM, "git config --global user.email you@example.com", {"email": ""}),
        ("line ends", WARNING, "git config --global core.autocrlf input",
         {"autocrlf": "true", "has_attributes": False}),
        ("environment", PROBLEM, ". ./x", {"is_activated": False, "activate": ". ./x"}),
        ("environment", PROBLEM, "python3.12 -m venv .venv\n. .venv/bin/activate",
         {"is_activated": False, "python_on_path": None}),
        ("environment", PROBLEM, 'cd "/w"\nsudo apt-get install python3.12-venv\npython3.12 -m',
         {"is_activated": False, "distribution": "noble", "makes_environments": False,
          "checkout": "/w"}),
        ("environment", PROBLEM, r"""py -3.12 -m venv .venv
.venv\Scripts\Activate.ps1""",
         {"is_activated": False, "system": "win32"}),
        ("dvc", PROBLEM, "python -m pip install --require-hashes -r requirements.txt", {"dvc": ""}),
        ("dvc", PROBLEM, "python -m pip install", {"dvc": "2.58.2"}),
        ("dvc", PROBLEM, ". .venv/bin/activate", {"dvc_on_path": False}),
        ("plugin", PROBLEM, "python -m pip install dvc-gs", {"dvc_gs": ""}),
        ("packages", PROBLEM, "python -m pip install", {"missing_packages": ("tensorflow",)}),
        ("packages", PROBLEM, 'cd "/w"\npython -m pip install',
         {"missing_packages": ("tensorflow",), "checkout": "/w"}),
        ("disk", PROBLEM, "dvc gc --workspace", {"free": 10**8}),
        ("synced folder", WARNING, "cd ~", {"repo": "/home/ada/Dropbox/my-workshop"}),
        ("synced folder", WARNING, "cd ~", {"repo": "/Users/ada/OneDrive-Uni/w"}),
        ("synced folder", WARNING, "cd ~", {"repo": "/Users/ada/Library/CloudStorage/X/w"}),
        ("synced folder", WARNING, "cd ~", {"repo": "/Users/a/Library/Mobile-no/GoogleDrive/w"}),
        ("synced folder", WARNING, "cd ~",
         {"repo": "/srv/firm/w", "sync_folders": ("/srv/firm",)}),
        ("long paths", WARNING, "git config --global core.longpaths true",
         {"system": "win32", "long_paths": False, "repo": "C:/" + "a" * 100}),
        ("characters", WARNING, "cd ~", {"repo": "/home/ada/my work"}),
        ("characters", WARNING, 'dvc remote add -d dvc-workshop "~/my-workshop-remote"',
         {"repo": "/home/zoë/my work"}),
        ("permission", PROBLEM, "cd ~", {"is_writable": False}),
        ("credentials", PROBLEM, "unset GOOGLE_APPLICATION_CREDENTIALS", {"credentials": "/gone"}),
        ("credentials", PROBLEM, "Remove-Item Env:GOOGLE_APPLICATION_CREDENTIALS",
         {"credentials": "/gone", "system": "win32"}),
        ("bucket", WARNING, activation.COMMAND, {"lacks_variable": True}),
        ("bucket", WARNING, f"export {activation.VARIABLE}=false",
         {"lacks_variable": True, "has_activate": False}),
        ("bucket server", PROBLEM, "python -m workshop bucket",
         {"endpoint": "http://127.0.0.1:4443", "has_server": False}),
        ("bucket server", PROBLEM, "python -m workshop bucket --port 4444",
         {"endpoint": "http://127.0.0.1:4444", "has_server": False}),
        ("clock", PROBLEM, "sudo timedatectl set-ntp true", {"now": 1.9e9}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_remedy(
    subject: str, state: str, remedy: str, change: dict[str, Any]
) -> None:
    diagnoses = problems(replace(FINE, **change))
    assert [(item.subject, item.state) for item in diagnoses] == [(subject, state)]
    assert remedy in diagnoses[0].remedy
    assert not diagnoses[0].message.endswith(".")
    words = f"{diagnoses[0].message} {diagnoses[0].remedy}".lower()
    assert not [word for word in ("simply", "obviously", "invalid") if word in words]


def test_a_bucket_server_that_is_down_is_a_problem(tmp_path: Path) -> None:
    """A dvc push to it would try for half a minute, and then for each object again."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        config = tmp_path / ".dvc" / "config"
        config.parent.mkdir()
        config.write_text(
            f"['remote \"dvc-workshop\"']\n    url = gs://b/ada\n    endpointurl = {endpoint}\n",
            "utf-8",
        )
        up = examine_machine(tmp_path)
    assert (up.endpoint, up.has_server) == (endpoint, True)
    down = examine_machine(tmp_path)
    assert not down.has_server
    diagnoses = diagnose(down)
    assert "problems: none" not in summary(down, diagnoses)
    assert "bucket server" in summary(down, diagnoses).partition("problems: ")[2]
    config.write_text("['remote \"r\"']\n    endpointurl = http://x:nine\n", "utf-8")
    assert examine_machine(tmp_path).has_server  # no address at all: remote.url says so
    config.unlink()
    assert examine_machine(tmp_path).endpoint == ""


def test_before_the_attendees_repository_is_there_nothing_is_to_be_set() -> None:
    machine = replace(FINE, lacks_variable=True, has_activate=False, is_attendees=False)
    assert problems(machine) == []
    (bucket,) = [item for item in diagnose(machine) if item.subject == "bucket"]
    assert bucket.message.startswith(". ./activate in your own repository, such as my-workshop, ")


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({}, ["python3.12 -m venv .venv", ". .venv/bin/activate"]),
        ({"python": (3, 9, 1), "distribution": "bookworm"},
         ["sudo apt-get install python3.11 python3.11-venv", "python3.11 -m venv .venv",
          ". .venv/bin/activate"]),
        ({"python": (3, 8, 1), "distribution": "fedora"},
         ["sudo dnf install python3.12", "python3.12 -m venv .venv", ". .venv/bin/activate"]),
        ({"python": (3, 9, 1), "system": "darwin", "architecture": "arm64"},
         ["brew install python@3.12", "python3.12 -m venv .venv", ". .venv/bin/activate"]),
        ({"python": (3, 14, 0), "system": "win32"},
         ["winget install Python.Python.3.12", "py -3.12 -m venv .venv",
          r".venv\Scripts\Activate.ps1"]),
        ({"python": (3, 13, 0), "system": "win32"},
         ["py -3.13 -m venv .venv", r".venv\Scripts\Activate.ps1"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_activated", [False, True])
def test_with_nothing_installed_the_remedies_work_from_top_to_bottom(
    change: dict[str, Any], lines: list[str], is_activated: bool
) -> None:
    """The computer's own Python may be `python` in the terminal, and is no environment."""
    bare: dict[str, Any] = {
        "dvc": "",
        "dvc_gs": "",
        "missing_packages": ("yaml",),
        "dvc_on_path": False,
    }
    diagnoses = problems(
        replace(FINE, **bare, is_activated=is_activated, is_environment=False, **change)
    )
    lines_typed = [line for item in diagnoses for line in item.remedy.splitlines()]
    assert lines_typed == [
        *lines,
        "python -m pip install --require-hashes -r requirements.txt",
        "python -m pip install --no-deps --no-build-isolation -e .",
    ]


def test_an_environment_of_an_old_python_is_made_anew() -> None:
    old = replace(FINE, python=(3, 9, 1), distribution="noble", dvc="", dvc_gs="")
    (remedy,) = [item.remedy for item in problems(old) if item.subject == "environment"]
    assert remedy == "python3.12 -m venv --clear .venv\n. .venv/bin/activate"


def test_folders_with_like_names_are_not_synced() -> None:
    for path in ("/home/ada/dropboxes/w", "/home/ada/my-onedrive/w", "/home/boxer/w"):
        assert problems(replace(FINE, repo=path)) == []


def test_the_line_for_the_instructor_names_nobody() -> None:
    machine = replace(FINE, dvc_gs="", lacks_variable=True)
    line = summary(machine, diagnose(machine))
    assert line == (
        "for the instructor: linux x86_64, Python 3.12.1, git 2.43.0, DVC 3.67.1, dvc-gs none;"
        " problems: plugin; warnings: bucket"
    )
    assert not re.search("ada|home|example", line, re.IGNORECASE)


def doctor(
    python: str, *options: str, cwd: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """`python grader/doctor`, as typed in a checkout."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GIT_"))}
    return subprocess.run(
        [python, *options, str(ROOT / "grader" / "doctor")],
        cwd=cwd,
        env={**variables, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def last_line(process: "subprocess.CompletedProcess[str]") -> str:
    assert process.stderr == ""
    return process.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment without any package, pip included."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    name = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return str(folder / name)


def test_it_runs_before_anything_is_installed(bare: str, tmp_path: Path) -> None:
    for options in ((), ("-I",), ("-S", "-I")):
        process = doctor(bare, *options, cwd=tmp_path)
        assert process.returncode == 1
        assert "DVC none, dvc-gs none; problems: environment, dvc" in last_line(process)
        assert "problem  dvc: DVC is not in this environment\n" in process.stdout


def test_the_grader_says_where_to_look_when_nothing_is_installed(bare: str, tmp_path: Path) -> None:
    for words, code, part in [
        (["doctor"], 1, "for the instructor: "),
        (["check"], 2, "fix: python -m grader doctor"),
    ]:
        process = subprocess.run(
            [bare, "-m", "grader", *words, "--repo", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ""},
        )  # fmt: skip
        assert process.returncode == code
        assert part in process.stdout + process.stderr
        assert "Traceback" not in process.stderr


def test_it_imports_the_standard_library_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); import grader.doctor.command\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}"
        " - set(sys.stdlib_module_names)))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert process.stdout.split() == ["grader", "workshop"]


@pytest.mark.parametrize(
    "path",
    [
        "grader/__main__.py", "grader/__init__.py", "workshop/__init__.py",
        "workshop/start/__init__.py", "workshop/activation.py", "workshop/output.py",
        *(f"grader/doctor/{name}" for name in (
            "__init__.py", "__main__.py", "command.py", "judgement.py", "machine.py")),
    ],
)  # fmt: skip
def test_an_old_python_can_read_it(path: str) -> None:
    """The syntax is that of 3.8, and what is annotated is not evaluated."""
    text = (ROOT / path).read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    annotated = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AnnAssign) and ("|" in text or "[" in text)
    ]  # fmt: skip
    assert not annotated or path.endswith("__main__.py") or "import annotations" in text


@pytest.mark.parametrize(
    "path", ["grader/__main__.py", "grader/doctor/__main__.py", "workshop/__main__.py"]
)
def test_a_python_of_any_age_can_read_what_tells_it_that_it_is_too_old(path: str) -> None:
    """No text with expressions in it, no annotation, no letter beyond ASCII: 2.7 has none."""
    text = (ROOT / path).read_text("ascii")
    for node in ast.walk(ast.parse(text, feature_version=(3, 4))):
        assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr | ast.Starred)
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            assert node.returns is None
            assert not [argument for argument in arguments.args if argument.annotation]
            assert not [*arguments.posonlyargs, *arguments.kwonlyargs]
    assert "sys.version_info <" in text


@pytest.mark.parametrize("name", OLD_PYTHONS)
def test_an_old_python_is_told_to_be_too_old(name: str, tmp_path: Path) -> None:
    """The real one, where this machine has it; the judgement is tested above on any machine."""
    python = _old_python(name)
    if python is None:
        return
    version = name.removeprefix("python")
    process = doctor(python, cwd=tmp_path)
    assert process.returncode == 1
    assert f"Python {version}" in process.stdout + process.stderr
    assert "Traceback" not in process.stderr
    process = subprocess.run(
        [python, "-m", "grader", "check"], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ""},
    )  # fmt: skip
    assert process.returncode == 2
    fix = "python -m grader doctor"
    if name in OLD_PYTHONS[:3]:  # where doctor itself does not run
        fix = "install one, then: python3.12 grader/doctor"
    assert (
        process.stderr == f"error: this is Python {version}; 3.11 to 3.13 will do\n  fix: {fix}\n"
    )


def _old_python(name: str) -> str | None:
    """On PATH, or where pyenv keeps them."""
    versions_dir = Path.home() / ".pyenv" / "versions"
    pythons = sorted(versions_dir.glob(f"{name.removeprefix('python')}.*/bin/python"))
    candidates = [shutil.which(name), *map(str, pythons)]
    for candidate in filter(None, candidates):
        process = subprocess.run(
            [candidate, "--version"], capture_output=True, timeout=60, check=False
        )
        if process.returncode == 0:  # pyenv's own shims answer for versions that are not there
            return candidate
    return None


def test_without_git_it_says_how_to_get_it(bare: str, tmp_path: Path) -> None:
    process = doctor(bare, cwd=tmp_path, PATH=str(tmp_path))
    assert "problem  git: git is not there\n" in process.stdout
    assert "there is no python on PATH: no stage can start" in process.stdout
    assert "git none" in last_line(process)


def test_without_an_identity_it_says_what_to_type(tmp_path: Path) -> None:
    empty = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    process = doctor(sys.executable, cwd=tmp_path, GIT_CONFIG_NOSYSTEM="1", **empty)
    assert "problem  identity: git does not know who you are" in process.stdout
    assert '           git config --global user.name "YOUR NAME"\n' in process.stdout
    assert process.returncode == 1
    process = doctor(
        sys.executable, cwd=tmp_path, GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="A",
        GIT_AUTHOR_EMAIL="a@example.com", **empty,
    )  # fmt: skip
    assert "ok       identity" in process.stdout


def test_an_environment_that_is_not_activated_is_told(tmp_path: Path) -> None:
    git = str(Path(shutil.which("git") or "").parent)
    process = doctor(sys.executable, cwd=tmp_path, PATH=os.pathsep.join([str(tmp_path), git]))
    assert "problem  environment: " in process.stdout
    (tmp_path / "activate").write_text("")
    process = doctor(sys.executable, cwd=tmp_path, PATH=str(tmp_path))
    assert f"           {activation.COMMAND}\n" in process.stdout


def test_an_activated_environment_is_ready(repo: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    process = doctor(sys.executable, cwd=repo, PATH=path, **{activation.VARIABLE: "false"},
                  GIT_AUTHOR_NAME="A", GIT_AUTHOR_EMAIL="a@example.com")  # fmt: skip
    assert process.returncode == 0, process.stdout
    assert "problems: none" in last_line(process)


def test_a_clock_that_is_behind_the_newest_commit_is_told(repo: Path) -> None:
    later = f"{int(time.time()) + 86_400} +0000"
    subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet",
         "--allow-empty", "--message", "x"],
        cwd=repo, env={**os.environ, "GIT_COMMITTER_DATE": later}, check=True, timeout=60,
    )  # fmt: skip
    assert [item.subject for item in diagnose(examine_machine(repo)) if item.subject == "clock"
            and item.state == PROBLEM] == ["clock"]  # fmt: skip


def test_it_changes_nothing_and_runs_nothing_of_the_repository(repo: Path) -> None:
    witness = repo.parent / "witness"
    program = f"{sys.executable} -c \"open('{witness.as_posix()}', 'w')\""
    for name in ("core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand"):
        run(repo, "git", "config", name, program)
    run(repo, "git", "config", "log.showSignature", "true")
    for name in ("yaml.py", "platform.py", "grader.py", "workshop.py"):
        (repo / name).write_text(f"open({str(witness)!r}, 'w')\n", "utf-8")
    before = {path: path.stat().st_mtime_ns for path in [repo, *repo.rglob("*")]}
    process = doctor(sys.executable, cwd=repo)
    assert "for the instructor: " in last_line(process)
    assert not witness.exists()
    assert before == {path: path.stat().st_mtime_ns for path in [repo, *repo.rglob("*")]}


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("x", "utf-8")
    for name in ("nowhere", "a file"):
        process = subprocess.run(
            [sys.executable, "-m", "grader", "doctor", "--repo", str(tmp_path / name)],
            cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        assert process.returncode == 1
        assert "problem  folder: " in process.stdout
        assert "problems: folder" in process.stdout.splitlines()[-1]


def test_a_folder_that_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    machine = examine_machine(tmp_path / "not" / "there")
    assert machine.is_writable
    assert machine.free > 0


def test_the_help_says_that_nothing_has_to_be_installed() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "grader", "doctor", "--help"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "Needs nothing installed" in " ".join(process.stdout.split())
