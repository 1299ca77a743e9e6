"""Keras weights to an ONNX model; TensorFlow is loaded here, on the first call."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from pipeline.shared import backend, classifier
from pipeline.shared.errors import ModelError

if TYPE_CHECKING:  # keras takes seconds to import, and the backend must be prepared before
    import keras

OPSET = 17
"""The newest that tf2onnx converts without adding a Transpose and a ReduceMean."""


def load_keras_model(weights_path: Path, size: tuple[int, int], genres: int) -> "keras.Model":
    """The network with these weights; a ModelError where they are of another one."""
    # No result depends on the seed, and one thread keeps the order of sums.
    backend.prepare_tensorflow(seed=0, threads=1)
    from pipeline.shared.network import build_network

    model = build_network(size, genres)
    try:
        with warnings.catch_warnings(action="error", category=UserWarning):
            model.load_weights(weights_path)
    except FileNotFoundError:
        raise ModelError(f"{weights_path}: no such file", "dvc repro train") from None
    except (OSError, ValueError, KeyError, UserWarning) as error:  # Keras warns of what it skips
        reason = str(error).partition("\n")[0]
        problem = f"{weights_path}: not the weights of a network for this data: {reason}"
        raise ModelError(problem, "dvc repro train") from None
    return model


def convert_to_onnx(model: "keras.Model") -> onnx.ModelProto:
    """The ONNX form of ``model``, with its batch axis named ``batch``.

    Through a function, since tf2onnx's ``from_keras`` does not take every model of Keras 3.
    """
    import tensorflow as tf
    import tf2onnx

    signature = tf.TensorSpec(model.input.shape, tf.uint8, name=classifier.INPUT)

    @tf.function(input_signature=[signature])  # type: ignore[untyped-decorator]
    def answer(image: "tf.Tensor") -> "dict[str, tf.Tensor]":
        return {classifier.OUTPUT: model(image, training=False)}

    with backend.silence_tensorflow():
        converted, _ = tf2onnx.convert.from_function(answer, [signature], opset=OPSET)
    for value in (*converted.graph.input, *converted.graph.output):
        # tf2onnx calls the batch axis unk__N, with another N in each run.
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    return converted
