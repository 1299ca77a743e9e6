"""`grader predict`: groups, stages of sub-folders, and runs that DVC's run cache has."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import commands
from tests.repositories import commit, environment, run
from workshop.exercises.dvc_process import DvcProcess

PIPELINE = """\
stages:
  build:
    foreach: [a, b]
    do:
      cmd: python copy.py source.txt ${item}.txt
      deps:
      - copy.py
      - source.txt
      outs:
      - ${item}.txt
  join:
    cmd: python copy.py a.txt joined.txt
    deps:
    - a.txt
    - copy.py
    params:
    - level
    - size
    outs:
    - joined.txt
"""
MORE = """\
stages:
  part:
    cmd: python ../copy.py ../source.txt part.txt
    deps:
    - ../copy.py
    - ../source.txt
    outs:
    - part.txt
"""
COPY = "import shutil, sys\nshutil.copy(*sys.argv[1:])\n"
ALL = ["build@a", "build@b", "join", "sub/dvc.yaml:part"]


@pytest.fixture(scope="module")
def dvc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DvcProcess]:
    with DvcProcess(environment(tmp_path_factory.mktemp("home"))) as process:
        yield process


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, dvc: DvcProcess) -> Path:
    """Two pipelines that have run on two versions of their source, the second one last."""
    repo = tmp_path_factory.mktemp("predict") / "made"
    (repo / "sub").mkdir(parents=True)
    texts = {"dvc.yaml": PIPELINE, "sub/dvc.yaml": MORE, "copy.py": COPY}
    for name, text in {
        **texts,
        "params.yaml": "level: 1\nsize: 1\n",
        "source.txt": "one\n",
    }.items():
        (repo / name).write_text(text, "utf-8", newline="\n")
    run(repo, "git", "init", "--quiet")
    dvc.run(repo, "init", "--quiet")
    dvc.run(repo, "repro", "--all-pipelines")
    (repo / "source.txt").write_text("two\n", "utf-8")
    dvc.run(repo, "repro", "--all-pipelines")
    commit(repo, "Run")
    return repo


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "repo", symlinks=True)


def predict(
    folder: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, str], str]:
    """The exit code, the outcome of each stage, and all that was printed."""
    code = commands.main(["predict", *words, "--repo", str(folder)])
    printed = capsys.readouterr()
    rows = [line.split() for line in printed.out.splitlines() if line[:1] in ("✓", "✗", "~")]
    return code, {name: outcome for _, name, outcome, *_ in rows}, printed.out + printed.err


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        (".", ("build", "join", "sub/dvc.yaml:part")),
        (".", (":build", "./dvc.yaml:join", "part")),
        (".", ("build@a", "build@b", "join", "sub\\dvc.yaml")),
        (".", ("dvc.yaml", "sub/dvc.yaml")),
        ("sub", ("part", "../dvc.yaml:build", "join")),
        ("sub", ("dvc.yaml", "../dvc.yaml")),
    ],
)
def test_a_group_and_a_stage_of_a_sub_folder_are_named_as_dvc_names_them(
    folder: str, words: tuple[str, ...], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "copy.py").write_text(f"{COPY}# another\n", "utf-8")
    code, outcomes, text = predict(project / folder, capsys, *words)
    assert (code, sorted(outcomes)) == (0, ALL), text
    assert {outcomes[name] for name in ALL if name != "join"} == {"runs"}
    assert "dvc repro --all-pipelines" in text


def test_a_group_alone_leaves_the_other_pipeline_out(
    project: Path, dvc: DvcProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "copy.py").write_text(f"{COPY}# another\n", "utf-8")
    code, outcomes, text = predict(project, capsys, "build", "join")
    assert (code, outcomes["sub/dvc.yaml:part"]) == (0, "stays"), text
    assert "dvc repro alone does not come to it" in " ".join(text.split())
    ran = dvc.run(project, "repro")
    assert "Running stage 'join'" in ran
    assert "part" not in ran


def test_an_unknown_name_is_told_with_the_groups(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, outcomes, text = predict(project, capsys, "bulid")
    assert (code, outcomes) == (2, {})
    assert "no stage is called 'bulid'" in text
    names = text.partition("name some of ")[2].partition(", or none")[0].split(", ")
    assert sorted(names) == ["build", "join", "sub/dvc.yaml:part"]


def test_a_run_that_the_run_cache_has_is_restored_and_what_follows_too(
    project: Path, dvc: DvcProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "source.txt").write_text("one\n", "utf-8")
    code, outcomes, text = predict(project, capsys, "none")
    assert code == 0, text
    assert outcomes == {**dict.fromkeys(ALL[:3], "restored"), ALL[3]: "stays"}
    assert "it has run on the same before: DVC takes its outs from the cache" in " ".join(
        text.split()
    )
    shown = dvc.run(project, "repro")
    assert "Running stage" not in shown
    assert shown.count("is cached - skipping run") == 3


def test_a_stage_that_the_lock_does_not_know_is_restored_as_well(
    project: Path, dvc: DvcProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "dvc.lock").unlink()
    code, outcomes, text = predict(project, capsys, "none")
    assert code == 0, text
    assert "dvc.lock has no run of it; but it has run on the same before" in " ".join(text.split())
    assert set(outcomes.values()) == {"restored", "stays"}
    assert "Running stage" not in dvc.run(project, "repro")
    (project / "params.yaml").write_text("level: 2\nsize: 1\n", "utf-8")
    code, outcomes, text = predict(project, capsys, "join")
    assert (code, outcomes["join"]) == (0, "runs"), text


def test_a_run_whose_outs_the_cache_has_lost_is_made_again(
    project: Path, dvc: DvcProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "source.txt").write_text("one\n", "utf-8")
    for entry in (project / ".dvc" / "cache" / "files").rglob("*"):
        if entry.is_file() and entry.read_bytes() == b"one\n":
            entry.chmod(0o644)
            entry.unlink()
    code, outcomes, text = predict(project, capsys, "build")
    assert code == 0, text
    assert (outcomes["build@a"], outcomes["join"]) == ("runs", "follows")
    assert "Running stage 'build@a'" in dvc.run(project, "repro")


def test_a_run_cache_that_is_no_run_cache_is_passed_over(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "source.txt").write_text("one\n", "utf-8")
    for entry in (project / ".dvc" / "cache" / "runs").rglob("*"):
        if entry.is_file():
            entry.write_text(json.dumps(["no run"]), "utf-8")
    code, outcomes, text = predict(project, capsys, "build")
    assert (code, outcomes["build@a"]) == (0, "runs"), text
