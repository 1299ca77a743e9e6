"""Hashes are remembered between calls, and never believed when they might be wrong."""

import hashlib
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from benchmarks import made_repository
from dvcstate.dvcignore import DvcIgnore
from dvcstate.errors import TrackedPathError
from dvcstate.hashes import file_hashing, worktree
from dvcstate.hashes.changed_paths import AllPaths
from dvcstate.hashes.file_hashing import HashJob
from dvcstate.hashes.hash_store import HashStore
from dvcstate.hashes.worktree import Worktree
from dvcstate.workspace import Workspace

OLD = 1_700_000_000 * 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / "data"
    folder.mkdir(parents=True)
    for number in range(5):
        (folder / f"{number}.txt").write_text(str(number))
        os.utime(folder / f"{number}.txt", ns=(OLD, OLD))
    return folder


def _md5(folder: Path, store: HashStore) -> str:
    tree = Worktree(store)
    tree.begin(DvcIgnore(str(folder.parent)), AllPaths())
    wanted = (str(folder), "md5")
    found = tree.hashes([wanted])[wanted]
    store.save()
    return found.md5


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    hashed: list[str] = []

    def count(jobs: list[HashJob], algorithm: str) -> list[file_hashing.FileHash]:
        hashed.extend(Path(job.path).name for job in jobs)
        return file_hashing.hash_files(jobs, algorithm)

    monkeypatch.setattr(worktree, "hash_files", count)
    return hashed


def test_only_what_changed_is_hashed_again_even_by_another_process(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = _counted(monkeypatch)
    first = _md5(folder, HashStore(tmp_path / "hashes"))
    assert sorted(hashed) == [f"{n}.txt" for n in range(5)]
    hashed.clear()
    assert _md5(folder, HashStore(tmp_path / "hashes")) == first
    assert hashed == []
    (folder / "3.txt").write_text("changed")
    os.utime(folder / "3.txt", ns=(OLD + 1, OLD + 1))
    assert _md5(folder, HashStore(tmp_path / "hashes")) != first
    assert hashed == ["3.txt"]


def test_a_young_file_is_hashed_again_because_its_mtime_may_not_tell(
    folder: Path, tmp_path: Path
) -> None:
    path = folder / "1.txt"
    path.write_text("a")
    before = path.stat()
    first = _md5(folder, HashStore(tmp_path / "hashes"))
    path.write_text("b")  # same size, and within the clock's step the same mtime
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _md5(folder, HashStore(tmp_path / "hashes")) != first


def test_a_file_that_changes_while_it_is_hashed_is_not_remembered(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_read = os.read

    def read(descriptor: int, size: int) -> bytes:
        data = real_read(descriptor, size)
        if data == b"2":
            (folder / "2.txt").write_text("while")
            os.utime(folder / "2.txt", ns=(OLD, OLD))
        return data

    monkeypatch.setattr(os, "read", read)
    _md5(folder, HashStore(tmp_path / "hashes"))
    monkeypatch.undo()
    assert _md5(folder, HashStore(tmp_path / "hashes")) == _md5(folder, HashStore(None))


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100, None])
def test_a_damaged_or_unwritable_cache_costs_time_only(
    folder: Path, tmp_path: Path, damage: bytes | None
) -> None:
    path = tmp_path / "hashes"
    right = _md5(folder, HashStore(None))
    assert _md5(folder, HashStore(path)) == right
    if damage is None:
        path = tmp_path / "root" / "data" / "0.txt" / "hashes"  # below a file: cannot be made
    else:
        path.write_bytes(damage)
    for _ in range(2):
        assert _md5(folder, HashStore(path)) == right


def _look_often(root: Path, store: Path, results: "multiprocessing.Queue[set[str]]") -> None:
    states: set[str] = set()
    for _ in range(10):
        states |= {stage.state for stage in Workspace(root, store).state().stages}
    results.put(states)


def test_two_processes_use_one_cache_at_once(own_folder: Path, tmp_path: Path) -> None:
    root = made_repository.make(tmp_path / "repo", stages=3, files_per_stage=50)
    made_repository.age(root)
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[set[str]] = context.Queue()
    processes = [
        context.Process(target=_look_often, args=(root, tmp_path / "hashes", results))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(20)
        assert process.exitcode == 0
    assert found == [{"fresh"}] * 3


def test_hashes_are_those_of_hashlib_whatever_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    jobs = []
    for size in (0, 1, 100, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20):
        path = tmp_path / str(size)
        path.write_bytes(os.urandom(size))
        jobs.append(HashJob(str(path), size, path.stat().st_mtime_ns))
    hashed = file_hashing.hash_files(jobs * 40, "md5")
    expected = [(hashlib.md5(Path(job.path).read_bytes()).hexdigest(), True) for job in jobs]
    assert hashed == expected * 40


@pytest.mark.parametrize("sizes", [[], [0], [20_000_000] * 6, [33_000] * 2000, [10**9, *[1] * 999]])
def test_files_are_shared_out_in_order_and_in_parts_that_get_smaller(sizes: list[int]) -> None:
    jobs = [HashJob(str(number), size, 0) for number, size in enumerate(sizes)]
    parts = [list(part) for part in file_hashing._shares(jobs, 2)]
    assert [job for part in parts for job in part] == jobs
    assert len(parts) <= 20
    if len(jobs) > 1:
        assert len(parts) > 1
        assert sum(job.size for job in parts[-1]) <= max(2**20, sizes[-1])


def test_a_pipe_in_a_tracked_folder_is_an_error_and_no_wait(folder: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes in folders here")
    os.mkfifo(folder / "pipe")
    start = time.monotonic()
    with pytest.raises(TrackedPathError, match="no regular file"):
        _md5(folder, HashStore(None))
    assert time.monotonic() - start < 5
