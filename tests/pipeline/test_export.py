"""The ONNX file is what the weights say, says all that serving needs, and is the same each time."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from pipeline.export.onnx_files import judge_int8
from pipeline.shared import classifier, scores, splits
from pipeline.shared.hashing import folder_md5
from tests import program_server
from tests.pipeline import material

pytestmark = pytest.mark.slow


def model_path(project: Path) -> Path:
    return project / "models" / "classifier.onnx"


def fp32_path(project: Path) -> Path:
    return project / "models" / "classifier.fp32.onnx"


both = pytest.mark.parametrize("path", [model_path, fp32_path])


def operators(path: Path) -> set[str]:
    return {node.op_type for node in onnx.load(path).graph.node}


@both
def test_input_output_and_opset_are_those_of_the_design(
    path: Callable[[Path], Path], exported: Path
) -> None:
    session = onnxruntime.InferenceSession(path(exported))
    (image,), (output,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.type, image.shape) == ("image", "tensor(uint8)", ["batch", 32, 32, 3])
    assert output.name == "probabilities"
    assert (output.type, output.shape) == ("tensor(float)", ["batch", 3])
    model = onnx.load(path(exported))
    onnx.checker.check_model(model, full_check=True)
    assert {opset.domain: opset.version for opset in model.opset_import}[""] == 17


@both
def test_the_metadata_says_all_that_serving_needs(
    path: Callable[[Path], Path], exported: Path
) -> None:
    data = exported / "data" / "preprocess"
    model = classifier.load(path(exported))
    valid = splits.read(data, "valid")
    answers = classifier.probabilities(model.session, splits.pixels(data, valid))
    assert model.metadata == classifier.Metadata(
        material.GENRES,
        scores.best_thresholds(valid.labels, answers),
        material.SIZE,
        folder_md5(data),
    )
    entries = model.session.get_modelmeta().custom_metadata_map
    assert entries.keys() == {"genres", "thresholds", "input_size", "training_data"}
    assert json.loads(entries["input_size"]) == [32, 32]


def test_the_file_in_fp32_answers_as_keras_does(exported: Path) -> None:
    material.run_python(exported, "-m", program_server.KERAS_ANSWERS).check_returncode()
    data = exported / "data" / "preprocess"
    session = classifier.load(fp32_path(exported)).session
    pixels = splits.pixels(data, splits.read(data, "test"))
    answers = classifier.probabilities(session, pixels)
    assert np.ptp(answers, axis=0).min() > 1e-3
    np.testing.assert_allclose(answers, np.load(exported / "keras.npy"), atol=1e-5)


def test_two_runs_write_the_same_bytes(exported: Path) -> None:
    first = [path.read_bytes() for path in (model_path(exported), fp32_path(exported))]
    for path in (model_path(exported), fp32_path(exported)):
        path.unlink()
    done = material.run("export", exported, *material.EXPORT)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.read_bytes() for path in (model_path(exported), fp32_path(exported))] == first


def test_int8_is_served_where_it_may_and_answers_nearly_the_same(exported: Path) -> None:
    assert {"QuantizeLinear", "DequantizeLinear"} <= operators(model_path(exported))
    assert "QuantizeLinear" not in operators(fp32_path(exported))
    data = exported / "data" / "preprocess"
    pixels = splits.pixels(data, splits.read(data, "test"))
    int8, fp32 = (
        classifier.probabilities(classifier.load(path).session, pixels)
        for path in (model_path(exported), fp32_path(exported))
    )
    assert np.ptp(fp32, axis=0).min() > 1e-3
    assert 0 < np.abs(int8 - fp32).max() < 0.1


def test_fp32_is_served_where_params_say_so(exported: Path) -> None:
    material.write_params(exported / "params.yaml", {"export.int8": False})
    done = material.run("export", exported, *material.EXPORT)
    assert "fp32 as params.yaml says" in done.stdout
    assert model_path(exported).read_bytes() == fp32_path(exported).read_bytes()
    assert "QuantizeLinear" not in operators(model_path(exported))


@pytest.mark.parametrize(
    ("drops", "allowed", "served"),
    [
        ((0.005, 0.005), 0.005, "int8"),
        ((-0.1, 0.004), 0.005, "int8"),
        ((0.006, 0.0), 0.005, "fp32"),
        ((0.0, 0.006), 0.005, "fp32"),
        ((0.000002, 0.0), 0.0, "fp32"),
    ],
)
def test_neither_score_may_drop_by_more_than_is_allowed(
    drops: tuple[float, float], allowed: float, served: str
) -> None:
    fp32 = {"map": 0.8, "macro_f1": 0.75, "precision": 0.9}
    int8 = {"map": 0.8 - drops[0], "macro_f1": 0.75 - drops[1], "precision": 0.1}
    passed, told = judge_int8(fp32, int8, allowed)
    assert passed == (served == "int8")
    assert told.startswith(served)


@pytest.mark.parametrize("what", ["missing", "text", "cut short", "other genres"])
def test_wrong_weights_are_told(what: str, trained: Path) -> None:
    path = trained / "models" / "classifier.weights.h5"
    problem = "not the weights of a network for this data: "
    match what:
        case "missing":
            path.unlink()
            problem = "no such file"
        case "text":
            path.write_text("not weights", "utf-8")
        case "cut short":
            path.write_bytes(path.read_bytes()[:5000])
        case "other genres":
            for table in (trained / "data" / "preprocess").glob("*.csv"):
                header, *lines = table.read_text("utf-8").splitlines()
                texts = [f"{header},War", *(f"{line},0" for line in lines)]
                table.write_text("\n".join(texts) + "\n", "utf-8")
    done = material.run("export", trained, *material.EXPORT)
    assert done.returncode == 1
    _, error, fix = done.stderr.splitlines()
    assert error.startswith(f"error: models/classifier.weights.h5: {problem}")
    assert fix == "  fix: dvc repro train"
    assert not model_path(trained).exists()
    assert not list((trained / "models").glob(".*"))
