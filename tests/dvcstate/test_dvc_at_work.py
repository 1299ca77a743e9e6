"""Another command of DVC at work: told beside the answer, for DVC's own status stops then."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dvcstate
from tests.dvcstate import agreement, small_repository
from tests.dvcstate.dvc_oracle import Oracle
from tests.dvcstate.small_repository import STAGE
from workshop import commands

pytestmark = pytest.mark.slow

_HOLD_LOCK = """\
import sys, time
from dvc.lock import make_lock
with make_lock(sys.argv[1], tmp_dir=sys.argv[2], hardlink_lock=sys.argv[3] == "True"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def repo(own_folder: Path, tmp_path: Path) -> Path:
    files = {"dvc.yaml": f"{STAGE}    deps: [data]\n", ".dvc/tmp/keep": ""}
    return small_repository.write(tmp_path / "repo", files)


@pytest.fixture(params=[False, True])
def holder(repo: Path, request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds DVC's lock, by a file or by a hard link."""
    pytest.importorskip("dvc")
    tmp = repo / ".dvc" / "tmp"
    command = [sys.executable, "-c", _HOLD_LOCK, str(tmp / "lock"), str(tmp), str(request.param)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "held\n"
        process.is_hardlink = request.param  # type: ignore[attr-defined]
        yield process
        process.stdin.close()


def test_the_lock_of_another_command_is_told(
    repo: Path, holder: "subprocess.Popen[str]", capsys: pytest.CaptureFixture[str]
) -> None:
    pid = None if holder.is_hardlink else holder.pid  # type: ignore[attr-defined]
    state = dvcstate.status(repo)
    assert state.locks == (dvcstate.DvcLock(".dvc/tmp/lock", "dvc", pid),)
    assert state.stages[0].reasons == (dvcstate.Reason("dep", "data", "deleted"),)
    assert dvcstate.as_json(state)["dvc_locks"] == [
        {"path": ".dvc/tmp/lock", "command": "dvc", "pid": pid}
    ]
    assert commands.main(["status", "--repo", str(repo)]) == 0
    assert "note: dvc" in capsys.readouterr().out


def test_a_lock_that_was_released_is_not_told(
    repo: Path, holder: "subprocess.Popen[str]", oracle: Oracle
) -> None:
    assert holder.stdin
    holder.stdin.close()
    holder.wait(60)
    state = dvcstate.status(repo)
    assert state.locks == ()
    assert "dvc_locks" not in dvcstate.as_json(state)
    assert agreement.ours(repo) == agreement.theirs(oracle, repo)


def _note(repo: Path, mode: str, pid: int) -> None:
    process = {"pid": pid, "cmd": "/usr/bin/dvc repro a"}
    entry = process if mode == "write" else [process]
    (repo / ".dvc" / "tmp" / "rwlock").write_text(json.dumps({mode: {str(repo / "data"): entry}}))


@pytest.mark.parametrize("mode", ["write", "read"])
def test_a_stage_that_runs_is_told(mode: str, repo: Path, oracle: Oracle) -> None:
    _note(repo, mode, os.getpid())
    assert dvcstate.status(repo).locks == (
        dvcstate.DvcLock(".dvc/tmp/rwlock", "dvc repro", os.getpid()),
    )
    assert ("busy" in agreement.theirs(oracle, repo)[1]) == (mode == "write")


def test_a_process_that_is_gone_holds_nothing(repo: Path, oracle: Oracle) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait(60)
    _note(repo, "write", gone.pid)
    assert dvcstate.status(repo).locks == ()
    assert agreement.ours(repo) == agreement.theirs(oracle, repo)


@pytest.mark.parametrize("content", ["", "junk", "[1]", "[" * 100_000])
def test_a_damaged_lock_file_is_told_with_what_mends_it(
    content: str, repo: Path, oracle: Oracle, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / ".dvc" / "tmp" / "rwlock").write_text(content)
    assert dvcstate.status(repo).locks == (dvcstate.DvcLock(".dvc/tmp/rwlock", None, None),)
    assert agreement.theirs(oracle, repo)[0] == "error"
    assert commands.main(["status", "--repo", str(repo)]) == 0
    assert "note: .dvc/tmp/rwlock is damaged" in capsys.readouterr().out
    (repo / ".dvc" / "tmp" / "rwlock").unlink()
    assert agreement.ours(repo) == agreement.theirs(oracle, repo)
