"""What preprocess makes of raw posters: whole, leak-free, stratified, the same each time."""

import csv
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from pipeline.preprocess.dataset import PreprocessParams, preprocess
from pipeline.shared import params, splits
from pipeline.shared.errors import DatasetError
from pipeline.shared.hashing import folder_md5
from pipeline.shared.pixels import load_image
from tests.pipeline import material
from tests.pipeline.material import Row
from tests.repositories import NO_REAL_POSTERS

REAL_POSTERS = material.ROOT.parent / "shared" / "posters" / "real-1000"


def made(
    folder: Path, rows: Sequence[Row], changes: Mapping[str, object] | None = None
) -> tuple[Path, str]:
    """The preprocessed folder and the summary."""
    raw_dir = folder / "raw"
    if not raw_dir.exists():
        material.write_raw(raw_dir, rows)
    path = material.write_params(folder / "params.yaml", changes)
    settings = params.read(path, "preprocess", PreprocessParams)
    out = folder / "data" / "preprocess"
    return out, preprocess(raw_dir, out, settings)


def tables(folder: Path) -> dict[str, splits.Split]:
    return {name: splits.read(folder, name) for name in splits.NAMES}


def digests(folder: Path, paths: Sequence[str]) -> list[str]:
    """A hash of the pixels of each image."""
    return [
        hashlib.sha256(np.asarray(Image.open(folder / path)).tobytes()).hexdigest()
        for path in paths
    ]


@pytest.fixture(scope="module")
def folder(preprocessed_template: Path) -> Path:
    return preprocessed_template / "data" / "preprocess"


def test_tables_and_images_are_those_of_the_design(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "images", "train.csv", "valid.csv", "test.csv"
    }  # fmt: skip
    listed = [path for split in tables(folder).values() for path in split.paths]
    assert sorted(listed) == sorted(f"images/{path.name}" for path in folder.glob("images/*"))
    for name in splits.NAMES:
        data = (folder / f"{name}.csv").read_bytes()
        assert data.startswith(b"Path,Source,Comedy,Drama,Horror\n")
        assert b"\r" not in data


def test_no_poster_is_in_two_splits(folder: Path) -> None:
    sources = {name: set(split.sources) for name, split in tables(folder).items()}
    assert not sources["train"] & sources["valid"]
    assert not sources["train"] & sources["test"]
    assert not sources["valid"] & sources["test"]
    assert set().union(*sources.values()) == {f"tt{number:03}" for number in range(60)}


def test_only_training_posters_are_copied(folder: Path) -> None:
    for name, split in tables(folder).items():
        copies = 1 if name == "train" else 0
        assert len(split.paths) == len(set(split.sources)) * (1 + copies)
        assert {path.rpartition("-")[2] for path in split.paths} == (
            {"0.png", "1.png"} if name == "train" else {"0.png"}
        )


def test_no_picture_is_in_two_splits(folder: Path) -> None:
    pictures = {name: set(digests(folder, split.paths)) for name, split in tables(folder).items()}
    assert not pictures["train"] & (pictures["valid"] | pictures["test"])
    assert not pictures["valid"] & pictures["test"]


def test_every_split_has_its_share_of_every_genre(folder: Path) -> None:
    for name, split in tables(folder).items():
        originals = [row for row, path in enumerate(split.paths) if path.endswith("-0.png")]
        share = 0.6 if name == "train" else 0.2
        assert abs(len(originals) - share * 60) <= 1
        np.testing.assert_allclose(
            split.labels[originals].sum(axis=0), np.array([30, 30, 20]) * share, atol=1
        )


def test_labels_are_the_raw_tables(folder: Path, raw_template: Path) -> None:
    with (raw_template / "raw" / "train.csv").open(encoding="utf-8") as file:
        raw_labels = {row[0]: [int(cell) for cell in row[2:]] for row in list(csv.reader(file))[1:]}
    for split in tables(folder).values():
        assert split.genres == material.GENRES
        for source, labels in zip(split.sources, split.labels, strict=True):
            assert labels.tolist() == raw_labels[source]


def test_an_original_has_the_pixels_that_serving_sees(folder: Path, raw_template: Path) -> None:
    for split in tables(folder).values():
        for path, source in zip(split.paths, split.sources, strict=True):
            if path.endswith("-0.png"):
                data = (raw_template / "raw" / "Images" / f"{source}.jpg").read_bytes()
                served = load_image(data, material.SIZE)
                np.testing.assert_array_equal(np.asarray(Image.open(folder / path)), served)


def test_a_copy_is_altered_and_of_the_same_size(folder: Path) -> None:
    training = splits.read(folder, "train")
    pixels = splits.pixels(folder, training)
    assert pixels.shape == (len(training.paths), *material.SIZE, 3)
    assert (pixels[0::2] != pixels[1::2]).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("cores", [1, 3])
