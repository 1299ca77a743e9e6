"""An ONNX file is loaded with all that it says, or told to be none of ours."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from pipeline.shared import classifier
from pipeline.shared.errors import ModelError
from tests.pipeline import material


def told(path: Path) -> str:
    with pytest.raises(ModelError) as error:
        classifier.load(path)
    assert error.value.fix == "dvc repro export"
    return error.value.problem


def test_a_model_is_loaded_with_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(material.colour_model().SerializeToString())
    loaded = classifier.load(path)
    assert loaded.metadata == classifier.Metadata(
        material.GENRES, (0.5, 0.5, 0.5), material.SIZE, "none.dir"
    )


def test_metadata_is_json_and_comes_back_as_it_was() -> None:
    metadata = classifier.Metadata(("Sci-Fi", "N/A"), (0.1 + 0.2, 1e-9), (96, 64), "a.dir")
    assert {name: json.loads(text) for name, text in metadata.entries().items()} == {
        "genres": ["Sci-Fi", "N/A"],
        "thresholds": [0.1 + 0.2, 1e-9],
        "input_size": [96, 64],
        "training_data": "a.dir",
    }


def test_the_last_batch_may_be_short(tmp_path: Path) -> None:
    session = classifier.create_session(material.colour_model().SerializeToString())
    count = classifier.BATCH + 3
    pixels = np.random.default_rng(0).integers(0, 256, (count, *material.SIZE, 3)).astype(np.uint8)
    together = classifier.probabilities(session, pixels)
    assert together.shape == (count, 3)
    one_by_one = [classifier.probabilities(session, pixels[[row]])[0] for row in range(count)]
    np.testing.assert_allclose(together, one_by_one, atol=1e-6)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "model.onnx") == f"{tmp_path / 'model.onnx'}: no such file"


@pytest.mark.parametrize("kept", [0, 1, 20, 200, 0.5, 0.9])
def test_a_file_cut_short_is_told(kept: float, tmp_path: Path) -> None:
    data = material.colour_model().SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(data[: int(kept * len(data)) if 0 < kept < 1 else int(kept)])
    assert told(path).startswith(f"{path}: not an exported classifier: ")


def test_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_text("not a model\n")
    assert told(path).startswith(f"{path}: not an exported classifier: ")
    assert "\n" not in told(path)


def test_a_model_of_another_maker_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    model = material.colour_model()
    del model.metadata_props[:]
    path.write_bytes(model.SerializeToString())
    assert told(path) == (
        f"{path}: not an exported classifier: "
        "its metadata lacks genres, thresholds, input_size, training_data"
    )


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("input_size", "[1]", "input_size in its metadata is no height and width"),
        ("input_size", "null", "input_size in its metadata is no height and width"),
        ("input_size", '["32", "32"]', "input_size in its metadata is no height and width"),
        ("input_size", "[32, 0]", "input_size in its metadata is no height and width"),
        ("genres", "3", "genres in its metadata is no list of names"),
        ("genres", '"Drama"', "genres in its metadata is no list of names"),
        ("genres", "[1, 2, 3]", "genres in its metadata is no list of names"),
        ("genres", "[]", "genres in its metadata is no list of names"),
        ("thresholds", "{", "Expecting property name"),
        ("thresholds", "[" * 100_000, "nested too deeply"),
        ("thresholds", "[0.5, 0.5]", "thresholds in its metadata is no list of 3 numbers"),
        ("thresholds", '["a", "b", "c"]', "thresholds in its metadata is no list of 3 numbers"),
        ("thresholds", "[true, 1, 1]", "thresholds in its metadata is no list of 3 numbers"),
        ("thresholds", "0.5", "thresholds in its metadata is no list of 3 numbers"),
        ("training_data", "1", "training_data in its metadata is no hash"),
    ],
)
def test_odd_metadata_is_told(name: str, text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    model = material.colour_model()
    entries = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {**entries, name: text})
    path.write_bytes(model.SerializeToString())
    assert told(path).startswith(f"{path}: not an exported classifier: {problem}")


def test_metadata_of_another_graph_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    model = material.colour_model()
    genres, thresholds = ("Comedy", "Drama"), (0.5, 0.5)
    metadata = classifier.Metadata(genres, thresholds, material.SIZE, "none.dir")
    onnx.helper.set_model_props(model, metadata.entries())
    path.write_bytes(model.SerializeToString())
    assert told(path) == (
        f"{path}: not an exported classifier: its graph does not answer 2 genres for 32 × 32 pixels"
    )
