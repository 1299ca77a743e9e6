"""What lies elsewhere, as DVC sees it: asked in a process of its own, and not waited for long.

A cloud that cannot be reached keeps its client busy for a minute and more. Everything that is on
this machine is judged without DVC; of each dep and out that is not, DVC alone is asked.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dvcstate.dvc import dvc_process
from dvcstate.model import NOBODY_LISTENS, Kind, Reason, Stage, Unanswered

NOT_ASKED = "not asked"
HARMLESS = ("gs", "http", "https")
"""What can be asked for a repository that is not trusted: other clients run programs that DVC's
config or the address names, and a server of somebody's own would be given our credentials."""

# Without the first, gcsfs asks any server that is not Google's over gRPC and waits a minute for it.
_ENVIRONMENT = {"GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false", "GIT_TERMINAL_PROMPT": "0"}


@dataclass
class Answer:
    """What is known of one stage's deps and outs elsewhere.

    ``checksum_changed`` is DVC's word on a ``.dvc`` file, None where it said none.
    """

    reasons: list[Reason] = field(default_factory=list)
    unanswered: list[Unanswered] = field(default_factory=list)
    checksum_changed: bool | None = None


Answers = dict[str, Answer]
"""By the names of the stages that have something elsewhere."""


def not_asked(stages: Iterable[Stage]) -> Answers:
    """The answers where nobody is to be asked."""
    return {stage.name: _nothing(stage, NOT_ASKED) for stage in stages if stage.elsewhere}


def _nothing(stage: Stage, why: str) -> Answer:
    return Answer(unanswered=[Unanswered(path, why) for path in stage.elsewhere])


class Question:
    """Asks DVC about what the ``stages`` have elsewhere; begins at once, and ends in time.

    The ``with`` block around it ends the process, whatever happens.
    ``trusted``: the repository is one's own. For any other, ``HARMLESS`` addresses alone are asked.
    """

    def __init__(self, root: Path, stages: Iterable[Stage], seconds: float, trusted: bool) -> None:
        self._root = root
        self._stages = [stage for stage in stages if stage.elsewhere]
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._lines: list[bytes] = []
        self._process: subprocess.Popen[bytes] | None = None
        if self._stages and importlib.util.find_spec("dvc") is not None:
            self._had_folder = (root / ".dvc" / "tmp").exists()
            self._start([] if trusted else [*HARMLESS])

    def _start(self, harmless: list[str]) -> None:
        wanted = [_address(stage) for stage in self._stages]
        process = self._process = subprocess.Popen(  # noqa: S603 - our own program
            [
                *dvc_process.command("ask_elsewhere"),
                *(str(self._root), NOBODY_LISTENS, *harmless),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(sys.executable).parent,
            env={**_ENVIRONMENT, **os.environ, **dvc_process.ENVIRONMENT},
        )
        assert process.stdin and process.stdout  # noqa: S101 - both are pipes
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(wanted).encode())
            process.stdin.close()
        lines = process.stdout
        self._reader = threading.Thread(target=lambda: self._lines.extend(lines), daemon=True)
        self._reader.start()

    def answers(self) -> Answers:
        """What DVC has said when the time is over, or before where it has said all."""
        if self._process is None:
            why = "only DVC can tell, and it is not installed here: pip install dvc"
            return {stage.name: _nothing(stage, why) for stage in self._stages}
        why = "DVC gave no answer: dvc status tells why"
        self._reader.join(max(0.0, self._end - time.monotonic()))
        if self._reader.is_alive():
            why = f"no answer within {self._seconds:g} s"
        self._stop(self._process)
        told: list[list[dict[str, Any]]] = [[] for _ in self._stages]
        for line in _parsed(self._lines):
            told[line["stage"]].append(line)
        return {
            stage.name: _answer(stage, lines, why)
            for stage, lines in zip(self._stages, told, strict=True)
        }

    def __enter__(self) -> "Question":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._stop(self._process)

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        process.kill()
        self._reader.join()
        process.wait()
        if process.stdout:
            process.stdout.close()
        if not self._had_folder:
            shutil.rmtree(self._root / ".dvc" / "tmp", ignore_errors=True)


def _address(stage: Stage) -> tuple[str, str | None]:
    """The file of a stage, and its name in there; a ``.dvc`` file has no names."""
    if stage.cmd is None:
        return stage.file, None
    return stage.file, stage.name.removeprefix(f"{stage.file}:")


def _parsed(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:  # the process was ended in the middle of it
            continue


def _answer(stage: Stage, lines: Iterable[dict[str, Any]], why: str) -> Answer:
    answer = Answer()
    open_paths = list(stage.elsewhere)
    for line in lines:
        if "asked" in line:
            open_paths = line["asked"]
            answer.checksum_changed = line["changed"] if stage.cmd is None else None
            continue
        why = line.get("failed", why)
        if "why" in line:
            answer.unanswered.append(Unanswered(line["path"], line["why"]))
        for path, change in line.get("status", {}).items():
            kind: Kind = line["kind"]
            answer.reasons.append(Reason(kind, path.replace(os.sep, "/"), change))
        if "path" in line and line["path"] in open_paths:
            open_paths.remove(line["path"])
    answer.unanswered += [Unanswered(path, why) for path in open_paths]
    return answer
