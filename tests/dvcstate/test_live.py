"""A project that is watched: cheap while nothing changes, right whatever happens to the watcher."""

import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import made_repository
from dvcstate import NotAProjectError, ProjectError, ProjectState
from dvcstate.hashes.changed_paths import ChangedPaths
from dvcstate.live import FLOOD, LiveProject


class Reports:
    """A watcher that reports what the test tells it to."""

    def __init__(self) -> None:
        self.queue: queue.Queue[set[str] | Exception] = queue.Queue()
        self.started = 0

    def __call__(self, folders: list[Path], stop: threading.Event) -> Iterator[set[str]]:
        self.started += 1
        yield set()
        while not stop.is_set():
            try:
                report = self.queue.get(timeout=0.01)
            except queue.Empty:
                report = set()
            if isinstance(report, Exception):
                raise report
            yield report


@pytest.fixture
def repo(own_folder: Path, tmp_path: Path) -> Path:
    root = made_repository.make(tmp_path / "repo", stages=3, files_per_stage=20)
    made_repository.age(root)
    return root


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def _states(live: LiveProject) -> list[str]:
    return [stage.state for stage in live.state().stages]


@contextmanager
def followed(repo: Path, **options: float) -> Iterator[tuple[LiveProject, Reports]]:
    """The project as soon as it is watched and all of it is fresh, and its watcher."""
    reports = Reports()
    with LiveProject(repo, watch=reports, **options) as live:
        _until(lambda: live.watching)
        assert _states(live) == ["fresh"] * 3
        yield live, reports


