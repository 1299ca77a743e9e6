import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import onnxruntime
import pytest
from PIL import Image

from dvcstate.workspace import Workspace
from pipeline.shared.pixels import load_image
from service.inference import predictor
from tests.service import onnx_models, pictures, running
from tests.service.conftest import http_client
from tests.service.problem import problem_in


@pytest.fixture(autouse=True)
def model_path(repo_dir: Path) -> Path:
    return onnx_models.install(repo_dir, onnx_models.model())


def sent(*pictures: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("file", (name, content, "image/jpeg")) for name, content in pictures]


def test_form_answers_every_picture_in_order(client: httpx.Client) -> None:
    answer = client.post(
        "/predict",
        files=sent(("red.jpg", pictures.plain()), ("grün.jpg", pictures.plain(pictures.GREEN))),
    )
    red, green = answer.json()["predictions"]
    assert (red["filename"], red["genres"][0]["genre"]) == ("red.jpg", "Drama")
    assert (green["filename"], green["genres"][0]["genre"]) == ("grün.jpg", "Horror")


def test_raw_body_has_no_filename(client: httpx.Client) -> None:
    answer = client.post(
        "/predict", content=pictures.plain(), headers={"Content-Type": "image/jpeg"}
    )
    (prediction,) = answer.json()["predictions"]
    assert prediction["filename"] is None
    assert set(prediction["genres"][0]) == {"genre", "probability", "selected"}


def test_probabilities_are_the_models_and_sorted(client: httpx.Client, model_path: Path) -> None:
    poster = pictures.noise()
    answer = client.post("/predict", files=sent(("a.jpg", poster)))
    genres = answer.json()["predictions"][0]["genres"]
    session = onnxruntime.InferenceSession(model_path.read_bytes())
    pixels = load_image(poster, onnx_models.SIZE)[np.newaxis]
    expected = session.run(None, {"image": pixels})[0][0]
    assert {each["genre"]: each["probability"] for each in genres} == pytest.approx(
        dict(zip(onnx_models.GENRES, expected, strict=True)), abs=1e-6
    )
    probabilities = [each["probability"] for each in genres]
    assert probabilities == sorted(probabilities, reverse=True)


def test_top_keeps_the_most_probable(client: httpx.Client) -> None:
    answer = client.post("/predict?top=1", files=sent(("a.jpg", pictures.plain())))
    assert [g["genre"] for g in answer.json()["predictions"][0]["genres"]] == ["Drama"]


def test_threshold_selects_and_filters_nothing(client: httpx.Client) -> None:
    def selected(query: str) -> list[bool]:
        answer = client.post(f"/predict{query}", files=sent(("a.jpg", pictures.plain())))
        return [g["selected"] for g in answer.json()["predictions"][0]["genres"]]

    assert selected("") == [True, False, False]
    assert selected("?threshold=0") == [True, True, True]
    assert selected("?threshold=1") == [False, False, False]


def test_many_pictures_come_out_as_one_by_one(client: httpx.Client) -> None:
    colours = [(20 * n, 255 - 20 * n, 100) for n in range(12)]
    posters = [(f"{n}.jpg", pictures.plain(colour)) for n, colour in enumerate(colours)]
    together = client.post("/predict", files=sent(*posters)).json()["predictions"]
    alone = [
        client.post("/predict", files=sent(poster)).json()["predictions"][0] for poster in posters
    ]
    assert together == alone


def test_model_has_the_state_of_the_stage_that_makes_it(
    client: httpx.Client, repo_dir: Path, model_path: Path
) -> None:
    def model() -> dict[str, str]:
        answer = client.post("/predict", files=sent(("a.jpg", pictures.plain())))
        found: dict[str, str] = answer.json()["model"]
        return found

    def becomes(state: str) -> None:
        deadline = time.monotonic() + 10
        while (found := model()["state"]) != state:
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def record(md5: str) -> None:
        (repo_dir / "dvc.lock").write_text(
            "schema: '2.0'\nstages:\n  export:\n    cmd: python export.py\n"
            f"    outs:\n    - {{path: models/classifier.onnx, hash: md5, md5: {md5}}}\n"
        )

    md5 = hashlib.md5(model_path.read_bytes(), usedforsecurity=False).hexdigest()
    assert model() == {"path": "models/classifier.onnx", "md5": md5, "state": "unknown"}
    (repo_dir / ".dvc").mkdir()
    becomes("never_run")
    outs = "outs: [models/classifier.onnx: {cache: false}]"
    stage = f"export: {{cmd: python export.py, deps: [export.py], {outs}}}"
    (repo_dir / "dvc.yaml").write_text(f"stages:\n  {stage}\n")
    record(md5)
    becomes("stale")  # dvc.lock knows nothing of export.py
    (repo_dir / "dvc.yaml").write_text(
        f"stages:\n  export: {{cmd: python export.py, frozen: true, {outs}}}\n"
    )
    becomes("stale")  # a command without deps runs always
    (repo_dir / "export.py").touch()
    (repo_dir / "dvc.yaml").write_text(f"stages:\n  {stage}\n")
    empty = hashlib.md5(b"", usedforsecurity=False).hexdigest()
    with (repo_dir / "dvc.lock").open("a") as file:
        file.write(f"    deps: [{{path: export.py, hash: md5, md5: {empty}}}]\n")
    becomes("fresh")
    model_path.write_bytes(b"not a model")  # which the lock records; the old one is still served
    record(hashlib.md5(b"not a model", usedforsecurity=False).hexdigest())
    with (repo_dir / "dvc.lock").open("a") as file:
        file.write(f"    deps: [{{path: export.py, hash: md5, md5: {empty}}}]\n")
    becomes("stale")
    assert client.get("/pipeline/export").json()["state"] == "fresh"
    (repo_dir / "dvc.lock").write_text("<<<<<<< HEAD\n: :")
    becomes("unknown")


