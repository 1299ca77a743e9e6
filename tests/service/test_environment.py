"""The service in an environment of its own, which has neither TensorFlow nor DVC."""

import json
import re
import subprocess
import sys
import venv
from pathlib import Path

import httpx
import pytest

from tests.repositories import ROOT
from tests.service import onnx_models, pictures, running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the service alone, in the pinned versions."""
    folder = tmp_path_factory.mktemp("service-environment")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pins = folder / "pins.txt"
    pins.write_text(pinned_versions(), "utf-8")
    # Not compiled: of what is installed, little is imported, and once.
    options = ["--quiet", "--no-compile", "--constraint", str(pins)]
    install = ["-m", "pip", "install", *options, f"{ROOT}[service]"]
    finished = subprocess.run(
        [str(python), *install], capture_output=True, text=True, timeout=600, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return python


def pinned_versions() -> str:
    """requirements.txt without its hashes, which pip does not take as constraints."""
    text = (ROOT / "requirements.txt").read_text("utf-8")
    return "\n".join(re.findall(r"^\w.*==.*?(?= \\$)", text, flags=re.MULTILINE))


def test_the_service_predicts_without_tensorflow_and_dvc(python: Path, tmp_path: Path) -> None:
    installed = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json"], capture_output=True, check=True
    )
    names = {package["name"].lower() for package in json.loads(installed.stdout)}
    assert names.isdisjoint({"tensorflow", "tensorflow-cpu", "keras", "tf2onnx", "dvc", "dvc-gs"})
    onnx_models.install(tmp_path, onnx_models.model())
    with running.in_process(tmp_path, tmp_path / "service.log", python=python) as service:
        assert httpx.get(f"{service.url}/readyz").status_code == 200
        answer = httpx.post(f"{service.url}/predict", files={"file": pictures.plain()})
        assert answer.status_code == 200, answer.text
        assert httpx.get(f"{service.url}/pipeline").status_code == 503  # no repository there
        assert httpx.get(f"{service.url}/lessons").json()["gradable"] is False
