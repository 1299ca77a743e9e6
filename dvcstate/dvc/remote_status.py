"""The status of external deps and outs, as DVC sees it: asked in a process, with a time limit.

A cloud that cannot be reached keeps its client busy for a minute and more. Everything that is on
this machine is compared without DVC; of each dep and out that is not, DVC alone is asked.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dvcstate.dvc import dvc_process
from dvcstate.model import Reason, Stage, UnknownStatus

# What can be asked for a repository that is not trusted: other clients run programs that DVC's
# config or the address names, and a server that the repository chose would get our credentials.
_SAFE_PROTOCOLS = ("gs", "http", "https")

# Without the first, gcsfs asks any server that is not Google's over gRPC and waits a minute for it.
_ENVIRONMENT = {"GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false", "GIT_TERMINAL_PROMPT": "0"}


class RemoteStatus(NamedTuple):
    """What is known of one stage's external deps and outs.

    ``checksum_changed`` is DVC's word on a ``.dvc`` file, None where it said none.
    """

    reasons: tuple[Reason, ...] = ()
    unanswered: tuple[UnknownStatus, ...] = ()
    checksum_changed: bool | None = None


RemoteStatuses = dict[str, RemoteStatus]
"""By the names of the stages that have external deps or outs."""


def not_asked(stages: Iterable[Stage]) -> RemoteStatuses:
    """The status where nobody is to be asked."""
    return {stage.name: _all_unknown(stage, "not asked") for stage in stages if stage.external}


def _all_unknown(stage: Stage, why: str) -> RemoteStatus:
    return RemoteStatus(
        unanswered=_sort_answers(UnknownStatus(path, why) for path in stage.external)
    )


class RemoteStatusQuery:
    """Asks DVC about the external deps and outs of ``stages``; begins at once, and ends in time.

    The ``with`` block around it ends the process, whatever happens.
    ``trusted``: the repository is one's own. For any other, ``_SAFE_PROTOCOLS`` alone are asked.
    """

    def __init__(self, root: Path, stages: Iterable[Stage], seconds: float, trusted: bool) -> None:
        self._root = root
        self._stages = [stage for stage in stages if stage.external]
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._lines: list[bytes] = []
        self._process: subprocess.Popen[bytes] | None = None
        if self._stages and importlib.util.find_spec("dvc") is not None:
            # DVC clones repositories there, and leaves them behind when it is ended.
            self._scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            self._start(() if trusted else _SAFE_PROTOCOLS)

    def _start(self, safe_protocols: tuple[str, ...]) -> None:
        command = dvc_process.command("query_remote_status")
        scratch = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._scratch.name)
        process = self._process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, str(self._root), *safe_protocols],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(sys.executable).parent,  # not the repository, whose files would be imported
            env={**_ENVIRONMENT, **os.environ, **dvc_process.ENVIRONMENT, **scratch},
        )
        assert process.stdin and process.stdout  # noqa: S101 - both are pipes
        with contextlib.suppress(BrokenPipeError):
            stages = [_file_and_name(stage) for stage in self._stages]
            process.stdin.write(json.dumps(stages).encode())
            process.stdin.close()
        lines = process.stdout
        self._reader = threading.Thread(target=lambda: self._lines.extend(lines), daemon=True)
        self._reader.start()

    def answers(self) -> RemoteStatuses:
        """What DVC has said when the time is over, or before where it has said all."""
        if self._process is None:
            why = "only DVC can tell, and it is not installed here: pip install dvc"
            return {stage.name: _all_unknown(stage, why) for stage in self._stages}
        why = "DVC gave no answer: dvc status tells why"
        self._reader.join(max(0.0, self._end - time.monotonic()))
        if self._reader.is_alive():
            why = f"no answer within {self._seconds:g} s"
        self._stop(self._process)
        lines: list[list[dict[str, Any]]] = [[] for _ in self._stages]
        for line in _parse(self._lines):
            lines[line["stage"]].append(line)
        return {
            stage.name: _remote_status(stage, stage_lines, why)
            for stage, stage_lines in zip(self._stages, lines, strict=True)
        }

    def __enter__(self) -> "RemoteStatusQuery":
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
        self._scratch.cleanup()


def _file_and_name(stage: Stage) -> tuple[str, str | None]:
    """The file of a stage, and its name in there; a ``.dvc`` file has no names."""
    if stage.cmd is None:
        return stage.file, None
    return stage.file, stage.name.removeprefix(f"{stage.file}:")


def _parse(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:  # the process was ended in the middle of it
            continue


def _remote_status(stage: Stage, lines: Iterable[dict[str, Any]], why: str) -> RemoteStatus:
    reasons: list[Reason] = []
    unknown: list[UnknownStatus] = []
    changed: bool | None = None
    pending = list(stage.external)
    for line in lines:
        if "queried" in line:
            pending = line["queried"]
            changed = line["changed"] if stage.cmd is None else None
            continue
        why = line.get("failed", why)
        if "why" in line:
            unknown.append(UnknownStatus(line["path"], line["why"], line["silent_server"]))
        for path, change in line.get("status", {}).items():
            reasons.append(Reason(line["kind"], path.replace(os.sep, "/"), change))
        if "path" in line and line["path"] in pending:
            pending.remove(line["path"])
    unknown += [UnknownStatus(path, why) for path in pending]
    return RemoteStatus(tuple(reasons), _sort_answers(unknown), changed)


def _sort_answers(unknown: Iterable[UnknownStatus]) -> tuple[UnknownStatus, ...]:
    return tuple(sorted(set(unknown), key=lambda status: (status.path, status.why)))
