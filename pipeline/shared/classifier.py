"""The exported classifier: an ONNX file that says all that serving it needs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from pipeline.shared.errors import ModelError

INPUT, OUTPUT = "image", "probabilities"
BATCH = 64
"""How many posters are answered at once."""
REMAKE = "dvc repro export"
# A private module: onnxruntime 1.32 exports its exceptions nowhere else.
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
        session = create_session(path.read_bytes())
        metadata = _metadata(session)
        _check_graph(session, metadata)
        return Classifier(metadata, session)
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file", REMAKE) from None
    except RecursionError:
        problem = f"{path}: not an exported classifier: nested too deeply"
        raise ModelError(problem, REMAKE) from None
    except (*_LOADING_FAILURES, ValueError, LookupError, TypeError) as error:
        problem = f"{path}: not an exported classifier: {_first_line(error)}"
        raise ModelError(problem, REMAKE) from None


def _metadata(session: onnxruntime.InferenceSession) -> Metadata:
    entries = session.get_modelmeta().custom_metadata_map
    names = Metadata.__annotations__
    if missing := [name for name in names if name not in entries]:
        raise ValueError(f"its metadata lacks {', '.join(missing)}")
    return _check_metadata({name: json.loads(entries[name]) for name in names})


def _check_metadata(values: dict[str, Any]) -> Metadata:
    """The metadata of ``values``; a ValueError names what is not as ``Metadata`` has it."""
    genres, thresholds, size, training_data = (values[name] for name in Metadata.__annotations__)
    if not (_is_list(genres, str) and genres):
        raise ValueError("genres in its metadata is no list of names")
    if not (_is_list(thresholds, int, float) and len(thresholds) == len(genres)):
        raise ValueError(f"thresholds in its metadata is no list of {len(genres)} numbers")
    if not (_is_list(size, int) and len(size) == 2 and min(size) > 0):
        raise ValueError("input_size in its metadata is no height and width")
    if not isinstance(training_data, str):
        raise ValueError("training_data in its metadata is no hash")
    return Metadata(tuple(genres), tuple(thresholds), (size[0], size[1]), training_data)


def _is_list(value: object, *types: type) -> bool:
    """Whether ``value`` is a list of these types; true and false are no numbers here."""
    return isinstance(value, list) and all(type(entry) in types for entry in value)


def _check_graph(session: onnxruntime.InferenceSession, metadata: Metadata) -> None:
    """A ValueError where the graph takes or gives anything but what the metadata says."""
    height, width = metadata.input_size
    ends = [(end.name, end.shape[1:]) for end in (*session.get_inputs(), *session.get_outputs())]
    if ends != [(INPUT, [height, width, 3]), (OUTPUT, [len(metadata.genres)])]:
        raise ValueError(
            f"its graph does not answer {len(metadata.genres)} genres for {height} × {width} pixels"
        )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def create_session(model: bytes) -> onnxruntime.InferenceSession:
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
