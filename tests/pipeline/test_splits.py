"""The tables that stages pass on are read back as written, or told to be broken."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.shared import splits
from pipeline.shared.errors import DatasetError

SPLIT = splits.Split(
    ("Comedy", "N/A"), ("images/a.png", "images/b.png"), ("a", "b"),
    np.array([[1, 0], [0, 1]], np.uint8),
)  # fmt: skip


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    odd = splits.Split(
        SPLIT.genres, ('images/a, "b".png', "images/é.png"), ("x", "é"), SPLIT.labels
    )
    for split in (SPLIT, odd):
        splits.write(tmp_path, "train", split)
        back = splits.read(tmp_path, "train")
        assert (back.genres, back.paths, back.sources) == (split.genres, split.paths, split.sources)
        np.testing.assert_array_equal(back.labels, split.labels)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Path,Source,Comedy\n",
        b"Id,Genre,Comedy\na,b,1\n",
        b"Path,Source,Comedy\na,b\n",
        b"Path,Source,Comedy\na,b,1\nc,d,1,1\n",
        b"Path,Source,Comedy\na,b,x\n",
        b"Path,Source,Comedy\na,b,2\n",
        b"Path,Source,Comedy\na,b,-1\n",
        b"Path,Source\na,b\n",
        b"\xff\xfe\x00",
        b'Path,Source,Comedy\n"a,b,1\n',
    ],
)
def test_a_broken_table_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(data)
    with pytest.raises(DatasetError) as told:
        splits.read(tmp_path, "train")
    assert told.value.problem.startswith(f"{tmp_path / 'train.csv'}: not a table of a split")
    assert told.value.fix == "dvc repro preprocess"


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as told:
        splits.read(tmp_path, "valid")
    assert told.value.problem == f"{tmp_path / 'valid.csv'}: no such file"


def test_missing_broken_and_uneven_images_are_told(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "a.png")

    def problem() -> str:
        with pytest.raises(DatasetError) as told:
            splits.pixels(tmp_path, SPLIT)
        return told.value.problem

    path = tmp_path / "images" / "b.png"
    assert problem() == f"{path}: no such file"
    path.write_bytes(b"text")
    assert problem().startswith(f"{path}: not an image")
    Image.new("RGB", (8, 9)).save(path)
    assert problem() == f"{tmp_path}: images of several sizes: [(8, 8, 3), (9, 8, 3)]"
