"""Watches a repository for the changes that can change a grade."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dvcstate.file_watch import watchfiles_watch

# What git writes when a commit, the index, a branch or an ignored path changes.
_OF_GIT = ("HEAD", "MERGE_HEAD", "config", "index", "packed-refs", "refs", "info")
_UNWATCHED = frozenset(("__pycache__", ".venv", ".ipynb_checkpoints"))
_PAUSE_S = 1.0


class Changes:
    """Calls ``notify`` for each change in the folder ``repo``, from ``start`` to ``stop``.

    ``concerns`` says whether the change of a path, from the root of git, is worth a call; it is
    ``matters`` where nobody says. A folder that is no git repository yet may be a home folder, and
    is not watched: it is examined once a second whether it has become one.
    """

    def __init__(
        self,
        repo: Path,
        notify: Callable[[], None],
        concerns: Callable[[str], bool] | None = None,
    ) -> None:
        self._repo = repo
        self._notify = notify
        self._concerns = concerns or matters
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="changes", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, without a wait for the thread."""
        self._stop.set()

    def _follow(self) -> None:
        before = _root(self._repo)
        while not self._stop.is_set():
            root = _root(self._repo)
            if root != before:
                self._notify()
            before = root
            if root:
                self._watch(root)
            self._stop.wait(_PAUSE_S)

    def _watch(self, root: Path) -> None:
        """Until the repository goes away, or the operating system ends it.

        The first answer says that the watch has begun: earlier changes are never reported.
        """
        is_first = True
        try:
            for changes in watchfiles_watch([root], self._stop):
                if is_first or any(self._concerns(_inside(path, root)) for path in changes):
                    self._notify()
                is_first = False
                if changes and not (root / ".git").exists():
                    return
        except (OSError, RuntimeError):  # the folder is gone, or too many are watched already
            time.sleep(_PAUSE_S)


def matters(path: str) -> bool:
    """Whether a change of ``path``, from the root of git, can change a grade.

    DVC's locks, temporary files and cache don't, nor what git does inside of .git on its way.
    """
    parts = path.replace("\\", "/").split("/")
    if parts[0] == ".git":
        return (len(parts) == 1 or parts[1] in _OF_GIT) and not path.endswith(".lock")
    if ".dvc" in parts and parts[parts.index(".dvc") + 1 :][:1] in (["tmp"], ["cache"]):
        return False
    return not _UNWATCHED & {*parts}


def _inside(path: str, root: Path) -> str:
    """The path from the root; macOS reports /private/var for a /var that is watched."""
    for start in (str(root), os.path.realpath(root)):
        if path.startswith(start + os.sep):
            return path[len(start) + 1 :]
    return path


def _root(repo: Path) -> Path | None:
    """The folder with the ``.git`` that ``repo`` is in."""
    start = Path(os.path.abspath(repo))  # noqa: PTH100 - links stay
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)
