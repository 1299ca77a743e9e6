"""What the benchmarks share."""

import contextlib
import shutil
import threading
import time
from pathlib import Path

import pytest

from benchmarks import temporary_folder


def _write_for(folder: Path, seconds: float, makes_folder: bool = True) -> None:
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        number += 1
        with contextlib.suppress(OSError):  # it was removed in between
            if makes_folder:
                folder.mkdir(exist_ok=True)
            (folder / f"{number % 50}").write_text("x")


def test_a_folder_that_is_still_written_to_is_removed_without_a_traceback() -> None:
    with temporary_folder.temporary_folder() as folder:
        writer = threading.Thread(target=_write_for, args=(folder, 0.5, False))
        writer.start()
    writer.join()
    assert not folder.exists()


def test_a_folder_that_is_written_to_for_ever_ends_no_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(temporary_folder, "_ATTEMPTS", 2)
    with temporary_folder.temporary_folder() as folder:
        writer = threading.Thread(target=_write_for, args=(folder, 1.0))
        writer.start()
    assert writer.is_alive()
    writer.join()
    shutil.rmtree(folder)
