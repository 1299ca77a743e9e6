"""An altered copy keeps to its limits."""

import numpy as np
import pytest

from pipeline.preprocess.augment import Augmentation, alter
from tests.pipeline import material

NOTHING = Augmentation(copies=1, rotation=0, scale=0, crop=0, brightness=0)
IMAGE = np.asarray(material.picture(1, ["Drama", "Comedy"]))


def copies(limits: Augmentation, image: np.typing.NDArray[np.uint8] = IMAGE) -> list[np.ndarray]:
    return [alter(image, limits, np.random.default_rng(seed)) for seed in range(20)]


def test_limits_of_0_alter_nothing() -> None:
    for copy in copies(NOTHING):
        np.testing.assert_array_equal(copy, IMAGE)


@pytest.mark.parametrize("limit", ["rotation", "scale", "crop", "brightness"])
def test_each_limit_alters_and_keeps_shape_and_type(limit: str) -> None:
    value = 90 if limit == "rotation" else 0.3
    made = copies(NOTHING.model_copy(update={limit: value}))
    assert {(copy.shape, copy.dtype) for copy in made} == {(IMAGE.shape, IMAGE.dtype)}
    assert len({copy.tobytes() for copy in made}) == len(made)


def test_brightness_stays_within_its_limit_both_ways() -> None:
    grey = np.full((8, 8, 3), 100, np.uint8)
    means = [copy.mean() for copy in copies(NOTHING.model_copy(update={"brightness": 0.2}), grey)]
    assert 80 <= min(means) < 90
    assert 110 < max(means) <= 120


def test_what_comes_into_the_frame_repeats_the_edge() -> None:
    grey = np.full((8, 8, 3), 100, np.uint8)
    limits = Augmentation(copies=1, rotation=180, scale=0.5, crop=0.5, brightness=0)
    for copy in copies(limits, grey):
        np.testing.assert_array_equal(copy, grey)