def test_a_prediction_does_not_wait_for_a_look(
    client: httpx.Client, repo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(Workspace, "state", lambda *_: done.wait(20))
    (repo_dir / ".dvc").mkdir()
    try:
        answers = [client.post("/predict", files=sent(("a.jpg", pictures.plain())))]
        answers.append(client.post("/predict", files=sent(("a.jpg", pictures.plain()))))
        assert [answer.json()["model"]["state"] for answer in answers] == ["unknown"] * 2
    finally:
        done.set()


def test_documentation_states_limits_errors_and_both_bodies(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for limit in ("10 MB", "20 Mpx", "64 files"):
        assert limit in document["info"]["description"]
    predict = document["paths"]["/predict"]["post"]
    bodies = {"multipart/form-data", "image/*", "application/octet-stream"}
    assert set(predict["requestBody"]["content"]) == bodies
    assert set(predict["responses"]) == {
        *("200", "400", "408", "413", "415", "422", "431", "501", "503")
    }
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], f"{method} {path} is not described"
            for status, response in operation["responses"].items():
                if status != "200":
                    (schema,) = [each["schema"] for each in response["content"].values()]
                    assert schema == {"$ref": "#/components/schemas/ProblemModel"}


def test_documentation_needs_no_tuples(client: httpx.Client) -> None:
    """Valid since OpenAPI 3.1, and yet many stumble: schemathesis leaves such a route out."""
    assert "prefixItems" not in client.get("/openapi.json").text


def test_docs_page_opens(client: httpx.Client) -> None:
    assert client.get("/docs").status_code == 200


def test_unknown_route_and_wrong_method_are_problems(client: httpx.Client) -> None:
    assert "/docs" in problem_in(client.get("/nowhere"), 404)["fix"]
    answer = client.get("/predict")
    assert "POST" in problem_in(answer, 405)["fix"]
    assert answer.headers["allow"] == "POST"


def test_a_bug_is_a_problem_that_says_so(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(predictor, "predict_files", broken)
    answer = client.post("/predict", files=sent(("a.jpg", pictures.plain())))
    assert "ZeroDivisionError" in problem_in(answer, 500)["detail"]


def test_bodies_beyond_the_memory_get_a_503(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WORKSHOP_MAX_HELD_BYTES", "2000")
    with running.in_thread() as url, http_client(url) as client:
        for _ in range(3):
            answer = client.post("/predict", files=sent(("a.jpg", pictures.noise())))
            problem_in(answer, 503)
            assert answer.headers["retry-after"] == "1"
        small = pictures.encoded(Image.new("RGB", (9, 9), pictures.RED), "JPEG")
        assert client.post("/predict", files=sent(("a.jpg", small))).status_code == 200


def test_requests_beyond_the_limit_get_a_503(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WORKSHOP_MAX_REQUESTS", "1")
    with running.in_thread() as url, http_client(url) as client:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            waiting.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
                b"Content-Length: 100\r\n\r\n"
            )
            time.sleep(0.2)
            problem_in(client.post("/predict", files=sent(("a.jpg", pictures.plain()))), 503)
            assert client.get("/healthz").status_code == 200
        time.sleep(0.2)
        good = client.post("/predict", files=sent(("a.jpg", pictures.plain())))
        assert good.status_code == 200


def test_slow_body_is_cut_off(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WORKSHOP_RECEIVE_SECONDS", "0.2")

    def drops() -> Iterator[bytes]:
        yield b"\xff\xd8"
        time.sleep(0.6)
        yield b"\xff"

    with running.in_thread() as url, http_client(url) as client:
        answer = client.post("/predict", content=drops(), headers={"Content-Type": "image/jpeg"})
    assert "0.2 s" in problem_in(answer, 408)["detail"]
