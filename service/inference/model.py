"""One ONNX model in memory: its session, and what its metadata says about it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

INPUT, OUTPUT = "image", "probabilities"
LONGEST_SIDE = 2048

RUNTIME_ERRORS = (
    runtime_errors.EPFail,
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NoSuchFile,
    runtime_errors.NotFound,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
    UnicodeDecodeError,
)
"""What ONNX Runtime raises, without a common base: the last when its own text quotes the file."""


class ModelError(Exception):
    """A model that cannot be served; the text says why."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that has answered once, and everything that serving knows about it."""

    session: onnxruntime.InferenceSession
    md5: str
    genres: tuple[str, ...]
    genres_json: tuple[str, ...]
    """Each genre's name as JSON."""
    thresholds: tuple[float, ...]
    input_size: tuple[int, int]
    """Height and width."""
    training_data: str
    """The hash that DVC gave the data it was trained on."""

    def probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each genre of one picture (uint8, height x width x 3).

        One run a picture: a batch gains nothing on one thread, costs memory, and would
        move a picture's last digits with the company that it is sent in.
        """
        row: NDArray[np.float32] = self.session.run([OUTPUT], {INPUT: image[np.newaxis]})[0][0]
        return row


def load(content: bytes) -> Model:
    """The model in the bytes of an ONNX file; a ModelError says what is wrong with it."""
    try:
        model = _described(_session(content), md5(content))
    except RUNTIME_ERRORS as error:
        raise ModelError(f"it is not a whole ONNX model ({_one_line(error)})") from None
    _check_answer(model)
    return model


def md5(content: bytes) -> str:
    """The hash that DVC would record for these bytes."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # One thread a picture: two take as long and 2 to 4 times the CPU (MobileNetV2, 160x112).
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what is wrong is told by the exception
    return onnxruntime.InferenceSession(
        content,
        options,
        providers=["CPUExecutionProvider"],
        enable_fallback=0,  # it would print, and try the same again
    )


def _described(session: onnxruntime.InferenceSession, md5: str) -> Model:
    """``session`` with what its metadata says, where that fits its input and output."""
    about = session.get_modelmeta().custom_metadata_map
    genres = _genres(about)
    input_size = _input_size(about)
    _check_input(session, input_size)
    _check_output(session)
    return Model(
        session=session,
        md5=md5,
        genres=genres,
        genres_json=tuple(json.dumps(genre, ensure_ascii=False) for genre in genres),
        thresholds=_thresholds(about, len(genres)),
        input_size=input_size,
        training_data=_training_data(about),
    )


def _genres(about: Mapping[str, str]) -> tuple[str, ...]:
    genres = _json_entry(about, "genres")
    if not _is_list_of(genres, str) or not genres or len(set(genres)) != len(genres):
        raise ModelError("its metadata 'genres' is not a list of different names")
    return tuple(genres)


def _thresholds(about: Mapping[str, str], count: int) -> tuple[float, ...]:
    thresholds = _json_entry(about, "thresholds")
    if not _is_list_of(thresholds, float, int) or not all(0 <= each <= 1 for each in thresholds):
        raise ModelError("its metadata 'thresholds' is not a list of numbers from 0 to 1")
    if len(thresholds) != count:
        raise ModelError(f"its metadata has {count} genres and {len(thresholds)} thresholds")
    return tuple(map(float, thresholds))


def _input_size(about: Mapping[str, str]) -> tuple[int, int]:
    size = _json_entry(about, "input_size")
    if (
        not _is_list_of(size, int)
        or len(size) != 2
        or not all(1 <= side <= LONGEST_SIDE for side in size)
    ):
        raise ModelError(
            f"its metadata 'input_size' is not [height, width] from 1 to {LONGEST_SIDE}"
        )
    return size[0], size[1]


def _training_data(about: Mapping[str, str]) -> str:
    """DVC's hash of the folder, written as JSON as the others are, or as it is."""
    return _entry(about, "training_data").strip('"')


def _json_entry(about: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(_entry(about, name))
    except (ValueError, RecursionError):
        raise ModelError(f"its metadata {name!r} is not JSON") from None


def _entry(about: Mapping[str, str], name: str) -> str:
    if name not in about:
        raise ModelError(f"its metadata has no {name!r}")
    return about[name]


def _is_list_of(value: object, *types: type) -> bool:
    return isinstance(value, list) and all(type(item) in types for item in value)


def _check_input(session: onnxruntime.InferenceSession, size: tuple[int, int]) -> None:
    inputs = session.get_inputs()
    expected = f"one input {INPUT!r}, uint8, (batch, {size[0]}, {size[1]}, 3)"
    found = ", ".join(_signature(each) for each in inputs) or "none"
    wrong = ModelError(f"it should have {expected}; it has {found}")
    if len(inputs) != 1 or (inputs[0].name, inputs[0].type) != (INPUT, "tensor(uint8)"):
        raise wrong
    shape = list(inputs[0].shape)
    if len(shape) != 4 or isinstance(shape[0], int):
        raise wrong
    for side, wanted in zip(shape[1:], (*size, 3), strict=True):
        if isinstance(side, int) and side != wanted:
            raise wrong


def _check_output(session: onnxruntime.InferenceSession) -> None:
    outputs = {each.name: each for each in session.get_outputs()}
    if OUTPUT not in outputs or outputs[OUTPUT].type != "tensor(float)":
        found = ", ".join(map(_signature, outputs.values())) or "none"
        raise ModelError(f"it should have an output {OUTPUT!r}, float32; it has {found}")


def _signature(value: Any) -> str:
    return f"{value.name!r} {value.type} {tuple(value.shape)}"


def _check_answer(model: Model) -> None:
    """Let the model answer for two pictures, so that none is served that cannot."""
    height, width = model.input_size
    pictures = [np.full((height, width, 3), shade, np.uint8) for shade in (0, 200)]
    try:
        answer = np.array([model.probabilities(picture) for picture in pictures], np.float64)
    except RUNTIME_ERRORS as error:
        raise ModelError(f"it does not run ({_one_line(error)})") from None
    for problem in _problems_of(answer, (len(pictures), len(model.genres))):
        raise ModelError(problem)


def _problems_of(answer: NDArray[np.float64], shape: tuple[int, int]) -> Iterator[str]:
    if answer.shape != shape:
        yield f"it answers {answer.shape} for {shape[0]} pictures and {shape[1]} genres"
    elif not np.all((answer >= 0) & (answer <= 1)):  # false for NaN too
        yield "its probabilities are not between 0 and 1"


def _one_line(error: Exception, longest: int = 200) -> str:
    line = " ".join(str(error).split())
    return line if len(line) <= longest else line[:longest] + "…"
