"""A repository that is reached by a link: DVC works in the folder itself, whatever leads to it."""

import os
from pathlib import Path

import pytest

import dvcstate
from dvcstate import NotAProjectError
from dvcstate.live import LiveProject
from dvcstate.workspace import Workspace
from tests.dvcstate import agreement, small_repository
from tests.dvcstate.dvc_oracle import Oracle
from tests.dvcstate.small_repository import LOCK, STAGE, md5

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="links")]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository in ``deep/real``, to which ``link`` leads, with data in it and beside it."""
    repo = tmp_path / "deep" / "real"
    small_repository.write(repo, {"data": "x", "sub/keep": "", ".dvcignore": "skipped\n"})
    (tmp_path / "deep" / "beside").write_text("x")
    (tmp_path / "beside").write_text("other")
    (tmp_path / "link").symlink_to(repo)
    return repo


def _declare(repo: Path, path: str, key: str) -> None:
    (repo / "dvc.yaml").write_text(f"{STAGE}    deps: ['{path}']\n")
    entry = f"    - {{path: '{key}', hash: md5, md5: {md5('x')}, size: 1}}\n"
    (repo / "dvc.lock").write_text(f"{LOCK}    deps:\n{entry}")


@pytest.mark.parametrize(
    "form", ["{real}/data", "{link}/data", "../beside", "data", "{real}/../beside"]
)
def test_a_path_is_inside_by_the_name_of_the_folder_itself(
    form: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    path = form.format(real=repo, link=tmp_path / "link")
    _declare(repo, path, "data" if form == "{real}/data" else path)
    for root in (repo, tmp_path / "link"):
        ours, words = agreement.ours(root)
        assert ours == agreement.theirs(oracle, root)[0] == {}, words
    (dep,) = dvcstate.read(tmp_path / "link").stages[0].deps
    assert dep.inside == (form in ("{real}/data", "data"))
    assert dep.place is not None
    assert dep.place.read_text() == "x"


def test_the_root_above_a_link_is_that_of_the_folder_it_leads_to(
    repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "inner").symlink_to(repo / "sub")
    assert dvcstate.find_root(tmp_path / "inner") == repo
    (repo / "out").symlink_to(tmp_path / "deep")
    with pytest.raises(NotAProjectError):
        dvcstate.find_root(repo / "out")


def test_the_current_folder_may_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(NotAProjectError, match="no such folder"):
        dvcstate.find_root(Path())


def test_a_link_that_leads_to_another_repository_is_followed(repo: Path, tmp_path: Path) -> None:
    _declare(repo, "data", "data")
    workspace = Workspace(tmp_path / "link", None)
    assert len(workspace.project().stages) == 1
    other = small_repository.write(tmp_path / "other", {})
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(other)
    assert workspace.project().stages == ()
    assert workspace.project().root == other


def test_what_is_followed_live_through_a_link_sees_changes(repo: Path, tmp_path: Path) -> None:
    _declare(repo, "data", "data")
    with LiveProject(tmp_path / "link") as live:
        version = live.version
        while not live.watching:
            version = live.wait(version, 10)
        assert live.state().stages[0].reasons == ()
        version = live.version
        (tmp_path / "link" / "data").write_text("changed")
        assert live.wait(version, 30) != version
        reason = dvcstate.Reason("dep", "data", "modified")
        assert live.state().stages[0].reasons == (reason,)
