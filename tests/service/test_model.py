from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from service.inference.model import BadModelError, load_model
from tests.service import onnx_models


def test_metadata_says_everything_that_serving_needs() -> None:
    model = load_model(onnx_models.model())
    assert model.genres == tuple(onnx_models.GENRES)
    assert model.thresholds == (0.5, 0.5, 0.5)
    assert model.input_size == onnx_models.SIZE
    assert model.training_data == onnx_models.TRAINING_DATA


def test_training_data_may_be_written_bare() -> None:
    about = onnx_models.metadata(training_data=onnx_models.TRAINING_DATA)
    assert load_model(onnx_models.model(about=about)).training_data == onnx_models.TRAINING_DATA


def test_each_picture_has_its_own_answer() -> None:
    model = load_model(onnx_models.model())
    pictures = [np.full((*onnx_models.SIZE, 3), shade, np.uint8) for shade in (0, 255)]
    rows = [model.probabilities(picture) for picture in pictures]
    assert [row.shape for row in rows] == [(3,), (3,)]
    assert not np.allclose(rows[0], rows[1])


METADATA: dict[str, tuple[dict[str, Any], str]] = {
    "no genres": ({"genres": None}, "has no 'genres'"),
    "no thresholds": ({"thresholds": None}, "has no 'thresholds'"),
    "no size": ({"input_size": None}, "has no 'input_size'"),
    "no data": ({"training_data": None}, "has no 'training_data'"),
    "genres not JSON": ({"genres": "Drama, Horror"}, "'genres' is not JSON"),
    "genres nested for ever": ({"genres": "[" * 100_000}, "'genres' is not JSON"),
    "genres not names": ({"genres": "[1, 2, 3]"}, "not a list of different names"),
    "genres twice": ({"genres": '["A", "A", "B"]'}, "not a list of different names"),
    "no genre": ({"genres": "[]"}, "not a list of different names"),
    "thresholds not numbers": ({"thresholds": '["a", 1, 1]'}, "not a list of numbers"),
    "thresholds not finite": ({"thresholds": "[NaN, 1, 1]"}, "not a list of numbers"),
    "thresholds beyond all": ({"thresholds": f"[1{'0' * 400}, 1, 1]"}, "not a list of numbers"),
    "a threshold too few": ({"thresholds": "[0.5, 0.5]"}, "3 genres and 2 thresholds"),
    "size of three": ({"input_size": "[1, 2, 3]"}, "not [height, width]"),
    "size of nothing": ({"input_size": "[0, 16]"}, "not [height, width]"),
    "another size": ({"input_size": "[16, 24]"}, "(batch, 16, 24, 3)"),
    "another number of genres": (
        {"genres": '["A", "B"]', "thresholds": "[0.5, 0.5]"},
        "answers (2, 3) for 2 pictures and 2 genres",
    ),
}


@pytest.mark.parametrize("case", METADATA)
def test_wrong_metadata_is_named(case: str) -> None:
    changes, says = METADATA[case]
    with pytest.raises(BadModelError) as refusal:
        load_model(onnx_models.model(about=onnx_models.metadata(**changes)))
    assert says in str(refusal.value)


GRAPHS: dict[str, tuple[dict[str, Any], str]] = {
    "another input": ({"input_name": "picture"}, "it has 'picture' tensor(uint8)"),
    "a float input": ({"input_type": TensorProto.FLOAT}, "it has 'image' tensor(float)"),
    "more than colour": ({"input_shape": ("batch", 24, 16, 3, 1)}, "not a whole"),
    "a fixed batch": ({"input_shape": (1, *onnx_models.SIZE, 3)}, "(1, 24, 16, 3)"),
    "channels first": ({"input_shape": ("batch", 3, 24, 16)}, "not a whole ONNX model"),
    "another output": ({"output_name": "scores"}, "an output 'probabilities'"),
    "no probabilities": ({"last": "Identity"}, "not between 0 and 1"),
    "not a number": ({"bias": float("nan")}, "not between 0 and 1"),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_wrong_graph_is_named(case: str) -> None:
    changes, says = GRAPHS[case]
    with pytest.raises(BadModelError) as refusal:
        load_model(onnx_models.model(**changes))
    assert says in str(refusal.value)


def test_no_beginning_of_a_model_is_a_model() -> None:
    content = onnx_models.model()
    for length in range(len(content)):
        with pytest.raises(BadModelError):
            load_model(content[:length])


def test_a_damaged_model_is_refused_or_runs() -> None:
    """Every byte in turn replaced: never another exception."""
    content = onnx_models.model()
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        try:
            load_model(bytes(damaged))
        except BadModelError as error:
            refused += 1
            assert len(str(error)) < 400
    assert refused > len(content) / 2
