"""An out is whole or absent, whatever happens while it is written."""

import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pipeline.errors import NO_SPACE
from pipeline.outs import whole_file, whole_folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_appears_at_the_end_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "models" / "a.bin"
    with whole_file(path) as partial:
        partial.write_text("new")
        assert partial.parent == path.parent
        assert not path.exists()
    assert path.read_text() == "new"
    assert names(path.parent) == {"a.bin"}


def test_a_folder_appears_at_the_end_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "data" / "out"
    with whole_folder(path) as partial:
        (partial / "a").write_text("new")
        assert partial.parent == path.parent
        assert not path.exists()
    assert (path / "a").read_text() == "new"
    assert names(path.parent) == {"out"}


def test_a_new_out_replaces_the_old_one_as_a_whole(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("old")
    folder.mkdir()
    (folder / "old").touch()
    with whole_file(file) as partial:
        partial.write_text("new")
        assert file.read_text() == "old"
    with whole_folder(folder) as partial:
        (partial / "new").touch()
        assert names(folder) == {"old"}
    assert file.read_text() == "new"
    assert names(folder) == {"new"}
    assert names(tmp_path) == {"file", "folder"}


@pytest.mark.parametrize("trouble", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_trouble_leaves_what_was_there(trouble: type[BaseException], tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    for _ in range(2):  # with no old out, then with one
        before = names(tmp_path)
        with pytest.raises(trouble), whole_file(file) as partial:
            partial.write_text("half")
            raise trouble
        with pytest.raises(trouble), whole_folder(folder) as partial:
            (partial / "half").touch()
            raise trouble
        assert names(tmp_path) == before
        file.write_text("old")
        folder.mkdir(exist_ok=True)
        (folder / "old").touch()
    assert file.read_text() == "old"
    assert names(folder) == {"old"}


def test_trouble_before_a_file_is_begun_leaves_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "file"):
        pass
    assert names(tmp_path) == set()


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".partial-file").write_text("half")
    (tmp_path / ".partial-folder" / "images").mkdir(parents=True)
    with whole_file(tmp_path / "file") as partial:
        assert not partial.exists()
        partial.write_text("new")
    with whole_folder(tmp_path / "folder") as partial:
        assert names(partial) == set()
    assert names(tmp_path) == {"file", "folder"}


def test_a_run_killed_between_the_renames_gives_back_the_old_folder(tmp_path: Path) -> None:
    (tmp_path / ".old-folder").mkdir()
    (tmp_path / ".old-folder" / "old").touch()
    with pytest.raises(ValueError, match="again"), whole_folder(tmp_path / "folder"):
        assert names(tmp_path / "folder") == {"old"}
        raise ValueError("again")
    assert names(tmp_path) == {"folder"}


@pytest.mark.parametrize("failing", [1, 2])
def test_a_rename_that_fails_leaves_the_old_folder(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    renames = 0
    replace = Path.replace

    def counted(path: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == failing:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", counted)
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "folder"):
        pass
    assert names(tmp_path) == {"folder"}
    assert names(tmp_path / "folder") == {"old"}


def test_a_file_in_the_place_of_a_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("mine")
    with pytest.raises(NotADirectoryError), whole_folder(tmp_path / "folder"):
        pass
    assert names(tmp_path) == {"folder"}
    assert (tmp_path / "folder").read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="symbolic links take a privilege on Windows")
def test_an_out_that_is_a_link_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    target = tmp_path / "cache"
    target.write_text("cached")
    (tmp_path / "file").symlink_to(target)
    with whole_file(tmp_path / "file") as partial:
        partial.write_text("new")
    assert target.read_text() == "cached"
    assert (tmp_path / "file").read_text() == "new"


@pytest.mark.parametrize("number", NO_SPACE)
@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_a_full_disk_is_told_with_what_was_being_written(
    whole: Callable[[Path], AbstractContextManager[Path]], number: int, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="full") as told, whole(tmp_path / "out"):
        raise OSError(number, "full")
    assert told.value.filename == tmp_path / "out"


def test_an_error_keeps_the_file_that_it_names(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full") as told, whole_file(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "full", "elsewhere")
    assert told.value.filename == "elsewhere"
    with pytest.raises(OSError, match="bad sector") as told, whole_file(tmp_path / "out"):
        raise OSError(errno.EIO, "bad sector")
    assert told.value.filename is None