def test_nothing_is_looked_at_while_nothing_is_reported(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with followed(repo) as (live, _):
        monkeypatch.setattr(live.workspace, "state", lambda touched: pytest.fail("looked"))
        assert _states(live) == ["fresh"] * 3


def test_closing_looks_at_nothing(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    with followed(repo) as (live, _):
        monkeypatch.setattr(live.workspace, "state", looks.append)
        live.watching = False  # as when the watcher ends before the other thread wakes
    assert not looks


def test_a_reported_change_is_seen_and_nothing_else_is_looked_at(repo: Path) -> None:
    with followed(repo) as (live, reports):
        changed = repo / "data" / "stage000" / "000001.jpg"
        changed.write_text("changed")
        (repo / "data" / "stage002" / "000001.jpg").write_text("not reported")
        version = live.version
        reports.queue.put({str(changed)})
        assert live.wait(version, 10) > version
        assert _states(live) == ["stale", "stale", "fresh"]


def test_a_watcher_that_dies_leads_to_a_look_at_everything_and_is_started_again(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dvcstate.live._RESTART_S", 0.05)
    with followed(repo) as (live, reports):
        (repo / "data" / "stage002" / "000001.jpg").write_text("not reported")
        reports.queue.put(OSError("no space left for watches"))
        _until(lambda: reports.started == 2)
        assert _states(live) == ["fresh", "fresh", "stale"]


def test_a_flood_of_reports_leads_to_a_look_at_everything(repo: Path) -> None:
    with followed(repo) as (live, reports):
        (repo / "data" / "stage002" / "000001.jpg").write_text("lost in the flood")
        version = live.version
        reports.queue.put({str(repo / f"other{number}") for number in range(FLOOD)})
        live.wait(version, 10)
        assert _states(live) == ["fresh", "fresh", "stale"]


def test_what_is_never_reported_is_found_by_the_look_in_the_background(repo: Path) -> None:
    with followed(repo, rescan_s=0.2) as (live, _):
        version = live.version
        (repo / "data" / "stage002" / "000001.jpg").write_text("never reported")
        live.wait(version, 10)
        assert _states(live) == ["fresh", "fresh", "stale"]


def test_an_error_is_told_until_it_is_mended(repo: Path) -> None:
    reports = Reports()
    with LiveProject(repo, watch=reports) as live:
        _until(lambda: live.watching)
        good = (repo / "dvc.yaml").read_text()
        (repo / "dvc.yaml").write_text("stages: [")
        reports.queue.put({str(repo / "dvc.yaml")})
        live.wait(live.version, 0.3)
        for _ in range(2):
            with pytest.raises(ProjectError, match=r"dvc\.yaml, line"):
                live.state()
        version = live.version
        (repo / "dvc.yaml").write_text(good)
        reports.queue.put({str(repo / "dvc.yaml")})
        live.wait(version, 10)
        assert _states(live) == ["fresh"] * 3


@pytest.mark.parametrize("change", ["edit", "delete", "add", "cache", "params", "mode"])
def test_watchfiles_reports_what_people_do(repo: Path, change: str) -> None:
    pytest.importorskip("watchfiles")
    folder = repo / "data" / "stage000"
    cached = next(path for path in (repo / ".dvc/cache/files/md5").rglob("*") if path.is_file())
    with LiveProject(repo) as live:
        _until(lambda: live.watching)
        assert _states(live) == ["fresh"] * 3
        if change == "edit":
            (folder / "000003.jpg").write_text("x")
        elif change == "delete":
            (folder / "000003.jpg").unlink()
        elif change == "add":
            (folder / "new").mkdir()
            (folder / "new" / "file").write_text("x")
        elif change == "cache":
            cached.unlink()
        elif change == "params":
            text = (repo / "params.yaml").read_text()
            (repo / "params.yaml").write_text(text.replace("rate: 0.0", "rate: 7"))
        elif change == "mode":
            data = cached.read_bytes()
            cached.chmod(0o644)
            cached.write_bytes(data + b"corrupt")
        _until(lambda: set(_states(live)) != {"fresh"})


def test_an_answer_costs_less_than_a_millisecond_when_nothing_changed(repo: Path) -> None:
    with LiveProject(repo, watch=Reports()) as live:
        _until(lambda: live.watching)
        assert b'"stages": [{"name": "stage000", "state": "fresh"' in live.json()
        start = time.thread_time()
        for _ in range(100):
            live.json()
        assert (time.thread_time() - start) / 100 < 0.001


def test_what_dvc_and_git_do_for_themselves_is_no_news(repo: Path) -> None:
    reports = Reports()
    with LiveProject(repo, watch=reports) as live:
        _until(lambda: live.watching)
        live.state()
        version = live.version
        reports.queue.put({str(repo / ".git" / "index"), str(repo / ".dvc" / "tmp" / "lock")})
        assert live.wait(version, 0.2) == version
        assert os.sep in str(repo)


def test_the_latest_is_told_at_once_and_looked_at_again_in_the_background(repo: Path) -> None:
    reports = Reports()
    with LiveProject(repo, watch=reports) as live:
        _until(lambda: live.watching)
        assert live.latest() is None
        _until(lambda: live.latest() is not None)
        before = live.latest()
        (repo / "code.py").write_text("changed")
        version = live.version
        reports.queue.put({str(repo / "code.py")})
        live.wait(version, 10)
        assert live.latest() is before
        _until(lambda: live.latest() is not before)
        latest = live.latest()
        assert isinstance(latest, ProjectState)
        assert [stage.state for stage in latest.stages] == ["stale"] * 3


def test_a_repository_in_the_place_of_another_is_watched(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dvcstate.live._RESTART_S", 0.05)
    with followed(repo) as (live, reports):
        repo.rename(repo.with_name("old"))
        _until(lambda: not live.watching)
        with pytest.raises(NotAProjectError):
            live.state()
        made_repository.make(repo, stages=2, files_per_stage=1)
        _until(lambda: live.watching)
        assert reports.started == 2
        assert _states(live) == ["fresh"] * 2


def test_a_bug_in_one_look_ends_none_of_the_next(
    repo: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with followed(repo, rescan_s=0.1) as (live, _):
        with monkeypatch.context() as patch:
            patch.setattr(live.workspace, "state", lambda touched: 1 / 0)
            _until(lambda: "a look at the project failed" in caplog.text)
            with pytest.raises(ZeroDivisionError):
                live.state()
        (repo / "code.py").write_text("changed, not reported")
        _until(lambda: _states(live) == ["stale"] * 3)


def test_the_json_is_utf8_whatever_a_name_is(repo: Path) -> None:
    text = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text(text.replace("- code.py", '- "\\udc80é"', 1))
    with LiveProject(repo, watch=Reports()) as live:
        deps = json.loads(live.json().decode("utf-8"))["stages"][0]["deps"]
    assert deps[0]["path"] == "\udc80é"


def test_a_look_that_never_comes_back_keeps_nobody(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, going = threading.Event(), threading.Event()
    asked: list[str] = []

    def never(touched: object) -> ProjectState:
        going.set()
        stuck.wait(60)
        raise ProjectError("late", "")

    def ask() -> None:
        with pytest.raises(ProjectError, match="not watched any more"):
            live.state()
        asked.append("told")

    with LiveProject(repo, watch=Reports()) as live:
        _until(lambda: live.watching)
        monkeypatch.setattr(live.workspace, "state", never)
        waiting = [threading.Thread(target=ask) for _ in range(2)]
        for thread in waiting:
            thread.start()
        assert going.wait(10)
        monkeypatch.setattr("dvcstate.live.PATIENCE_S", 0.05)
        start = time.monotonic()
        live.close()
        for thread in waiting:
            thread.join(10)
        assert asked == ["told", "told"]
        assert time.monotonic() - start < 4  # the threads that watch are waited for, 5 s each
    stuck.set()


def test_who_asks_is_told_that_a_look_takes_long_and_gets_its_answer_later(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dvcstate.live.PATIENCE_S", 0.1)
    done = threading.Event()
    with LiveProject(repo, watch=Reports()) as live:
        _until(lambda: live.watching)
        look = live.workspace.state

        def slow(touched: ChangedPaths) -> ProjectState:
            done.wait(60)
            return look(touched)

        monkeypatch.setattr(live.workspace, "state", slow)
        with pytest.raises(ProjectError, match="is not done yet"):
            live.state()
        monkeypatch.setattr("dvcstate.live.PATIENCE_S", 30)
        done.set()
        assert _states(live) == ["fresh"] * 3


@pytest.mark.parametrize("report", ["flood", "death"])
def test_what_was_lost_is_found_in_the_look_that_follows_at_once(repo: Path, report: str) -> None:
    reports = Reports()
    with LiveProject(repo, watch=reports, rescan_s=3600) as live:
        _until(lambda: live.watching)
        live.latest()
        _until(lambda: isinstance(live.latest(), ProjectState))
        (repo / "data" / "stage002" / "000001.jpg").write_text("lost")
        version = live.version
        flood = {str(repo / f"other{number}") for number in range(FLOOD)}
        reports.queue.put(flood if report == "flood" else OSError("no watches left"))
        assert live.wait(version, 10) > version

        def found() -> bool:
            latest = live.latest()
            assert isinstance(latest, ProjectState)
            return [stage.state for stage in latest.stages] == ["fresh", "fresh", "stale"]

        _until(found, 5)
