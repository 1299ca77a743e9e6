"""Stage export: from Keras weights to the one ONNX file that is served."""

from pipeline import errors

if __name__ == "__main__":
    errors.watch_start()  # the imports below take long enough to be interrupted

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from numpy.typing import NDArray

from pipeline import backend, classifier, scores, splits
from pipeline.canonical import canonical
from pipeline.errors import ModelError, exit_code, leaving_at_interrupt
from pipeline.hashing import folder_md5
from pipeline.outs import whole_file

if TYPE_CHECKING:  # keras takes seconds to import, and the backend must be prepared before
    import keras

OPSET = 17
"""The newest that tf2onnx converts without adding a Transpose and a ReduceMean."""
TOLERANCE = 1e-5
"""How far a probability of the ONNX file may be from Keras'; float32 sums differ by about 1e-7."""


def export(data_dir: Path, weights_path: Path, model_path: Path) -> str:
    """Write the ONNX file ``model_path``; returns a summary.

    Input ``image``: (batch, height, width, 3), uint8, RGB. Output ``probabilities``: (batch,
    genres), float32. The metadata is ``classifier.Metadata``; the thresholds are the best of the
    validation split. A ModelError, and no file, if ONNX Runtime and Keras disagree.
    """
    with leaving_at_interrupt():  # the out is begun when all is done
        model, difference = _model(data_dir, weights_path)
    with whole_file(model_path) as path:
        path.write_bytes(canonical(model))
    size = model_path.stat().st_size / 1e6
    return f"{model_path}: {size:.1f} MB, differs from Keras by at most {difference:.1g}"


def _model(data_dir: Path, weights_path: Path) -> tuple[onnx.ModelProto, float]:
    """The ONNX model with its metadata, and how far its probabilities are from Keras'."""
    split = splits.read(data_dir, "valid")
    pixels = splits.pixels(data_dir, split)
    keras_model = _keras_model(weights_path, pixels.shape[1:3], len(split.genres))
    model = _converted(keras_model)
    served = _probabilities(model, pixels)
    difference = float(np.abs(served - keras_model.predict(pixels, verbose=0)).max())
    if not difference <= TOLERANCE:
        raise ModelError(
            f"the ONNX model differs from Keras by {difference:.2g}, over {TOLERANCE:.0e}",
            "install the versions of requirements.txt: make env",
        )
    metadata = classifier.Metadata(
        split.genres,
        scores.best_thresholds(split.labels, served),
        pixels.shape[1:3],
        folder_md5(data_dir),
    )
    onnx.helper.set_model_props(model, metadata.entries())
    onnx.checker.check_model(model, full_check=True)
    return model, difference


def _keras_model(weights_path: Path, size: tuple[int, int], genres: int) -> "keras.Model":
    backend.prepare(seed=0, threads=1)
    from pipeline.network import network

    model = network(size, genres)
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


def _converted(model: "keras.Model") -> onnx.ModelProto:
    """The ONNX form of ``model``, with its batch axis named ``batch``.

    Through a function, since tf2onnx's ``from_keras`` does not take every model of Keras 3.
    """
    import tensorflow as tf
    import tf2onnx

    signature = tf.TensorSpec(model.input.shape, tf.uint8, name=classifier.INPUT)

    @tf.function(input_signature=[signature])  # type: ignore[untyped-decorator]
    def answer(image: "tf.Tensor") -> "dict[str, tf.Tensor]":
        return {classifier.OUTPUT: model(image, training=False)}

    with backend.quiet():
        converted, _ = tf2onnx.convert.from_function(answer, [signature], opset=OPSET)
    for value in (*converted.graph.input, *converted.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    return converted


def _probabilities(model: onnx.ModelProto, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    session = classifier.session_of(model.SerializeToString())
    return classifier.probabilities(session, pixels)


def main() -> None:
    """Read the command line, run the stage, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.export", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that preprocess made")
    parser.add_argument("--weights", type=Path, required=True, help="weights that train wrote")
    parser.add_argument("--model", type=Path, required=True, help="ONNX file to write")
    arguments = parser.parse_args()
    print(export(arguments.data, arguments.weights, arguments.model))


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
