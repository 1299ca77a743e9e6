"""Pictures that are wrong where decoders look: pixels or an ImageError, and nothing else.

``python -m benchmarks.serving.fuzz_decoders --valgrind`` gives them some minutes of it.
"""

from collections import Counter
from itertools import islice

from pipeline.shared.pixels import ImageError, load_image
from tests.pipeline.broken_pictures import broken_pictures, whole_pictures


def test_the_whole_pictures_are_read_but_for_the_lossless_one() -> None:
    for kind, files in whole_pictures().items():
        outcomes = Counter[str]()
        for data in files:
            try:
                outcomes[str(load_image(data, (24, 16)).shape)] += 1
            except ImageError as error:
                outcomes[str(error)] += 1
        refused = {"a lossless JPEG is not read here": 1} if kind == "JPEG" else {}
        assert outcomes == {"(24, 16, 3)": len(files) - len(refused), **refused}


def test_broken_pictures_give_pixels_or_an_image_error() -> None:
    outcomes = Counter[tuple[str, bool]]()
    for picture in islice(broken_pictures(seed=5), 1500):
        try:
            found = load_image(picture.data, (24, 16), max_pixels=500_000)
        except ImageError as error:
            assert str(error) and "\n" not in str(error) and error.fix
            outcomes[picture.kind, False] += 1
        else:
            assert found.shape == (24, 16, 3)
            outcomes[picture.kind, True] += 1
    assert min(outcomes.values()) > 10  # of each kind, both happen
