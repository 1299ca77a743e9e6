"""An out is whole or absent, whatever happens while it is written."""

import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pipeline.shared.errors import NO_SPACE
from pipeline.shared.outs import restore, whole_file, whole_folder

links = pytest.mark.skipif(os.name != "posix", reason="symbolic links take a privilege on Windows")


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


def test_an_interrupted_replacement_is_undone_before_anybody_looks(tmp_path: Path) -> None:
    (tmp_path / ".old-folder").mkdir()
    (tmp_path / ".old-folder" / "old").touch()
    assert restore(tmp_path / "folder") == tmp_path / "folder"
    assert names(tmp_path) == {"folder"}
    assert names(tmp_path / "folder") == {"old"}
    assert restore(tmp_path / "nothing") == tmp_path / "nothing"
    assert names(tmp_path) == {"folder"}


def test_an_empty_folder_does_not_cost_the_old_one(tmp_path: Path) -> None:
    for name in (".old-folder", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / ".old-folder" / "old").touch()
    restore(tmp_path / "folder")
    assert names(tmp_path) == {"folder"}
    assert names(tmp_path / "folder") == {"old"}


def test_a_replacement_interrupted_at_its_end_is_finished(tmp_path: Path) -> None:
    for name in (".old-folder", "folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    restore(tmp_path / "folder")
    assert names(tmp_path) == {"folder"}
    assert names(tmp_path / "folder") == {"folder"}


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


@links
def test_an_out_that_is_a_link_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    target = tmp_path / "cache"
    target.write_text("cached")
    (tmp_path / "file").symlink_to(target)
    with whole_file(tmp_path / "file") as partial:
        partial.write_text("new")
    assert target.read_text() == "cached"
    assert (tmp_path / "file").read_text() == "new"


@links
def test_of_a_link_the_folder_that_it_leads_to_is_replaced(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "elsewhere" / "target"
    target.mkdir(parents=True)
    (target / "old").touch()
    link.symlink_to(target)
    for name in ("new", "newer"):
        with whole_folder(link) as partial:
            (partial / name).touch()
        assert link.is_symlink()
        assert names(target) == {name}
    assert names(tmp_path) == {"link", "elsewhere"}
    assert names(target.parent) == {"target"}


@links
def test_an_interrupted_replacement_behind_a_link_is_undone(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / ".old-target").mkdir()
    assert restore(tmp_path / "link") == tmp_path / "target"
    assert names(tmp_path) == {"link", "target"}


@links
def test_links_that_a_killed_run_left_are_cleared_away(tmp_path: Path) -> None:
    for name in ("target", "folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
    for name in (".old-folder", ".partial-folder"):
        (tmp_path / name).symlink_to(tmp_path / "target")
    with whole_folder(tmp_path / "folder"):
        pass
    assert names(tmp_path) == {"folder", "target"}
    assert names(tmp_path / "target") == {"kept"}


@links
@pytest.mark.parametrize("target", ["nowhere", "folder"])
def test_a_link_that_leads_nowhere_is_told_and_kept(target: str, tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to(tmp_path / target)
    (tmp_path / ".old-folder").mkdir()
    with (
        pytest.raises(FileNotFoundError, match=f"A link to .*{target}, which is not there"),
        whole_folder(tmp_path / "folder"),
    ):
        pass
    assert names(tmp_path) == {"folder", ".old-folder"}


def test_the_current_folder_and_the_one_above_have_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert restore(Path()) == tmp_path / "here"
    assert restore(Path("..")) == tmp_path
    with pytest.raises(OSError, match="root of a disk"):
        restore(Path(tmp_path.anchor))


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
