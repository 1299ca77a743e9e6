"""What the files of a project say, as data."""

from pathlib import Path
from typing import Any

import pytest

import dvcstate
from dvcstate.config import dvc_config
from dvcstate.dvc import dvc_process, templating
from dvcstate.workspace import Workspace
from tests.dvcstate import dvc_repositories, small_repository

pytestmark = pytest.mark.slow


def test_a_pipeline_is_read_with_all_that_it_declares(
    templates: dict[str, Path], tmp_path: Path
) -> None:
    repo = dvc_repositories.copy(templates["plain"], tmp_path / "repo")
    found = dvcstate.read(repo)
    stages = {stage.name: stage for stage in found.stages}
    assert list(stages).index("data/raw.dvc") < list(stages).index("prepare")
    assert list(stages).index("prepare") < list(stages).index("train")
    train = stages["train"]
    assert train.cmd == ["python copy.py prep model", "python copy.py model.txt model.bin"]
    assert [dep.path for dep in train.deps] == ["prep", "copy.py", "single.txt"]
    assert [(out.path, out.cache, out.persist, out.metric, out.plot) for out in train.outs] == [
        ("model", True, False, False, False),
        ("model.bin", True, True, False, False),
        ("metrics.json", False, False, True, False),
        ("hist.csv", False, False, False, True),
    ]
    params = {file.path: dict(file.recorded or {}) for file in train.params}
    assert params["conf/model.json"] == {"width": 3, "nested.depth": [1, 2]}
    assert params["conf/whole.yaml"] == {"x": 1, "y": {"z": 2}}
    assert stages["lower"].deps[0].path == "work/in"
    assert stages["lower"].params[0].path == "work/params.yaml"
    assert stages["held"].frozen
    assert not stages["later"].recorded
    assert stages["sub/dvc.yaml:odd-name_1"].outs[0].path == "sub/s.txt"
    assert found.metrics == ("metrics.json",)
    assert found.plots == ("hist.csv",)
    assert ("data/raw.dvc", "prepare") in found.edges
    assert ("prepare", "train") in found.edges


class Asked:
    """Counts how often DVC is asked to resolve a file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        run = dvc_process.run

        def count(*arguments: str, **options: str) -> Any:
            self.times += 1
            return run(*arguments, **options)

        monkeypatch.setattr(dvc_process, "run", count)


@pytest.fixture
def asked(own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setenv("DVC_WORKSHOP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(templating, "_in_memory", {})
    return Asked(monkeypatch)


def test_templates_are_resolved_once_and_kept(
    templates: dict[str, Path], tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = dvc_repositories.copy(templates["templated"], tmp_path / "repo")
    names = [stage.name for stage in dvcstate.read(repo).stages]
    assert "t/dvc.yaml:make@64" in names
    assert "t/dvc.yaml:grid@2-small" in names
    assert "p/dvc.yaml:train@extra" in names
    assert "p/dvc.yaml:cross@shape1-a" in names
    files = asked.times
    assert files == 3
    dvcstate.read(repo)
    monkeypatch.setattr(templating, "_in_memory", {})  # as in another process
    assert [stage.name for stage in dvcstate.read(repo).stages] == names
    assert asked.times == files


FOLDERS = """\
vars: [{where: sub}]
stages:
  a:
    wdir: ${where}
    vars: [more.yaml]
    cmd: x ${b}
"""


def test_what_was_resolved_is_used_as_long_as_its_inputs_are_the_same(
    tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"dvc.yaml": FOLDERS, "sub/more.yaml": "b: one\n"}
    repo = small_repository.write(tmp_path / "repo", files)
    workspace = Workspace(repo, None)

    def cmd() -> object:
        return workspace.project().stages[0].cmd

    assert (cmd(), asked.times) == ("x one", 1)
    (repo / "sub" / "more.yaml").write_text("b: two\n")
    assert (cmd(), asked.times) == ("x two", 2)
    (repo / "sub" / "more.yaml").write_text("b: one\n")
    assert (cmd(), asked.times) == ("x one", 2)
    (repo / "params.yaml").write_text("c: 1\n")  # it was not there, and is read where it is
    assert (cmd(), asked.times) == ("x one", 3)
    (repo / ".dvc" / "config").write_text("[parsing]\nbool = boolean_optional\n")
    assert (cmd(), asked.times) == ("x one", 4)
    (repo / "dvc.yaml").write_text(FOLDERS.replace("cmd: x", "cmd: y"))
    assert (cmd(), asked.times) == ("y one", 5)
    monkeypatch.setattr(templating, "_dvc_version", lambda: "another")
    assert (cmd(), asked.times) == ("y one", 6)


def test_an_error_of_a_template_is_kept_as_well(tmp_path: Path, asked: Asked) -> None:
    repo = small_repository.write(tmp_path / "repo", {"dvc.yaml": FOLDERS.replace("${b}", "${c}")})
    (repo / "sub").mkdir()
    (repo / "sub" / "more.yaml").write_text("b: one\n")
    for _ in range(2):
        with pytest.raises(dvcstate.ProjectError, match="Could not find 'c'"):
            dvcstate.read(repo)
    assert asked.times == 1
    (repo / "sub" / "more.yaml").write_text("c: one\n")
    assert dvcstate.read(repo).stages[0].cmd == "x one"


def test_the_config_is_merged_and_local_wins(own_folder: Path, tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text(
        "[core]\n    remote = workshop\n['remote \"workshop\"']\n    url = gs://bucket/x # here\n"
    )
    (tmp_path / ".dvc" / "config.local").write_text(
        "['remote \"workshop\"']\n    allow_anonymous_login = true\n[cache]\ndir = ../elsewhere\n"
    )
    found = dvc_config.read(tmp_path)
    assert found.sections["core"]["remote"] == "workshop"
    assert found.remotes == {"workshop": {"url": "gs://bucket/x", "allow_anonymous_login": "true"}}
    assert Path(found.cache_dir) == tmp_path / "elsewhere"
