"""A program of test_export.py: what Keras answers for the test split, written to keras.npy."""

from pathlib import Path

import numpy as np

from pipeline.shared import backend, splits
from tests.pipeline import material

if __name__ == "__main__":
    backend.prepare_tensorflow(0, 1)
    from pipeline.shared.network import build_network

    model = build_network(material.SIZE, len(material.GENRES))
    model.load_weights("models/classifier.weights.h5")
    folder = Path("data/preprocess")
    images = splits.pixels(folder, splits.read(folder, "test"))
    np.save("keras.npy", model.predict(images, verbose=0))
