"""What the files of a project say, as data."""

from pathlib import Path

import pytest

import dvcstate
from dvcstate.config import dvc_config
from tests.dvcstate import dvc_repositories

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


def test_templates_are_resolved_once_and_kept(
    templates: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = dvc_repositories.copy(templates["templated"], tmp_path / "repo")
    names = [stage.name for stage in dvcstate.read(repo).stages]
    assert "t/dvc.yaml:make@64" in names
    assert "t/dvc.yaml:grid@2-small" in names
    monkeypatch.setattr("dvcstate.dvc.dvc_process.run", lambda *a, **k: pytest.fail("asked"))
    assert [stage.name for stage in dvcstate.read(repo).stages] == names


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
