"""One ONNX model in memory: its session, and what its metadata says of it.

``pipeline.shared.classifier.Metadata`` writes those metadata. The service may not import it: of the
pipeline it sees what turns bytes into pixels, and nothing else.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

INPUT, OUTPUT = "image", "probabilities"
LONGEST_SIDE = 2048

# ONNX Runtime's exceptions have no base class of their own, and only this private module has them.
RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    *(each for each in vars(runtime_errors).values() if isinstance(each, type)
      and issubclass(each, Exception)),
    UnicodeDecodeError,  # where an error's text quotes bytes of the file
)  # fmt: skip


class BadModelError(Exception):
    """A model that cannot be served; the text says why."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that has answered once, and all that serving knows of it."""

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

        One run a picture: a batch gains nothing on one thread, costs memory, and would change a
        picture's last digits with the number of pictures in the request.
        """
        row: NDArray[np.float32] = self.session.run([OUTPUT], {INPUT: image[np.newaxis]})[0][0]
        return row


def load_model(content: bytes) -> Model:
    """The model in the bytes of an ONNX file; a BadModelError says what is wrong with it."""
    try:
        model = _describe(_open_session(content), md5(content))
    except RUNTIME_ERRORS as error:
        raise BadModelError(f"it is not a whole ONNX model ({_one_line(error)})") from None
    _check_answers(model)
    return model


def md5(content: bytes) -> str:
    """The hash that DVC would record for these bytes."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _open_session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # Two threads take as long for a picture, and 2 to 4 times the CPU (MobileNetV2, 160 × 112).
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # fatal alone: the exception says the same as the log
    return onnxruntime.InferenceSession(
        content,
        options,
        providers=["CPUExecutionProvider"],
        enable_fallback=0,  # a fallback prints, and tries the same provider again
    )


def _describe(session: onnxruntime.InferenceSession, md5: str) -> Model:
    """``session`` with what its metadata says, where that fits its input and output."""
    metadata = session.get_modelmeta().custom_metadata_map
    genres = _genres(metadata)
    input_size = _input_size(metadata)
    _check_input(session, input_size)
    _check_output(session)
    return Model(
        session=session,
        md5=md5,
        genres=genres,
        genres_json=tuple(json.dumps(genre, ensure_ascii=False) for genre in genres),
        thresholds=_thresholds(metadata, len(genres)),
        input_size=input_size,
        training_data=_training_data(metadata),
    )


def _genres(metadata: Mapping[str, str]) -> tuple[str, ...]:
    genres = _json_entry(metadata, "genres")
    if not _is_list_of(genres, str) or not genres or len(set(genres)) != len(genres):
        raise BadModelError("its metadata 'genres' is not a list of different names")
    return tuple(genres)


def _thresholds(metadata: Mapping[str, str], count: int) -> tuple[float, ...]:
    thresholds = _json_entry(metadata, "thresholds")
    if not _is_list_of(thresholds, float, int) or not all(0 <= each <= 1 for each in thresholds):
        raise BadModelError("its metadata 'thresholds' is not a list of numbers from 0 to 1")
    if len(thresholds) != count:
        raise BadModelError(f"its metadata has {count} genres and {len(thresholds)} thresholds")
    return tuple(map(float, thresholds))


def _input_size(metadata: Mapping[str, str]) -> tuple[int, int]:
    size = _json_entry(metadata, "input_size")
    if (
        not _is_list_of(size, int)
        or len(size) != 2
        or not all(1 <= side <= LONGEST_SIDE for side in size)
    ):
        raise BadModelError(
            f"its metadata 'input_size' is not [height, width] from 1 to {LONGEST_SIDE}"
        )
    return size[0], size[1]


def _training_data(metadata: Mapping[str, str]) -> str:
    """DVC's hash of the folder, written as JSON like the other entries or as plain text."""
    return _entry(metadata, "training_data").strip('"')


def _json_entry(metadata: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(_entry(metadata, name))
    except (ValueError, RecursionError):
        raise BadModelError(f"its metadata {name!r} is not JSON") from None


def _entry(metadata: Mapping[str, str], name: str) -> str:
    if name not in metadata:
        raise BadModelError(f"its metadata has no {name!r}")
    return metadata[name]


def _is_list_of(value: object, *types: type) -> bool:
    return isinstance(value, list) and all(type(item) in types for item in value)


def _check_input(session: onnxruntime.InferenceSession, size: tuple[int, int]) -> None:
    inputs = session.get_inputs()
    expected = f"one input {INPUT!r}, uint8, (batch, {size[0]}, {size[1]}, 3)"
    actual = ", ".join(map(_signature, inputs)) or "none"
    wrong = BadModelError(f"it should have {expected}; it has {actual}")
    if len(inputs) != 1 or (inputs[0].name, inputs[0].type) != (INPUT, "tensor(uint8)"):
        raise wrong
    shape = list(inputs[0].shape)
    if len(shape) != 4 or isinstance(shape[0], int):
        raise wrong
    for side, wanted in zip(shape[1:], (*size, 3), strict=True):
        if isinstance(side, int) and side != wanted:
            raise wrong


def _check_output(session: onnxruntime.InferenceSession) -> None:
    outputs = {output.name: output for output in session.get_outputs()}
    if OUTPUT not in outputs or outputs[OUTPUT].type != "tensor(float)":
        actual = ", ".join(map(_signature, outputs.values())) or "none"
        raise BadModelError(f"it should have an output {OUTPUT!r}, float32; it has {actual}")


def _signature(value: Any) -> str:
    return f"{value.name!r} {value.type} {tuple(value.shape)}"


def _check_answers(model: Model) -> None:
    """Let the model answer for two pictures, so that none is served that cannot."""
    height, width = model.input_size
    pictures = [np.full((height, width, 3), shade, np.uint8) for shade in (0, 200)]
    try:
        answers = np.array([model.probabilities(picture) for picture in pictures], np.float64)
    except RUNTIME_ERRORS as error:
        raise BadModelError(f"it does not run ({_one_line(error)})") from None
    count = len(model.genres)
    if answers.shape != (len(pictures), count):
        raise BadModelError(
            f"it answers {answers.shape} for {len(pictures)} pictures and {count} genres"
        )
    if not np.all((answers >= 0) & (answers <= 1)):  # false for NaN too
        raise BadModelError("its probabilities are not between 0 and 1")


def _one_line(error: Exception, longest: int = 200) -> str:
    line = " ".join(str(error).split())
    return line if len(line) <= longest else line[:longest] + "…"
