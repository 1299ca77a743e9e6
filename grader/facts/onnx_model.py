"""Whether a file is the model that the workshop serves; a file once judged is known by its hash."""

import hashlib
import importlib.util
import json
from pathlib import Path

from dvcstate.documents import regular_file
from dvcstate.hashes.hash_store import cache_dir
from grader.engine.finding import UnknownError
from grader.engine.step import Command

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
    memory = cache_dir() / "models" / f"{_VERSION}-{name}.json"
    try:
        known: str | None = json.loads(memory.read_text("utf-8"))["problem"]
        return known
    except (OSError, ValueError, LookupError, TypeError):
        pass
    found = _judged(content)
    _remember(memory, found)
    return found


def _judged(content: bytes) -> str | None:
    if importlib.util.find_spec("onnxruntime") is None:
        raise UnknownError(
            "a model can be judged by ONNX Runtime alone, which is not installed here",
            Command(("pip", "install", "onnxruntime")),
        )
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as refusals

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
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
    ends = [one.name for one in session.get_inputs()], [one.name for one in session.get_outputs()]
    if ends != ([INPUT], [OUTPUT]):
        return f"inputs {', '.join(ends[0])}; outputs {', '.join(ends[1])}"
    kind = session.get_inputs()[0].type
    if kind != "tensor(uint8)":
        return f"an input of the type {kind}"
    shape = session.get_inputs()[0].shape
    if len(shape) != 4 or shape[3] != 3 or isinstance(shape[0], int):
        return f"an input of the shape {shape}"
    return None


def _remember(memory: Path, found: str | None) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps({"problem": found}), "utf-8")
    except OSError:
        return  # it will be judged again