def test_two_runs_make_the_same_bytes_on_any_number_of_cores(
    cores: int, raw_project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    out, _ = made(raw_project, [])
    assert folder_md5(out) == folder_md5(folder)


def test_another_seed_makes_another_split_and_other_copies(raw_project: Path, folder: Path) -> None:
    out, _ = made(raw_project, [], {"preprocess.seed": 8})
    assert tables(out)["test"].sources != tables(folder)["test"].sources
    both = {path.name for path in folder.glob("images/*-1.png")} & {
        path.name for path in out.glob("images/*-1.png")
    }
    assert both
    for name in both:
        assert (folder / "images" / name).read_bytes() != (out / "images" / name).read_bytes()


def test_more_posters_do_not_change_the_images_of_the_others(tmp_path: Path, folder: Path) -> None:
    out, _ = made(tmp_path, material.rows(80))
    before, after = material.files(folder / "images"), material.files(out / "images")
    both = before.keys() & after.keys()
    assert len([name for name in both if name.endswith("-1.png")]) >= 10
    assert {name: before[name] for name in both} == {name: after[name] for name in both}


def test_an_id_that_looks_like_a_copys_name_overwrites_nothing(tmp_path: Path) -> None:
    rows = material.rows()
    rows = [replace(row, id=f"a{'-1' * (number % 3)}-{number // 3}") for number, row in
            enumerate(rows)]  # fmt: skip
    out, _ = made(tmp_path, rows, {"preprocess.augmentation.copies": 3})
    listed = [path for split in tables(out).values() for path in split.paths]
    assert len(listed) == len(set(listed)) == len(list(out.glob("images/*")))
    pictures = {name: set(digests(out, split.paths)) for name, split in tables(out).items()}
    assert not pictures["train"] & (pictures["valid"] | pictures["test"])


def test_sizes_and_copies_are_as_the_params_say(raw_project: Path) -> None:
    changes = {
        "preprocess.height": 48,
        "preprocess.width": 32,
        "preprocess.augmentation.copies": 0,
        "preprocess.test_share": 0.4,
    }
    out, _ = made(raw_project, [], changes)
    for split in tables(out).values():
        assert splits.pixels(out, split).shape == (len(split.sources), 48, 32, 3)
    assert len(list(out.glob("images/*"))) == 60
    assert abs(len(tables(out)["test"].sources) - 24) <= 1


def test_the_summary_says_what_was_left_out_and_why(tmp_path: Path) -> None:
    rows = material.rows()
    red = Image.new("RGB", (40, 60), (200, 30, 30))
    rows = [replace(row, picture=red) if number < 6 else row for number, row in enumerate(rows)]
    _, summary = made(tmp_path, [*rows, rows[7]])
    assert summary == (
        "54 posters (31 train, 12 valid, 11 test)\n"
        "3 genres: Comedy, Drama, Horror\n"
        "left out: 7\n"
        "      1 repeated row: tt007\n"
        "      6 colour filter: tt000, tt001, tt002, tt003 …"
    )


def told(folder: Path, rows: Sequence[Row], changes: Mapping[str, object]) -> DatasetError:
    with pytest.raises(DatasetError) as error:
        made(folder, rows, changes)
    assert not (folder / "data").exists()
    return error.value


def test_too_few_posters_for_a_split_are_told(tmp_path: Path) -> None:
    rows = [
        Row("a", ("Drama", "Comedy"), material.picture(1, ["Drama"])),
        Row("b", ("Drama", "Comedy", "Horror"), material.picture(2, ["Drama"])),
        Row("c", ("Comedy", "Horror"), material.picture(3, ["Drama"])),
        Row("d", ("Drama", "Horror"), material.picture(4, ["Drama"])),
    ]
    error = told(tmp_path, rows, {"preprocess.min_posters_per_genre": 3})
    assert error.problem == "no poster of Horror is left for the train split"
    assert error.fix == "raise preprocess.min_posters_per_genre in params.yaml, or add posters"


def test_no_poster_left_is_told_with_the_reasons(tmp_path: Path) -> None:
    everything = {"lower": [0, 0, 0], "upper": [255, 255, 255], "max_share": 0.5}
    error = told(tmp_path, material.rows(), {"preprocess.colour_filter": everything})
    assert error.problem == (
        "no genre is left: 0 usable posters\n"
        "left out: 60\n"
        "     60 colour filter: tt000, tt001, tt002, tt003 …"
    )
    assert error.fix == ("lower preprocess.min_posters_per_genre in params.yaml, or mend data/raw")


def test_no_frequent_genre_is_told(tmp_path: Path) -> None:
    error = told(tmp_path, material.rows(), {"preprocess.min_posters_per_genre": 100})
    assert error.problem.startswith("no genre is left: 0 usable posters\nleft out: 60\n")
    assert "60 no frequent genre: tt000" in error.problem


def test_a_folder_without_images_is_told(raw_project: Path) -> None:
    for path in (raw_project / "raw" / "Images").iterdir():
        path.unlink()
    (raw_project / "raw" / "Images").rmdir()
    done = material.preprocess(raw_project)
    assert done.returncode == 1
    assert "60 missing file: tt000, tt001, tt002, tt003 …\n  fix: lower" in done.stderr
    assert not (raw_project / "data").exists()


def test_a_new_run_replaces_the_old_folder_as_a_whole(preprocessed: Path) -> None:
    out = preprocessed / "data" / "preprocess"
    before = folder_md5(out)
    (out / "images" / "stray.png").write_bytes(b"")
    made(preprocessed, [])
    assert folder_md5(out) == before


@pytest.mark.skipif(not REAL_POSTERS.is_dir(), reason=NO_REAL_POSTERS)
@pytest.mark.slow
def test_real_posters_are_split_leak_free_and_evenly(tmp_path: Path) -> None:
    document = yaml.safe_load((material.ROOT / "params.yaml").read_text("utf-8"))
    settings = PreprocessParams.model_validate(document["preprocess"])
    out = tmp_path / "out"
    preprocess(REAL_POSTERS, out, settings)
    all_tables = tables(out)
    pictures = {name: set(digests(out, split.paths)) for name, split in all_tables.items()}
    assert not pictures["train"] & (pictures["valid"] | pictures["test"])
    assert not pictures["valid"] & pictures["test"]
    priors = {name: split.labels.mean(axis=0) for name, split in all_tables.items()}
    for name in ("valid", "test"):
        np.testing.assert_allclose(priors[name], priors["train"], atol=0.02)
