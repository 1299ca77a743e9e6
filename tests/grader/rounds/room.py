"""A room: the finished repository, its remote, and a terminal in which an attendee types.

All rooms lie one after another at the same path, so that a copy needs no other address of its
remote. The pipeline of the finished repository was run by DVC, with ``stand_in.py`` in place of
TensorFlow, so that its cache of runs has what was run.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.engine.report import Report
from grader.facts import remote
from grader.facts.snapshot_cache import SnapshotCache
from grader.grading import grade
from tests import program_server
from tests.grader import finished
from tests.repositories import BIN, ROOT, copy_folder
from tests.service import onnx_models

TIMEOUT_S = 180
"""For one command: a run of all stages takes 3 s, and ten times as long on a busy machine."""
_OURS = Path(__file__).parent


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    printed: str
    code: int


@dataclass(frozen=True)
class Room:
    """``folder`` has the repository ``repo``, its remote, and the attendee's home."""

    folder: Path
    template: Path
    programs: Path
    server: str
    watched: list[SnapshotCache]

    @property
    def repo(self) -> Path:
        """The attendee's repository."""
        return self.folder / "repo"

    def renew(self) -> None:
        """Everything as in the finished repository, and nothing remembered of an earlier one."""
        shutil.rmtree(self.folder, ignore_errors=True)
        copy_folder(self.template, self.folder)
        (self.folder / "home").mkdir(exist_ok=True)
        for cache in self.watched:
            cache.close()
        self.watched[:] = [SnapshotCache()]
        self.watch()

    def type(self, line: str, folder: Path | None = None) -> Answer:
        """Type one line in a terminal in the repository, or in another ``folder``."""
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder or self.repo,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Answer(done.stdout.decode("utf-8", "replace"), done.returncode)

    def grade(self) -> Report:
        """The report, the remote's answer included, with nothing known from before."""
        return grade(self.repo)

    def watch(self) -> Report:
        """The report of a `grader watch` that has been open since the room was renewed."""
        return grade(self.repo, offline=True, cache=self.watched[0])

    def environment(self) -> dict[str, str]:
        """The variables of a terminal with the environment activated."""
        path = os.pathsep.join([str(self.programs), str(BIN), os.environ["PATH"]])
        home = self.folder / "home"
        return {
            **_plain_environment(home),
            "PATH": path,
            program_server.DVC: self.server,
        }


def _plain_environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {"NAME": "ada", "EMAIL": "ada@example.com"}
    return {
        **kept,
        **{f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()},
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "dvc"),
        "DVC_WORKSHOP_CACHE_DIR": str(home / "grader"),
        "PYTHONPATH": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@contextmanager
def opened(folder: Path) -> Iterator[Room]:
    """A room below ``folder``, which is empty; until the block ends, this process is in it."""
    programs, place = folder / "programs", folder / "room"
    _write_programs(programs)
    environment = _plain_environment(place / "home")
    with (
        program_server.serving(program_server.DVC, folder, environment) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in ("HOME", "DVC_SITE_CACHE_DIR", "DVC_WORKSHOP_CACHE_DIR", "GIT_CONFIG_NOSYSTEM"):
            patch.setenv(name, environment[name])
        patch.setattr(remote, "TIMEOUT_S", 3.0)
        room = Room(place, folder / "template", programs, server, [])
        _finish(room)
        copy_folder(place, room.template)
        try:
            yield room
        finally:
            for cache in room.watched:
                cache.close()


def _write_programs(programs: Path) -> None:
    """``python``, which runs the stand-in for a stage, and ``dvc``."""
    programs.mkdir()
    shutil.copy(_OURS / "stand_in.py", programs / "stand_in.py")
    (programs / "model.onnx").write_bytes(onnx_models.model())
    (programs / "params.json").write_text(json.dumps(_params_of_stages()), "utf-8")
    real = f'exec "{sys.executable}"'
    _write_program(
        programs / "python",
        # The real posters: TensorFlow is needed for none of them.
        f'case "$1 $2" in\n"-m pipeline.posters") {real} "$@";;\n'
        f'"-m pipeline."*) shift; {real} -P "{programs}/stand_in.py" "$@";;\n'
        f'"pipeline/"*/__main__.py*|"src/"*.py*) {real} -P "{programs}/stand_in.py" "$@";;\n'
        f'esac\n{real} "$@"\n',
    )
    program_server.write_dvc(programs / "dvc")


def _params_of_stages() -> dict[str, dict[str, Any]]:
    """What the reference has for each key that a stage reads, without the name of its section."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"]
    values = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    return {
        name: {
            rest: reduce(dict.__getitem__, key.split("."), values)
            for key in stage.get("params", ())
            if (rest := key.partition(".")[2])
        }
        for name, stage in stages.items()
    }


def _write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}", "utf-8")
    path.chmod(0o755)


def _finish(room: Room) -> None:
    """Solve every lesson: as ``finished.make`` does, but DVC itself runs, commits and pushes."""
    repo = room.repo
    finished.write_files(repo)
    (room.folder / "home").mkdir()
    finished.write_raw_data(repo)
    remote = (room.folder / "remote").as_posix()
    finished.write(repo / "workshop.toml", f"[workshop]\nattendee = 'ada'\nremote = '{remote}'\n")
    finished.write(repo / "notes.txt", "what I saw\n")
    lines = [
        "git init --quiet --initial-branch main", "dvc add data/raw", "dvc repro",
        "git add --all", 'git commit --quiet -m "Run the pipeline"',
    ]  # fmt: skip
    _type_all(room, lines)
    text = (ROOT / "params.yaml").read_text("utf-8").replace("examples: 18", "examples: 12")
    finished.write(repo / "params.yaml", text)
    _type_all(room, ["dvc repro", "git add --all", 'git commit -m "Show fewer"', "dvc push"])


def _type_all(room: Room, lines: list[str]) -> None:
    for line in lines:
        answer = room.type(line)
        assert answer.code == 0, f"{line}\n{answer.printed}"
