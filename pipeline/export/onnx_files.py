"""The ONNX file that is served, in int8 if that holds, and its twin in float32."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from pydantic import Field

from pipeline.export.canonical import canonical_bytes
from pipeline.export.conversion import convert_to_onnx, load_keras_model
from pipeline.export.quantization import quantize
from pipeline.shared import classifier, params, scores, splits
from pipeline.shared.errors import ModelError, leave_at_interrupt
from pipeline.shared.hashing import folder_md5
from pipeline.shared.outs import whole_file

TOLERANCE = 1e-5
"""How far a probability of the ONNX file may be from Keras'; float32 sums differ by about 1e-7."""


GATE = ("map", "macro_f1")
"""The scores that int8 may cost no more than ``max_drop`` of."""


class ExportParams(params.Section):
    """The section ``export`` of params.yaml."""

    int8: bool
    max_drop: params.Share
    calibration_images: int = Field(ge=1, le=100_000)


def export(
    data_dir: Path, weights_path: Path, model_path: Path, fp32_path: Path, settings: ExportParams
) -> str:
    """Write the ONNX file that is served and its twin in float32; returns a summary.

    Input ``image``: (batch, height, width, 3), uint8, RGB. Output ``probabilities``: (batch,
    genres), float32. The metadata is ``classifier.Metadata``; the thresholds are the best of the
    validation split. A ModelError, and no file, if ONNX Runtime and Keras disagree.

    ``model_path`` gets the network in int8 where ``settings`` ask for that and neither score of
    ``GATE`` on the validation split drops by more than ``max_drop``; else what ``fp32_path`` gets.
    """
    with leave_at_interrupt():  # the outs are begun when all is done
        validation = _read_data(data_dir, "valid")
        fp32, difference = _convert_and_check(validation, weights_path)
        served, verdict = fp32, "fp32 as params.yaml says"
        if settings.int8:
            int8 = _int8_candidate(fp32, data_dir, validation, settings)
            passed, verdict = judge_int8(fp32.scores, int8.scores, settings.max_drop)
            served = int8 if passed else fp32
        contents = {
            path: canonical_bytes(_add_metadata(candidate, validation, data_dir))
            for path, candidate in ((model_path, served), (fp32_path, fp32))
        }
    with ExitStack() as outs:  # neither is renamed before both are written
        for path, content in contents.items():
            outs.enter_context(whole_file(path)).write_bytes(content)
    size = len(contents[model_path]) / 1e6
    return f"{model_path}: {size:.1f} MB, {verdict}; fp32 is within {difference:.1g} of Keras"


@dataclass(frozen=True)
class _SplitPixels:
    """A split and its images: (n, height, width, 3), uint8."""

    split: splits.Split
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class _Candidate:
    """A model that may be served, and what it is worth on the validation split."""

    model: onnx.ModelProto
    thresholds: tuple[float, ...]
    scores: dict[str, float]


def _read_data(data_dir: Path, name: str) -> _SplitPixels:
    split = splits.read(data_dir, name)
    return _SplitPixels(split, splits.pixels(data_dir, split))


def _convert_and_check(validation: _SplitPixels, weights_path: Path) -> tuple[_Candidate, float]:
    """The network in float32, and how far its probabilities are from Keras'."""
    size, genres = validation.pixels.shape[1:3], len(validation.split.genres)
    keras_model = load_keras_model(weights_path, size, genres)
    model = convert_to_onnx(keras_model)
    answers = _probabilities(model, validation.pixels)
    difference = float(np.abs(answers - keras_model.predict(validation.pixels, verbose=0)).max())
    if not difference <= TOLERANCE:
        raise ModelError(
            f"the ONNX model differs from Keras by {difference:.2g}, over {TOLERANCE:.0e}",
            "install the versions of requirements.txt: make env",
        )
    return _candidate(model, validation, answers), difference


def _int8_candidate(
    fp32: _Candidate, data_dir: Path, validation: _SplitPixels, settings: ExportParams
) -> _Candidate:
    """The network in int8, calibrated on posters of the training split, evenly spaced."""
    training = splits.read(data_dir, "train")
    step = -(-len(training.paths) // settings.calibration_images)
    pixels = splits.pixels(data_dir, training.every(step))
    model = quantize(fp32.model, pixels)
    return _candidate(model, validation, _probabilities(model, validation.pixels))


def _candidate(
    model: onnx.ModelProto, validation: _SplitPixels, answers: NDArray[np.float32]
) -> _Candidate:
    labels = validation.split.labels
    thresholds = scores.best_thresholds(labels, answers)
    return _Candidate(model, thresholds, scores.summary(labels, answers, np.array(thresholds)))


def judge_int8(
    fp32: Mapping[str, float], int8: Mapping[str, float], max_drop: float
) -> tuple[bool, str]:
    """Whether int8 may be served, by the scores of both, and the reason in a few words.

    Scores have six digits, and a drop of exactly ``max_drop`` is allowed.
    """
    drops = {name: round(fp32[name] - int8[name], 6) for name in GATE}
    costs = " and ".join(f"{drop:+.4f} of {name}" for name, drop in drops.items())
    if max(drops.values()) <= max_drop:
        return True, f"int8, which costs {costs} in validation"
    return False, f"fp32, since int8 would cost {costs} in validation, over {max_drop:g}"


def _add_metadata(
    candidate: _Candidate, validation: _SplitPixels, data_dir: Path
) -> onnx.ModelProto:
    """The candidate's model with its metadata."""
    metadata = classifier.Metadata(
        validation.split.genres,
        candidate.thresholds,
        validation.pixels.shape[1:3],
        folder_md5(data_dir),
    )
    model = onnx.ModelProto()
    model.CopyFrom(candidate.model)  # the same may be written twice
    onnx.helper.set_model_props(model, metadata.entries())
    onnx.checker.check_model(model, full_check=True)
    return model


def _probabilities(model: onnx.ModelProto, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    session = classifier.create_session(model.SerializeToString())
    return classifier.probabilities(session, pixels)
