"""Tiny real ONNX models: the mean colour of a picture decides its genres."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

GENRES = ["Drama", "Horror", "Comedy"]
SIZE = (24, 16)
TRAINING_DATA = "0123456789abcdef0123456789abcdef.dir"

# Red makes drama, green horror, blue comedy.
WEIGHTS = np.array([[6, -2, -2], [-2, 6, -2], [-2, -2, 6]], np.float32)


def metadata(**changes: Any) -> dict[str, str]:
    """The metadata of a good model, with ``changes``; None leaves an entry out."""
    entries = {
        "genres": json.dumps(GENRES),
        "thresholds": json.dumps([0.5] * len(GENRES)),
        "input_size": json.dumps(SIZE),
        "training_data": json.dumps(TRAINING_DATA),
        **changes,
    }
    return {key: value for key, value in entries.items() if value is not None}


def model(
    *,
    bias: float = -1.0,
    about: Mapping[str, str] | None = None,
    input_name: str = "image",
    input_type: int = TensorProto.UINT8,
    input_shape: Sequence[str | int] = ("batch", *SIZE, 3),
    output_name: str = "probabilities",
    last: str = "Sigmoid",
) -> bytes:
    """The bytes of a model; ``bias`` moves every probability, so that two models differ."""
    nodes = [
        helper.make_node("Cast", [input_name], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logits"]),
        helper.make_node(last, ["logits"], [output_name]),
    ]
    constants = {
        "scale": np.array(1 / 255, np.float32),
        "weights": WEIGHTS,
        "bias": np.array([bias] * len(GENRES), np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(input_name, input_type, input_shape)],
        [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, ["batch", len(GENRES)])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    document = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(document, dict(metadata() if about is None else about))
    return bytes(document.SerializeToString())


def install(repo_dir: Path, content: bytes) -> Path:
    """Put ``content`` where the service looks, as the export stage does: whole or not at all."""
    path = repo_dir / "models" / "classifier.onnx"
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)
    return path
