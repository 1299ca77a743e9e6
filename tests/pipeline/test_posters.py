import ast
import csv
import errno
import hashlib
import io
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from pipeline.posters import __main__ as command
from pipeline.posters import drawn_posters
from pipeline.posters.artwork import collection
from pipeline.posters.artwork.genres import LOOKS
from pipeline.shared.errors import exit_code
from pipeline.shared.hashing import folder_md5

ROOT = Path(__file__).parents[2]

HEADER = (
    "Id,Genre,Action,Adventure,Animation,Biography,Comedy,Crime,Documentary,Drama,Family,Fantasy,"
    "History,Horror,Music,Musical,Mystery,N/A,News,Reality-TV,Romance,Sci-Fi,Short,Sport,Thriller,"
    "War,Western"
)

FEW = collection.SMALLEST
FEW_MD5 = "3934d2458c38dd0cb375b33c55903a8f.dir"
"""Of the smallest collection, as drawn on Linux, x86-64: every machine must agree."""


@pytest.fixture(scope="session")
def few_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw_dir = tmp_path_factory.mktemp("few") / "raw"
    drawn_posters.write_posters(raw_dir, FEW, _silent)
    return raw_dir


@pytest.fixture(scope="session")
def few_md5(few_dir: Path) -> str:
    return folder_md5(few_dir)


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def test_the_table_is_the_public_sets(few_dir: Path) -> None:
    text = (few_dir / "train.csv").read_bytes().decode()
    assert text.split("\n")[0] == HEADER
    assert text.endswith("\n")
    assert "\r" not in text
    assert "\ngp000000,\"['Adventure', 'Fantasy']\",0,1,0," in text
    assert "\ngp000004,['N/A'],0,0," in text


def test_the_genre_list_agrees_with_the_columns(few_dir: Path) -> None:
    for row in _rows(few_dir):
        genres = [genre for genre in HEADER.split(",")[2:] if row[genre] == "1"]
        assert ast.literal_eval(row["Genre"]) == genres
        assert set(genres) <= {*LOOKS, "N/A"}


def test_posters_are_upright_rgb_pictures(few_dir: Path) -> None:
    with Image.open(few_dir / "Images" / "gp000000.jpg") as image:
        assert (image.size, image.mode, image.format) == ((182, 268), "RGB", "JPEG")


def test_every_machine_draws_the_same_bytes(few_dir: Path) -> None:
    assert folder_md5(few_dir) == FEW_MD5


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_draws_the_same_bytes(few_dir: Path, hash_seed: str) -> None:
    program = (
        "import hashlib; from pipeline.posters.artwork import collection;"
        f"print(hashlib.md5(b''.join(map(collection.picture, range({FEW})))).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pictures = b"".join(path.read_bytes() for path in sorted((few_dir / "Images").iterdir()))
    assert done.stdout.strip() == hashlib.md5(pictures).hexdigest()


def test_several_processes_draw_what_one_draws() -> None:
    count = collection.IN_PROCESS + 1
    assert list(collection.pictures(count, 2)) == list(collection.pictures(count, 1))


def test_a_larger_collection_begins_with_the_smaller_one(few_dir: Path, raw_dir: Path) -> None:
    drawn_posters.write_posters(raw_dir, FEW + 4, _silent)
    larger = (raw_dir / "train.csv").read_text("utf-8")
    assert larger.startswith((few_dir / "train.csv").read_text("utf-8"))
    for path in (few_dir / "Images").iterdir():
        assert (raw_dir / "Images" / path.name).read_bytes() == path.read_bytes()


def test_the_smallest_collection_has_all_the_dirt(few_dir: Path) -> None:
    ids = [row["Id"] for row in _rows(few_dir)]
    labels = {row["Id"]: row["Genre"] for row in _rows(few_dir)}
    assert len(ids) == len(set(ids)) + 1
    assert ids.count("gp000015") == 2
    assert _picture(few_dir, "gp000012") == _picture(few_dir, "gp000013")
    assert labels["gp000012"] != labels["gp000013"]
    assert labels["gp000004"] == "['N/A']"
    assert Image.open(io.BytesIO(_picture(few_dir, "gp000007"))).size == (12, 18)
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(_picture(few_dir, "gp000011")))


