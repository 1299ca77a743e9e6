"""Repositories with a model, and services over them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.inference import model_file
from tests.service import onnx_models, running


@pytest.fixture
def repo_dir(tmp_path: Path) -> Path:
    """A git repository, as far as the service looks, without anything in it."""
    path = tmp_path / "repo"
    (path / ".git" / "objects").mkdir(parents=True)  # without it, to DVC, it is none
    return path


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, repo_dir: Path) -> pytest.MonkeyPatch:
    """What `client` starts with: `repo_dir` is served, and a file rests sooner than in life."""
    monkeypatch.setenv("WORKSHOP_REPO", str(repo_dir))
    monkeypatch.setattr(model_file, "QUIET_SECONDS", 0.03)
    return monkeypatch


@pytest.fixture
def client(environment: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A client of the service over `repo_dir`, in a thread of this process."""
    with running.in_thread() as url, http_client(url) as client:
        yield client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.RunningService]:
    """A service in its own process, with a model, shared by the tests of one module."""
    folder = tmp_path_factory.mktemp("served")
    onnx_models.install(folder, onnx_models.model())
    with running.in_process(folder, folder / "service.log") as server:
        yield server


@pytest.fixture
def http(server: running.RunningService) -> Iterator[httpx.Client]:
    """A client of `server`."""
    with http_client(server.url) as client:
        yield client


def http_client(url: str) -> httpx.Client:
    """A client that no proxy of this machine gets between."""
    return httpx.Client(base_url=url, timeout=30, trust_env=False, follow_redirects=True)
