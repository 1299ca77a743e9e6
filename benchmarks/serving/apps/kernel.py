"""What the tuned peers do with a poster: the service's own pixels, and one thread a session."""

import json
import os

import numpy as np
import onnxruntime

from pipeline.shared.pixels import load_image


class Kernel:
    """From the bytes of a poster to its ranked genres."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            os.environ["BENCHMARK_MODEL"], options, providers=["CPUExecutionProvider"]
        )
        height, width = self._session.get_inputs()[0].shape[1:3]
        self._size = (height, width)
        count = self._session.get_outputs()[0].shape[1]
        self._genres = [f"genre {number}" for number in range(count)]

    def answer(self, poster: bytes) -> bytes:
        """The probability of each genre as JSON, the highest first."""
        pixels = load_image(poster, self._size)[np.newaxis]
        row = self._session.run(["probabilities"], {"image": pixels})[0][0]
        order = np.argsort(-row).tolist()
        values = row.tolist()
        ranked = [{"genre": self._genres[index], "probability": values[index]} for index in order]
        return json.dumps({"genres": ranked}).encode()
