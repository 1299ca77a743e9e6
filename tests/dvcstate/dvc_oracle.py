"""DVC's own answer, from one long-lived process: ``dvc status`` without its second of start-up.

Run as a program, this reads one JSON request a line and answers one JSON line:
``{"repo": …}`` with ``{"status": …}`` or ``{"error": …}``; ``{"repo": …, "argv": […]}`` runs a
command of DVC's and answers ``{"code": …}``.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


class Oracle:
    """Asks DVC in a process of its own, in which each question moves to the repository."""

    def __init__(self, cache_dir: Path) -> None:
        environment = os.environ | environment_of(cache_dir)
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=environment,
        )

    def status(self, repo: Path) -> dict[str, Any]:
        """``{"status": …}``, or ``{"error": …}`` where DVC answers with an error."""
        return self._ask({"repo": str(repo)})

    def run(self, repo: Path, *argv: str) -> int:
        """The exit code of ``dvc argv…`` in ``repo``."""
        code: int = self._ask({"repo": str(repo), "argv": argv})["code"]
        return code

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def environment_of(cache_dir: Path) -> dict[str, str]:
    """What keeps DVC and git to themselves: no analytics, no settings of the user's."""
    return {
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(cache_dir / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(cache_dir / "global"),
        "DVC_SYSTEM_CONFIG_DIR": str(cache_dir / "system"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    os.chdir(request["repo"])
    if "argv" in request:
        from dvc.cli import main

        return {"code": main(list(request["argv"]))}
    from dvc.repo import Repo

    try:
        with Repo(os.curdir) as repo:
            return {"status": repo.status()}
    except BaseException as error:  # noqa: BLE001 - whatever it is, DVC gave no answer
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
    os.dup2(2, 1)  # what DVC prints must not get between the answers
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            answer = _answer(json.loads(line))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
