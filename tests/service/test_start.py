"""What starting takes, and what it does not need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import onnx_models, pictures, running
from tests.service.conftest import http_client
from tests.service.problem import problem_in

NEVER = ("tensorflow", "keras", "dvc", "pandas", "sklearn", "matplotlib", "onnx")


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(running.ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_service_imports_neither_tensorflow_nor_dvc() -> None:
    loaded = run("import sys, service.main; print(*sorted(sys.modules))").stdout.split()
    assert "service.inference.predictor" in loaded
    assert [name for name in NEVER if name in loaded] == []


def test_of_the_pipeline_only_the_pixels_are_imported() -> None:
    loaded = run("import sys, service.main; print(*sorted(sys.modules))").stdout.split()
    modules = {name for name in loaded if name.startswith("pipeline.")}
    decoding = {name for name in modules if name.startswith("pipeline.shared.decoding")}
    assert modules - decoding == {"pipeline.shared", "pipeline.shared.pixels"}


def test_what_a_prediction_does_without_is_not_imported() -> None:
    loaded = run("import sys, service.main; print(*sys.modules)").stdout.split()
    late = ("fastapi", "starlette", "pydantic", "workshop", "grader")
    assert [name for name in late if name in loaded] == []


def test_importing_reads_no_setting() -> None:
    assert run("import service.main", WORKSHOP_MAX_FILES="none").returncode == 0


def test_wrong_setting_stops_the_start_in_two_lines(tmp_path: Path) -> None:
    log_path = tmp_path / "service.log"
    wrong = {
        "WORKSHOP_MAX_FILES": "none",
        "WORKSHOP_THREADS": "0",
        "WORKSHOP_CORS_ORIGINS": "https://example.org/",
    }
    with (
        pytest.raises(AssertionError, match="did not start"),
        running.in_process(tmp_path, log_path, wrong),
    ):
        pass
    log = log_path.read_text()
    assert "WORKSHOP_MAX_FILES should be a valid integer" in log
    assert "got 'none'; WORKSHOP_THREADS should be greater than or equal to 1" in log
    assert "WORKSHOP_CORS_ORIGINS should be * or sites such as https://example.org" in log
    assert "fix: change or unset that variable" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("exists", [True, False], ids=["empty folder", "no folder"])
def test_folder_that_is_no_repository_is_a_problem_at_each_route(
    environment: pytest.MonkeyPatch, tmp_path: Path, exists: bool
) -> None:
    folder = tmp_path / "elsewhere"
    if exists:
        folder.mkdir()
    environment.setenv("WORKSHOP_REPO", str(folder))
    with running.in_thread() as url, http_client(url) as client:
        assert client.get("/healthz").status_code == 200
        for route in ("/pipeline", "/pipeline/train", "/pipeline/graph"):
            document = problem_in(client.get(route), 503)
            assert str(folder) in document["detail"]
            assert "WORKSHOP_REPO" in document["fix"]
        assert str(folder) in problem_in(client.get("/readyz"), 503)["detail"]
        assert client.get("/results/metrics").json() == {}
        assert client.get("/results/plots").json() == {"plots": []}
        problem_in(client.get("/results/plots/loss.png"), 404)
        answer = client.post("/predict", files={"file": pictures.plain()})
        assert "dvc repro" in problem_in(answer, 503)["fix"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_service_that_has_answered_holds_at_most_150_megabytes(tmp_path: Path) -> None:
    onnx_models.install(tmp_path, onnx_models.model())
    with (
        running.in_process(tmp_path, tmp_path / "service.log") as server,
        http_client(server.url) as client,
    ):
        for _ in range(20):
            answer = client.post("/predict", files={"file": pictures.noise()})
            assert answer.status_code == 200
        assert server.peak_megabytes() < 150


def test_nothing_that_lies_in_the_repository_is_imported(tmp_path: Path) -> None:
    """Started like the program ``uvicorn``, on a path without the current folder."""
    onnx_models.install(tmp_path, onnx_models.model())
    trap = "raise SystemExit('code of the repository ran')\n"
    for name in ("yaml", "rich", "numpy", "cv2", "json", "fastapi_offline"):
        (tmp_path / f"{name}.py").write_text(trap)
    for name in ("pipeline", "grader", "workshop"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(trap)
    log_path = tmp_path / "service.log"
    with (
        running.in_process(tmp_path, log_path, launcher=["-P", "-m", "uvicorn"]) as server,
        http_client(server.url) as client,
    ):
        large = pictures.png(1500, 1500, pictures.rows(1500, 1500))  # for the decoder's process
        for picture in (pictures.plain(), large):
            assert client.post("/predict", files={"file": picture}).status_code == 200
        assert client.get("/pipeline").status_code in (200, 503)
    assert "code of the repository ran" not in log_path.read_text()
