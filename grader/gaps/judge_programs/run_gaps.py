"""Run the functions in which an attendee filled gaps, and say what is wrong with their answers.

    python -P run_gaps.py ROOT GAP ...

The first line is ``{}``, before any of that code runs. Then, for each gap, a line of JSON:
``{"gap": ..., "expected": ..., "actual": ...}``, the last two null where it is right. It runs the
repository's code, and only where the attendee asks for that. It ends when its standard input does:
whoever started it has ended then.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

Answer = tuple[str, str] | None
"""What was expected and what came, None where that is the same."""
_SIZE, _GENRES = (32, 32), 3


def judge_standardise() -> Answer:
    """The features that the first convolution gets of the darkest and the brightest image."""
    keras = importlib.import_module("keras")  # by name: nothing of the grader imports TensorFlow

    model = _network(0.0)
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    features = keras.Model(model.input, first.input)
    images = np.stack([np.full((*_SIZE, 3), value, dtype="uint8") for value in (0, 51, 255)])
    ends = [round(float(image.mean()), 3) for image in np.asarray(features(images))]
    if np.allclose(ends, (-1, -0.6, 1), atol=0.02):
        return None
    return "pixels 0, 51 and 255 become -1, -0.6 and 1", f"they become {ends}"


def judge_dropout() -> Answer:
    """The share of features that is lost before the last layer, in training and else."""
    keras = importlib.import_module("keras")  # by name: nothing of the grader imports TensorFlow

    images = np.random.default_rng(0).integers(0, 256, (64, *_SIZE, 3), dtype="uint8")
    shares = []
    for dropout, training in ((0.5, True), (0.25, True), (0.5, False)):
        model = _network(dropout)
        last = model.get_layer("probabilities")
        before = model.get_layer("features").output
        inner = keras.Model(before, last.input)
        given = np.ones((len(images), before.shape[-1]), dtype="float32")
        answer = np.asarray(inner(given, training=training))
        shares.append(round(float((answer == 0).mean()), 2))
    if np.allclose(shares, (0.5, 0.25, 0), atol=0.04):
        return None
    return (
        "a dropout of 0.5 drops half of the features in training, 0.25 a quarter, and neither any"
        " else",
        f"the shares that are dropped are {shares[0]}, {shares[1]} and {shares[2]}",
    )


def judge_evaluate() -> Answer:
    """The counts of small tables, and of one without any choice."""
    scores = importlib.import_module("pipeline.shared.scores")
    labels = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 0, 1]], dtype=np.uint8)
    chosen = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1], [1, 0, 1]], dtype=bool)
    names = ("true_positives", "false_positives", "false_negatives")
    for choice, right in (
        (chosen, ([2, 1, 2], [1, 1, 0], [1, 0, 1])),
        (chosen & False, ([0, 0, 0], [0, 0, 0], [3, 1, 3])),
    ):
        counts = scores.counts(labels, choice)
        for name, expected in zip(names, right, strict=True):
            actual = np.asarray(getattr(counts, name)).tolist()
            if actual != expected:
                return f"{name} by genre {expected}", f"{actual}"
    return None


def judge_plot() -> Answer:
    """The lines of the figure: both splits of each score, fine-tuning after training."""
    figures = importlib.import_module("pipeline.plot.figures")
    history, fine_tuning = _histories(figures.SCORES)
    figure = figures.draw_training(history, fine_tuning)
    if len(figure.axes) != len(figures.SCORES):
        return f"{len(figures.SCORES)} pictures, one a score", f"{len(figure.axes)}"
    for axes, column in zip(figure.axes, figures.SCORES, strict=True):
        drawn = [[round(float(y), 6) for y in line.get_ydata()] for line in axes.lines]
        for name in (column, f"val_{column}"):
            expected = [float(value) for value in (*history[name], *fine_tuning[name])]
            if expected not in drawn:
                return f"a line of {name} by epoch: {expected}", f"lines of {drawn}"
    return None


def _histories(scores: Any) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Two epochs of training and one of fine-tuning, each value another one."""
    columns = [f"{split}{column}" for column in scores for split in ("", "val_")]
    values = {name: 0.1 + 0.01 * at for at, name in enumerate(columns)}
    history = {n: [f"{v:.3f}", f"{v + 0.2:.3f}"] for n, v in values.items()}
    fine_tuning = {n: [f"{v + 0.4:.3f}"] for n, v in values.items()}
    return {"epoch": ["0", "1"], **history}, {"epoch": ["0"], **fine_tuning}


def _network(dropout: float) -> Any:
    network = importlib.import_module("pipeline.shared.network")
    return network.build_network(_SIZE, _GENRES, dropout)


JUDGES: dict[str, Callable[[], Answer]] = {
    "standardise": judge_standardise,
    "dropout": judge_dropout,
    "evaluate": judge_evaluate,
    "plot": judge_plot,
}


def _judge(gap: str) -> Answer:
    try:
        return JUDGES[gap]()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what an attendee's code raises is its answer
        return "an answer", f"{type(error).__name__}: {error}"


def _end_with(pipe: int) -> None:
    """End this process, and all that it started, as soon as ``pipe`` is closed."""
    while os.read(pipe, 1024):
        pass
    if sys.platform == "win32":
        words = ["taskkill", "/T", "/F", "/PID", str(os.getpid())]
        subprocess.run(words, capture_output=True, check=False)  # noqa: S603
        os._exit(1)
    else:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.dont_write_bytecode = True  # it judges, and changes nothing
    sys.path.insert(0, sys.argv[1])
    threading.Thread(target=_end_with, args=(os.dup(0),), daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the code has nothing to read
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what the code prints is no answer
        print("{}", file=answers, flush=True)
        for name in sys.argv[2:]:
            expected, actual = _judge(name) or (None, None)
            answer = {"gap": name, "expected": expected, "actual": actual}
            print(json.dumps(answer), file=answers, flush=True)