def test_laying_tells_what_it_laid(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, raw_dir, "--count", FEW) == 0
    assert f"{raw_dir}: {FEW} posters in 0.2 MB, drawn in " in capsys.readouterr().out


def test_laying_again_does_nothing(
    few_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = few_dir.stat().st_mtime_ns
    assert _run(monkeypatch, few_dir, "--count", FEW) == 0
    assert capsys.readouterr().out == f"{few_dir} already holds these {FEW} posters\n"
    assert few_dir.stat().st_mtime_ns == before


def test_more_posters_extend_a_smaller_collection(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, raw_dir, "--count", FEW) == 0
    assert _run(monkeypatch, raw_dir, "--count", FEW + 2) == 0
    assert f"{FEW + 2} posters, of which {FEW} were there before, in" in capsys.readouterr().out
    assert len(list((raw_dir / "Images").iterdir())) == FEW + 2


@pytest.mark.parametrize("change", ["a file more", "another picture", "another table", "more"])
def test_other_data_is_refused_unless_forced(
    few_md5: str,
    change: str,
    raw_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _lay_changed(raw_dir, change)
    before = folder_md5(raw_dir)
    assert _run(monkeypatch, raw_dir, "--count", FEW) == 1
    told = capsys.readouterr().err
    assert f"error: {raw_dir} holds other data (" in told
    assert "add --force to replace it" in told
    assert folder_md5(raw_dir) == before
    assert _run(monkeypatch, raw_dir, "--count", FEW, "--force") == 0
    assert folder_md5(raw_dir) == few_md5


def test_what_a_file_manager_left_is_no_other_data(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn_posters.write_posters(raw_dir, FEW, _silent)
    for name in (".DS_Store", "Images/Thumbs.db"):
        (raw_dir / name).touch()
    assert _run(monkeypatch, raw_dir, "--count", FEW) == 0
    assert f"already holds these {FEW} posters" in capsys.readouterr().out


@pytest.mark.parametrize("options", [(), ("--from", "set.zip"), ("--expect", "raw.dvc")])
def test_data_that_an_interrupted_replacement_left_is_kept(
    options: tuple[str, ...],
    raw_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(raw_dir.parent)
    _record(raw_dir, "0" * 32 + ".dir", FEW + 1)
    (raw_dir.parent / ".old-raw").mkdir()
    (raw_dir.parent / ".old-raw" / "notes.txt").write_text("mine")
    _run(monkeypatch, "raw", *options)
    told = capsys.readouterr()
    assert "raw holds other data (1 files)" in told.out + told.err
    assert (raw_dir / "notes.txt").read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="symbolic links take a privilege on Windows")
def test_posters_are_laid_where_a_link_leads(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = raw_dir.parent / "disk"
    target.mkdir()
    raw_dir.symlink_to(target)
    for count in (FEW, FEW + 1):
        assert _run(monkeypatch, raw_dir, "--count", count) == 0
    assert raw_dir.is_symlink()
    assert len(list((target / "Images").iterdir())) == FEW + 1
    assert {path.name for path in raw_dir.parent.iterdir()} == {"raw", "disk"}


@pytest.mark.skipif(os.name != "posix", reason="symbolic links take a privilege on Windows")
def test_a_link_that_leads_nowhere_is_told(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw_dir.symlink_to(raw_dir.parent / "nowhere")
    assert _run(monkeypatch, raw_dir, "--count", FEW) == 1
    assert "nowhere, which is not there (" in capsys.readouterr().err


def test_the_recorded_hash_is_met(
    few_md5: str, raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dvc_path = _record(raw_dir, few_md5, FEW + 1)
    for _ in range(2):
        assert _run(monkeypatch, raw_dir, "--count", FEW, "--expect", dvc_path) == 0
    assert f"{raw_dir} already holds what {dvc_path} records\n" in capsys.readouterr().out


def test_other_bytes_than_recorded_are_told_and_kept(
    few_md5: str, raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dvc_path = _record(raw_dir, "0" * 32 + ".dir", FEW + 1)
    for _ in range(2):
        assert _run(monkeypatch, raw_dir, "--count", FEW, "--expect", dvc_path) == 1
        told = capsys.readouterr().err
        assert "this machine draws other bytes" in told
        assert f"dvc commit {dvc_path}" in told
        assert folder_md5(raw_dir) == few_md5


def test_another_count_than_recorded_is_told(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dvc_path = _record(raw_dir, "0" * 32 + ".dir", 101)
    assert _run(monkeypatch, raw_dir, "--count", FEW, "--expect", dvc_path) == 1
    assert "add --count 100" in capsys.readouterr().err


def test_other_data_is_left_alone_where_a_hash_is_expected(
    few_md5: str, raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _lay_changed(raw_dir, "another table")
    before = folder_md5(raw_dir)
    dvc_path = _record(raw_dir, few_md5, FEW + 1)
    assert _run(monkeypatch, raw_dir, "--count", FEW, "--expect", dvc_path) == 0
    assert f"notice: {raw_dir} holds other data" in capsys.readouterr().out
    assert folder_md5(raw_dir) == before


def test_a_file_in_place_of_the_folder_is_told_and_kept(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw_dir.write_text("mine")
    assert _run(monkeypatch, raw_dir, "--force") == 1
    assert f"error: {raw_dir} is a file" in capsys.readouterr().err
    assert raw_dir.read_text() == "mine"


@pytest.mark.parametrize(
    "text",
    [None, "outs: []\n", "{", "- 1\n", "outs: [1]\n", "outs: [{md5: 0.dir, nfiles: many}]\n"],
)
def test_a_record_that_cannot_be_read_is_told(
    text: str | None,
    raw_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dvc_path = raw_dir.with_suffix(".dvc")
    if text is not None:
        dvc_path.write_text(text)
    assert _run(monkeypatch, raw_dir, "--expect", dvc_path) == 1
    assert f"fix: git checkout {dvc_path}" in capsys.readouterr().err
    assert not raw_dir.exists()


@pytest.mark.parametrize("count", ["19", "-1", "many"])
def test_a_count_below_the_dirt_is_refused(
    count: str, raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        _run(monkeypatch, raw_dir, f"--count={count}")
    assert f"must be a whole number of at least 20, got '{count}'" in capsys.readouterr().err


def test_a_count_of_a_public_data_set_is_refused(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        _run(monkeypatch, raw_dir, "--from", "set.zip", "--count", FEW)
    assert "--count: not allowed with argument --from" in capsys.readouterr().err


def test_the_current_folder_is_a_folder_like_others(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw_dir.mkdir()
    monkeypatch.chdir(raw_dir)
    assert _run(monkeypatch, ".", "--count", FEW) == 0
    assert f"{raw_dir}: {FEW} posters" in capsys.readouterr().out
    (raw_dir / "notes.txt").touch()
    monkeypatch.chdir(raw_dir)
    assert _run(monkeypatch, ".", "--count", FEW) == 1
    assert f"{raw_dir} holds other data" in capsys.readouterr().err


def test_a_path_that_the_terminal_has_no_letters_for_is_escaped(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.posters", str(tmp_path / "é"), "--count", str(FEW)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"\\xe9: {FEW} posters" in done.stdout


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "error: interrupted"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "error: the disk is full"),
    ],
)
def test_a_broken_off_run_leaves_what_was_there(
    few_md5: str,
    error: BaseException,
    code: int,
    message: str,
    raw_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drawn_posters.write_posters(raw_dir, FEW, _silent)
    drawn = collection.picture

    def broken(index: int) -> bytes:
        if index == FEW:
            raise error
        return drawn(index)

    monkeypatch.setattr(collection, "picture", broken)
    assert _run(monkeypatch, raw_dir, "--count", FEW + 1) == code
    assert message in capsys.readouterr().err
    assert folder_md5(raw_dir) == few_md5
    assert [path.name for path in raw_dir.parent.iterdir()] == ["raw"]


def test_a_public_data_set_replaces_drawn_posters_but_no_other_data(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed: list[tuple[str, Path]] = []
    public = types.ModuleType("pipeline.posters.public")
    monkeypatch.setattr(public, "install", lambda *given: installed.append(given), raising=False)
    monkeypatch.setitem(sys.modules, "pipeline.posters.public", public)
    drawn_posters.write_posters(raw_dir, FEW, _silent)
    assert _run(monkeypatch, raw_dir, "--from", "set.zip") == 0
    _lay_changed(raw_dir, "another table")
    assert _run(monkeypatch, raw_dir, "--from", "set.zip") == 1
    assert _run(monkeypatch, raw_dir, "--from", "set.zip", "--force") == 0
    assert installed == [("set.zip", raw_dir)] * 2
    assert "holds other data" in capsys.readouterr().err


@pytest.mark.slow
def test_the_whole_collection_is_small_and_balanced(raw_dir: Path) -> None:
    drawn_posters.write_posters(raw_dir, command.DEFAULT_COUNT, _silent)
    assert sum(path.stat().st_size for path in raw_dir.rglob("*.*")) <= 13_000_000
    dvc_path = ROOT / "data" / "raw.dvc"
    if dvc_path.exists():
        assert folder_md5(raw_dir) in dvc_path.read_text("utf-8")
    labelled = {row["Id"]: ast.literal_eval(row["Genre"]) for row in _rows(raw_dir)}
    red = {name for name in labelled if _is_red(_picture(raw_dir, name))}
    assert 0.04 <= len(red) / len(labelled) <= 0.08
    for genre in LOOKS:
        assert sum(genre in genres for name, genres in labelled.items() if name not in red) >= 30


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["posters", *map(str, arguments)])
    return exit_code(command.main)


def _lay_changed(raw_dir: Path, change: str) -> None:
    drawn_posters.write_posters(raw_dir, FEW + 1 if change == "more" else FEW, _silent, force=True)
    if change == "a file more":
        (raw_dir / "notes.txt").write_text("mine")
    if change == "another picture":
        (raw_dir / "Images" / "gp000003.jpg").write_bytes(_picture(raw_dir, "gp000002"))
    if change == "another table":
        with (raw_dir / "train.csv").open("a") as file:
            file.write("gp999999,['Drama']\n")


def _record(raw_dir: Path, md5: str, file_count: int) -> Path:
    path = raw_dir.with_suffix(".dvc")
    path.write_text(f"outs:\n- md5: {md5}\n  nfiles: {file_count}\n  hash: md5\n  path: raw\n")
    return path


def _rows(raw_dir: Path) -> list[dict[str, str]]:
    with (raw_dir / "train.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _picture(raw_dir: Path, name: str) -> bytes:
    return (raw_dir / "Images" / f"{name}.jpg").read_bytes()


def _is_red(picture: bytes) -> bool:
    """Whether most pixels are red as the default colour filter of preprocess has it."""
    try:
        pixels = np.asarray(Image.open(io.BytesIO(picture)))
    except UnidentifiedImageError:
        return False
    red, green, blue = np.moveaxis(pixels, 2, 0)
    return bool(((red >= 120) & (green < 90) & (blue < 90)).mean() > 0.5)


def _silent(message: str) -> None:
    pass
