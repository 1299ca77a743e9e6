"""Whether a file is the model that the workshop serves; a file once judged is known by its hash."""

import hashlib
import importlib.util
from pathlib import Path

from dvcstate.documents import regular_file
from grader import user_cache
from grader.finding import UnknownError
from grader.step import Command

_VERSION = 2
INPUT, OUTPUT = "image", "probabilities"
_LARGEST = 512 * 2**20


def problem(path: Path) -> str | None:
    """What is wrong with the model in ``path``, None where it is as it should be."""
    try:
        content = regular_file.read(path, _LARGEST)
    except OSError as error:
        return error.strerror or "unreadable"
    name = hashlib.sha256(content).hexdigest()
    path = user_cache.entry_path("models", f"{_VERSION}-{name}")
    entry = user_cache.read_entry(path)
    if not isinstance(entry, dict) or "problem" not in entry:
        entry = {"problem": _find_problem(content)}
        user_cache.write_entry(path, entry)
    known: str | None = entry["problem"]
    return known


def _find_problem(content: bytes) -> str | None:
    if importlib.util.find_spec("onnxruntime") is None:
        raise UnknownError(
            "a model can be judged by ONNX Runtime alone, which is not installed here",
            Command(("pip", "install", "onnxruntime")),
        )
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as refusals

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal alone: else it prints to stderr
    # A model is judged, not run: no time for optimizing the graph.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (
        refusals.EPFail,
        refusals.Fail,
        refusals.InvalidArgument,
        refusals.InvalidGraph,
        refusals.InvalidProtobuf,
        refusals.NotImplemented,
        refusals.RuntimeException,
        UnicodeDecodeError,  # its own text quotes the file
    ) as error:  # they share no base; anything else is not the attendee's mistake
        return f"ONNX Runtime cannot load it ({' '.join(str(error).split())[:80]})"
    inputs = [node.name for node in session.get_inputs()]
    outputs = [node.name for node in session.get_outputs()]
    if (inputs, outputs) != ([INPUT], [OUTPUT]):
        return f"inputs {', '.join(inputs)}; outputs {', '.join(outputs)}"
    kind = session.get_inputs()[0].type
    if kind != "tensor(uint8)":
        return f"an input of the type {kind}"
    shape = session.get_inputs()[0].shape
    if len(shape) != 4 or shape[3] != 3 or isinstance(shape[0], int):
        return f"an input of the shape {shape}"
    return None
