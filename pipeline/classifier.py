"""The exported classifier: an ONNX file that says all that serving it needs."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from pipeline.errors import ModelError

INPUT, OUTPUT = "image", "probabilities"
BATCH = 64


@dataclass(frozen=True)
class Metadata:
    """What the file's metadata says, each under its name, as JSON.

    ``input_size`` is (height, width) in pixels; a genre is chosen when its probability reaches its
    threshold; ``training_data`` is the hash that dvc.lock records for data/preprocess.
    """

    genres: tuple[str, ...]
    thresholds: tuple[float, ...]
    input_size: tuple[int, int]
    training_data: str

    def entries(self) -> dict[str, str]:
        """The metadata as an ONNX file holds it: one JSON text a name."""
        return {name: json.dumps(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Classifier:
    """A loaded ONNX file."""

    metadata: Metadata
    session: onnxruntime.InferenceSession


def load(path: Path) -> Classifier:
    """Load the ONNX file ``path``; a ModelError says why that cannot be done."""
    try:
        session = session_of(path.read_bytes())
        entries = session.get_modelmeta().custom_metadata_map
        values = {name: json.loads(entries[name]) for name in Metadata.__annotations__}
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file", "dvc repro export") from None
    except (onnxruntime.capi.onnxruntime_pybind11_state.Fail, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not an exported classifier: {error}", "dvc repro export") from None
    lists = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Classifier(Metadata(**lists), session)


def session_of(model: bytes) -> onnxruntime.InferenceSession:
    """A session over the bytes of an ONNX file, on one thread, so that sums have one order."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def probabilities(
    session: onnxruntime.InferenceSession, pixels: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """The probability of each genre, (n, genres), for ``pixels`` (n, height, width, 3), uint8."""
    batches = [pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)]
    return np.concatenate([session.run([OUTPUT], {INPUT: batch})[0] for batch in batches])
