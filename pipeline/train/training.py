"""Fits the network, fine-tunes it at a lower rate, and keeps the best weights."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.shared import backend, params, splits
from pipeline.shared.errors import ModelError, leave_at_interrupt
from pipeline.shared.outs import whole_file

if TYPE_CHECKING:  # keras takes seconds to import, and the backend must be prepared before
    import keras

BEST = "val_map"
"""What early stopping watches: mean average precision on the validation split."""
EPSILON = 1e-7
"""Keeps the logarithm of a probability finite."""


class TrainParams(params.Section):
    """The section ``train`` of params.yaml."""

    seed: int = Field(ge=0, lt=2**32)
    threads: int = Field(ge=1, le=256)
    batch_size: int = Field(ge=1, le=4096)
    dropout: params.Number = Field(ge=0, lt=1)
    weight_decay: params.Number = Field(ge=0, le=1)
    epochs: int = Field(ge=1, le=10_000)
    learning_rate: params.Number = Field(gt=0)
    fine_tuning_epochs: int = Field(ge=1, le=10_000)
    fine_tuning_learning_rate: params.Number = Field(gt=0)
    patience: int = Field(ge=1, le=10_000)


def train(
    data_dir: Path,
    weights_path: Path,
    history_path: Path,
    fine_tuning_history_path: Path,
    settings: TrainParams,
) -> str:
    """Train on ``data_dir`` and write the best weights and both histories; returns a summary.

    Both phases train every layer: no pretrained weights are to be had without a download, so
    there is no backbone that could be frozen while a new head is trained.
    """
    training, validation = _read_data(data_dir, "train"), _read_data(data_dir, "valid")
    with leave_at_interrupt():  # no out is begun before TensorFlow is loaded
        backend.prepare_tensorflow(settings.seed, settings.threads)
        from pipeline.shared.network import build_network, start_at_priors

        model = build_network(
            training.pixels.shape[1:3], training.labels.shape[1], settings.dropout
        )
        start_at_priors(model, training.priors)
    with (
        backend.interrupt_callback() as interrupts,
        whole_file(history_path) as history,
        whole_file(fine_tuning_history_path) as fine_tuning_history,
        whole_file(weights_path) as weights,
    ):
        fit = _Fit(model, training, validation, settings, interrupts)
        first, second = fit.fit_both_phases(history, fine_tuning_history)
        trained = build_network(training.pixels.shape[1:3], training.labels.shape[1])
        trained.set_weights(model.get_weights())
        # A model that was never compiled: the optimizer's state would take twice the weights' size.
        weights.write_bytes(_weights_bytes(trained))
        interrupts.stop_if_pressed()
    return f"mAP on the validation split: {first:.3f} trained, {second:.3f} fine-tuned"


@dataclass(frozen=True)
class _TrainingData:
    """``pixels`` (n, height, width, 3), uint8; ``labels`` (n, genres), float32, 0 or 1."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.float32]

    @property
    def priors(self) -> NDArray[np.float64]:
        """Each genre's share of the posters, short of 0 and 1 by half a poster.

        So a genre that every poster has, or none, still has finite odds.
        """
        half = 0.5 / len(self.labels)
        shares: NDArray[np.float64] = self.labels.mean(axis=0, dtype=np.float64)
        return shares.clip(half, 1 - half)


def _read_data(data_dir: Path, name: str) -> _TrainingData:
    split = splits.read(data_dir, name)
    return _TrainingData(splits.pixels(data_dir, split), split.labels.astype(np.float32))


