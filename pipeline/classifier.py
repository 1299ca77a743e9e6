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
"""How many posters are answered at once."""
REMAKE = "dvc repro export"
_states = onnxruntime.capi.onnxruntime_pybind11_state
_LOADING_FAILURES = (
    *(_states.Fail, _states.InvalidArgument, _states.InvalidGraph, _states.InvalidProtobuf),
    *(_states.NotImplemented, _states.RuntimeException),
)
"""What ONNX Runtime raises where a file is no model that it can run; they share no base."""


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
        return Classifier(_metadata(session), session)
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file", REMAKE) from None
    except (*_LOADING_FAILURES, ValueError, LookupError, TypeError) as error:
        problem = f"{path}: not an exported classifier: {_first_line(error)}"
        raise ModelError(problem, REMAKE) from None


def _metadata(session: onnxruntime.InferenceSession) -> Metadata:
    entries = session.get_modelmeta().custom_metadata_map
    names = Metadata.__annotations__
    if missing := [name for name in names if name not in entries]:
        raise ValueError(f"its metadata lacks {', '.join(missing)}")
    values = {name: json.loads(entries[name]) for name in names}
    height, width = values["input_size"]
    return Metadata(
        tuple(values["genres"]),
        tuple(values["thresholds"]),
        (height, width),
        values["training_data"],
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


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
