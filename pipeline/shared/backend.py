"""TensorFlow, quiet and repeatable; call it before anything imports keras."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.shared.errors import leave_at_interrupt

if TYPE_CHECKING:
    import keras


def prepare_tensorflow(seed: int, threads: int) -> None:
    """Make two runs on one machine give the same bits.

    A seed and deterministic operations are not enough: with several threads between operations
    the order of sums still varies. ``threads`` is how many work within one operation; another
    number gives other bits, so it is a param and not the machine's number of cores.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silence_tensorflow():
        import keras
        import tensorflow as tf

    # Measured: with the seed and deterministic operations alone, weights differed from run to run;
    # with one thread between operations too, they were equal in 6 of 6 runs.
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


@contextmanager
def silence_tensorflow() -> Iterator[None]:
    """Keep TensorFlow's C++ notices off the terminal; they ignore every setting.

    They go to file descriptor 2 itself, so that is what points elsewhere for a while. Whatever
    fails raises an exception, which is told afterwards. Ctrl-C ends the process: for where nothing
    is being written.
    """
    sys.stderr.flush()
    terminal = os.dup(2)  # of the process, which redirect_stderr would not reach
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with leave_at_interrupt(terminal):
            yield
    finally:
        os.dup2(terminal, 2)
        os.close(nowhere)
        os.close(terminal)


@contextmanager
def interrupt_callback() -> Iterator["keras.callbacks.Callback"]:
    """Yield a callback with which Ctrl-C ends training between two batches, and only there.

    Python raises KeyboardInterrupt wherever it happens to be, and where that is in TensorFlow it
    comes out as another exception, or not at all. Outside of ``fit``, its ``stop_if_pressed``
    does the same; a press after the last of those no longer counts.
    """
    import keras

    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        pressed = True

    class Stop(keras.callbacks.Callback):  # type: ignore[misc]
        def stop_if_pressed(self, *_: object, **__: object) -> None:
            if pressed:
                raise KeyboardInterrupt

        on_train_batch_end = on_test_batch_end = stop_if_pressed

    before = signal.signal(signal.SIGINT, press)
    try:
        yield Stop()
    finally:
        signal.signal(signal.SIGINT, before)
