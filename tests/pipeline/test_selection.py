"""What is left out of the posters, and why."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.preprocess.selection import ColourFilter, LeftOut, Selection, select_posters
from pipeline.shared import raw
from pipeline.shared.pixels import load_image
from tests.pipeline import material
from tests.pipeline.material import Row

RED = ColourFilter(lower=[120, 0, 0], upper=[255, 90, 90], max_share=0.5)


def selected(
    folder: Path,
    rows: Sequence[Row],
    *,
    min_posters: int = 1,
    genres: Sequence[str] = material.GENRES,
    colour_filter: ColourFilter = RED,
) -> Selection:
    raw_dir = material.write_raw(folder / "raw", rows, genres)
    return select_posters(raw.read(raw_dir), material.SIZE, 24, min_posters, colour_filter)


def ids(selection: Selection) -> list[str]:
    return [original.id for original in selection.originals]


def test_clean_posters_all_go_on_by_id(tmp_path: Path) -> None:
    selection = selected(tmp_path, material.rows(12)[::-1])
    assert ids(selection) == [f"tt{number:03}" for number in range(12)]
    assert selection.genres == material.GENRES
    assert selection.left_out == ()
    assert selection.labels()[3].tolist() == [1, 1, 0]


def test_pixels_are_those_that_serving_sees(tmp_path: Path) -> None:
    selection = selected(tmp_path, material.rows(6))
    for original in selection.originals:
        data = (tmp_path / "raw" / "Images" / f"{original.id}.jpg").read_bytes()
        np.testing.assert_array_equal(original.pixels, load_image(data, material.SIZE))


@pytest.mark.parametrize(("red_rows", "share"), [(0, 0.0), (5, 0.25), (10, 0.5), (20, 1.0)])
def test_the_share_of_a_colour_is_the_share_of_pixels(red_rows: int, share: float) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:red_rows] = (200, 40, 40)
    assert RED.share(pixels) == share


@pytest.mark.parametrize(
    ("colour", "within"),
    [
        ((120, 0, 0), True),
        ((255, 90, 90), True),
        ((119, 0, 0), False),
        ((255, 91, 0), False),
        ((255, 0, 91), False),
        ((0, 0, 255), False),
    ],
)
def test_the_bounds_of_a_colour_are_within(colour: tuple[int, int, int], within: bool) -> None:
    assert RED.share(np.full((4, 4, 3), colour, np.uint8)) == within


def test_the_share_does_not_shrink_with_the_number_of_channels() -> None:
    """The original workshop divides by height × width × 3, so that no share passes a third."""
    assert RED.share(np.full((8, 8, 3), (255, 0, 0), np.uint8)) == 1


def test_posters_over_the_share_of_a_colour_are_left_out(tmp_path: Path) -> None:
    rows = material.rows(6)
    rows[1] = replace(rows[1], picture=Image.new("RGB", (40, 60), (200, 30, 30)))
    assert selected(tmp_path / "half", rows).left_out == (LeftOut("tt001", "colour filter"),)
    everything = RED.model_copy(update={"max_share": 1.0})
    assert selected(tmp_path / "all", rows, colour_filter=everything).left_out == ()


def test_a_share_of_exactly_the_limit_stays(tmp_path: Path) -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:16] = (200, 30, 30)
    filter_ = RED.model_copy(update={"max_share": RED.share(pixels)})
    rows = [replace(material.rows(1)[0], picture=Image.fromarray(pixels))]
    raw_dir = material.write_raw(tmp_path / "raw", rows)
    Image.fromarray(pixels).save(raw_dir / "Images" / "tt000.jpg", "PNG")  # exact, to the pixel
    assert ids(select_posters(raw.read(raw_dir), (32, 32), 24, 1, filter_)) == ["tt000"]


def test_files_that_are_no_picture_are_left_out(tmp_path: Path) -> None:
    rows = material.rows(12)
    rows[5] = replace(rows[5], picture=material.picture(5, ["Drama"], size=(23, 60)))
    raw_dir = material.write_raw(tmp_path / "raw", rows)
    pictures = raw_dir / "Images"
    (pictures / "tt001.jpg").unlink()
    (pictures / "tt002.jpg").write_text("<!DOCTYPE html>")
    (pictures / "tt003.jpg").write_bytes(b"")
    (pictures / "tt004.jpg").write_bytes((pictures / "tt004.jpg").read_bytes()[:400])
    selection = select_posters(raw.read(raw_dir), material.SIZE, 24, 1, RED)
    assert selection.left_out == (
        LeftOut("tt001", "missing file"),
        LeftOut("tt002", "unreadable file"),
        LeftOut("tt003", "unreadable file"),
        LeftOut("tt004", "unreadable file"),
        LeftOut("tt005", "image too small"),
    )


def test_a_repeated_row_counts_once(tmp_path: Path) -> None:
    rows = material.rows(6)
    selection = selected(tmp_path, [*rows, rows[2], rows[2]])
    assert ids(selection) == [row.id for row in rows]
    assert selection.left_out == (LeftOut("tt002", "repeated row"),)


def test_a_repeated_row_of_other_genres_is_left_out_with_the_first(tmp_path: Path) -> None:
    rows = material.rows(6)
    selection = selected(tmp_path, [*rows, replace(rows[2], genres=("Drama",)), rows[2]])
    assert ids(selection) == [row.id for row in rows if row.id != "tt002"]
    assert selection.left_out == (LeftOut("tt002", "repeated row, other genres"),)


def test_the_first_of_equal_pictures_stays(tmp_path: Path) -> None:
    rows = material.rows(6)
    selection = selected(tmp_path, [replace(rows[2], id="tt999"), *rows])
    assert ids(selection) == [row.id for row in rows]
    assert selection.left_out == (LeftOut("tt999", "same picture as another"),)


def test_equal_pictures_of_other_genres_are_all_left_out(tmp_path: Path) -> None:
    rows = material.rows(6)
    selection = selected(tmp_path, [*rows, replace(rows[2], id="tt999", genres=("Drama",))])
    assert "tt002" not in ids(selection)
    assert selection.left_out == (
        LeftOut("tt002", "same picture, other genres"),
        LeftOut("tt999", "same picture, other genres"),
    )


def test_rare_genres_and_na_are_not_learned(tmp_path: Path) -> None:
    rows = material.rows(12)
    rows[0] = replace(rows[0], genres=("N/A",))
    rows[5] = replace(rows[5], genres=("News", "Drama"))
    rows[6] = replace(rows[6], genres=("News",))
    genres = (*material.GENRES, "N/A", "News")
    selection = selected(tmp_path, rows, min_posters=3, genres=genres)
    assert selection.genres == material.GENRES
    assert selection.left_out == (
        LeftOut("tt000", "no frequent genre"),
        LeftOut("tt006", "no frequent genre"),
    )
    assert "tt005" in ids(selection)


def test_a_genre_is_frequent_from_its_minimum_on(tmp_path: Path) -> None:
    rows = material.rows(12)  # 6 with Drama, 6 with Comedy, 4 with Horror
    assert selected(tmp_path / "a", rows, min_posters=4).genres == ("Comedy", "Drama", "Horror")
    assert selected(tmp_path / "b", rows, min_posters=5).genres == ("Comedy", "Drama")


def test_a_poster_that_cannot_be_read_is_an_error_and_not_left_out(tmp_path: Path) -> None:
    raw_dir = material.write_raw(tmp_path / "raw", material.rows(6))
    (raw_dir / "Images" / "tt001.jpg").unlink()
    (raw_dir / "Images" / "tt001.jpg").mkdir()
    with pytest.raises(OSError, match=r"tt001\.jpg"):
        select_posters(raw.read(raw_dir), material.SIZE, 24, 1, RED)