@dataclass(frozen=True)
class _Fit:
    """What both phases of training share."""

    model: "keras.Model"
    training: _TrainingData
    validation: _TrainingData
    settings: TrainParams
    interrupts: "keras.callbacks.Callback"

    def fit_both_phases(self, history: Path, fine_tuning_history: Path) -> tuple[float, float]:
        """Train, then fine-tune; the model is left with the best weights of both.

        Returns what ``fit_phase`` does, of each.
        """
        settings = self.settings
        first = self.fit_phase("training", settings.epochs, settings.learning_rate, history)
        kept = self.model.get_weights()
        second = self.fit_phase(
            "fine-tuning",
            settings.fine_tuning_epochs,
            settings.fine_tuning_learning_rate,
            fine_tuning_history,
        )
        # Fine-tuning may end worse than it began: its early stopping starts from nothing.
        if second < first:
            self.model.set_weights(kept)
        return first, second

    def fit_phase(self, name: str, epochs: int, learning_rate: float, history_path: Path) -> float:
        """Fit for ``epochs`` at most; the model is left with its best weights.

        Returns their mean average precision on the validation split.
        """
        import keras

        print(f"{name}: at most {epochs} epochs at a rate of {learning_rate}", flush=True)
        self._reset_optimizer(learning_rate)
        history = self.model.fit(
            self.training.pixels,
            self.training.labels,
            batch_size=self.settings.batch_size,
            epochs=epochs,
            validation_data=(self.validation.pixels, self.validation.labels),
            callbacks=[
                self.interrupts,
                keras.callbacks.CSVLogger(history_path),
                # Else a phase that diverged would go on to its last epoch.
                keras.callbacks.TerminateOnNaN(),
                keras.callbacks.EarlyStopping(
                    BEST, mode="max", patience=self.settings.patience, restore_best_weights=True
                ),
            ],
            # 2 is a line an epoch: in a log, the bar would be a line a batch.
            verbose="auto" if sys.stdout.isatty() else 2,
        ).history
        _normalise_line_ends(history_path)
        if not np.isfinite(history["loss"]).all():
            raise ModelError(
                f"{name} diverged: the loss of epoch {len(history['loss'])} is not a number",
                f"lower its rate of {learning_rate} in the section 'train' of params.yaml",
            )
        return float(max(history[BEST]))

    def _reset_optimizer(self, learning_rate: float) -> None:
        """Give the model an optimizer that has seen nothing yet.

        The second phase takes that of the first, set back: `compile` would have TensorFlow build
        its graph once more, 4 of the 15 seconds of a training in the workshop.
        """
        import keras

        if not self.model.compiled:
            weight_decay = self.settings.weight_decay
            optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay)
            self.model.compile(optimizer, loss=self._loss(), metrics=self._metrics())
            return
        optimizer = self.model.optimizer
        for variable in optimizer.variables:  # the number of steps, and the moments
            variable.assign(keras.ops.zeros_like(variable))
        optimizer.learning_rate = learning_rate

    def _metrics(self) -> list["keras.metrics.Metric"]:
        import keras

        genres = self.training.labels.shape[1]
        return [
            keras.metrics.BinaryAccuracy(name="accuracy"),
            keras.metrics.AUC(curve="PR", multi_label=True, num_labels=genres, name="map"),
        ]

    def _loss(self) -> "Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]":
        """Binary cross-entropy in which a genre's presence weighs more the rarer the genre is.

        The weight is the square root of absences a presence: the full ratio would make the
        network promise rare genres everywhere.
        """
        from keras import ops

        priors = self.training.priors
        presence = np.sqrt((1 - priors) / priors).astype(np.float32)

        def loss(labels: "keras.KerasTensor", answers: "keras.KerasTensor") -> "keras.KerasTensor":
            present = presence * labels * ops.log(answers + EPSILON)
            absent = (1 - labels) * ops.log(1 - answers + EPSILON)
            return -ops.mean(present + absent, axis=-1)

        return loss


def _normalise_line_ends(path: Path) -> None:
    r"""Make every line end in ``\n``: CSVLogger ends them in ``\r\n``, and on Windows in more."""
    path.write_bytes(path.read_bytes().replace(b"\r", b""))


class _WeightsFile(io.BytesIO):
    """Bytes in memory that Keras takes for a weights file, by how its name ends."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def _weights_bytes(model: "keras.Model") -> bytes:
    """The weights of ``model`` as a file's bytes.

    Made in memory, since HDF5 crashes the process when the disk it writes to is full.
    """
    memory = _WeightsFile()
    model.save_weights(memory)
    return memory.getvalue()
