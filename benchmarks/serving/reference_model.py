"""The model of the figures: MobileNetV2 0.5 at 160 × 112, random, but its answers vary.

Two files, fp32 and static int8 (QDQ), converted as the export stage converts. Run as
``python -m benchmarks.serving.reference_model POSTERS FOLDER``.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from pipeline.export.canonical import canonical_bytes

# The stage's own conversion: a public name for it would be another export.py, and another lock.
from pipeline.export.conversion import convert_to_onnx
from pipeline.shared import backend, classifier
from pipeline.shared.pixels import load_image

SIZE = (160, 112)
GENRES = 21
CALIBRATION, CHECKED = 100, 200


def main() -> None:
    """Write ``fp32.onnx`` and ``int8.onnx``, and say how much their answers vary."""
    posters_dir, folder = map(Path, sys.argv[1:])
    paths = sorted(posters_dir.iterdir())[: CALIBRATION + CHECKED]
    pixels = np.stack([load_image(path.read_bytes(), SIZE) for path in paths])
    backend.prepare_tensorflow(seed=1, threads=2)
    document = convert_to_onnx(_network(pixels[:CALIBRATION]))
    metadata = classifier.Metadata(
        tuple(f"Genre {number}" for number in range(GENRES)), (0.5,) * GENRES, SIZE, "random.dir"
    )
    onnx.helper.set_model_props(document, metadata.entries())
    fp32_path, int8_path = folder / "fp32.onnx", folder / "int8.onnx"
    fp32_path.write_bytes(canonical_bytes(document))
    quantize(fp32_path, int8_path, pixels[:CALIBRATION])
    print(json.dumps({path.stem: _spread(path, pixels) for path in (fp32_path, int8_path)}))


def _network(pixels: NDArray[np.uint8]) -> Any:
    """Random weights; batch normalisation knows these posters, so that nothing dies out."""
    import keras

    image = keras.Input((*SIZE, 3), dtype="uint8", name="image")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(image)
    body = keras.applications.MobileNetV2(
        (*SIZE, 3), alpha=0.5, include_top=False, weights=None, pooling="avg"
    )
    for layer in body.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    head = keras.layers.Dense(GENRES, activation="sigmoid", kernel_initializer="he_normal")
    model = keras.Model(image, head(body(scaled)))
    model(pixels, training=True)
    return model


def quantize(fp32_path: Path, int8_path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write the static int8 form of a model, calibrated on these pixels.

    Pre-processed and with unsigned activations (0.69 ms a poster here, where fp32 takes 1.06):
    without the one ONNX Runtime needs 1.43 ms, without both 2.19.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Pixels(CalibrationDataReader):  # type: ignore[misc]  # shipped without types
        def __init__(self) -> None:
            self._rows: Iterator[NDArray[np.uint8]] = iter(pixels)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            row = next(self._rows, None)
            return None if row is None else {classifier.INPUT: row[np.newaxis]}

    prepared_path = int8_path.with_suffix(".prepared")
    quant_pre_process(fp32_path, prepared_path, skip_symbolic_shape=True)
    quantize_static(
        prepared_path,
        int8_path,
        Pixels(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
    )
    prepared_path.unlink()


def _spread(path: Path, pixels: NDArray[np.uint8]) -> float:
    """The mean over genres of the standard deviation over posters; an error where it is nothing."""
    rows = classifier.probabilities(classifier.create_session(path.read_bytes()), pixels)
    spread = float(rows.std(axis=0).mean())
    assert spread > 0.02, f"the answers of {path} do not vary: {spread}"
    return spread


if __name__ == "__main__":
    main()
