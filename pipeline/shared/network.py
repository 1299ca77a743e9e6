"""The network: a small convolutional one, from a poster's pixels to a probability a genre."""

import keras
import numpy as np
from numpy.typing import NDArray


def build_network(size: tuple[int, int], genres: int, dropout: float = 0.0) -> keras.Model:
    """An untrained network.

    Input ``image``: (batch, height, width, 3), uint8, RGB, of ``size`` (height, width).
    Output ``probabilities``: (batch, genres), float32, a sigmoid each, since a poster may have
    several genres. ``dropout`` is the share of features dropped in training alone.
    """
    image = keras.Input((*size, 3), dtype="uint8", name="image")
    features = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaled")(image)
    features = _block(features, 32, kernel=5, strides=4)
    for filters in (64, 128):
        features = _block(_block(features, filters), filters)
        features = keras.layers.MaxPooling2D()(features)
    features = _block(features, 192)
    features = keras.layers.GlobalAveragePooling2D(name="features")(features)
    features = keras.layers.Dropout(dropout)(features)
    head = keras.layers.Dense(genres, activation="sigmoid", name="probabilities")
    return keras.Model(image, head(features), name="posters")


def start_at_priors(model: keras.Model, priors: NDArray[np.float64]) -> None:
    """Make an untrained ``model`` answer ``priors``, each genre's share, for whatever poster.

    So training need not first learn how rare a genre is (Lin et al., "Focal loss for dense object
    detection", ICCV 2017, section 4.1).
    """
    weights, _ = model.get_layer("probabilities").get_weights()
    model.get_layer("probabilities").set_weights([weights, np.log(priors / (1 - priors))])


def _block(
    features: keras.KerasTensor, filters: int, kernel: int = 3, strides: int = 1
) -> keras.KerasTensor:
    features = keras.layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(features)
    features = keras.layers.BatchNormalization()(features)
    return keras.layers.Activation("relu")(features)
