"""A DVC project as plain data: stages, deps, outs, params, and what the lock recorded of them.

Paths named ``path`` are text in posix form as DVC shows them when it runs in the root of the
repository: relative to the root inside of it, absolute or an address outside.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

# NamedTuples, here and in the whole package: each frozen dataclass takes 0.5 ms of start-up to
# make and each of these 0.05 ms. 25 of them are a tenth of what ``workshop status`` takes.


class RecordedHash(NamedTuple):
    """What the lock file or a ``.dvc`` file says about a dep or an out.

    ``algorithm`` is ``md5``, or ``md5-dos2unix`` for entries by DVC 2 (no ``hash:`` in them), whose
    text files are hashed with their CRLF turned to LF. ``files`` is the listing of a folder when it
    is written in the file itself (cloud versioning) and not in the cache; ``md5`` is that of it.
    """

    algorithm: str
    md5: str | None
    size: int | None = None
    nfiles: int | None = None
    files: tuple[Mapping[str, Any], ...] = ()


class Dep(NamedTuple):
    """A file or folder that a stage reads. ``place`` is None where it is no local path."""

    path: str
    place: Path | None
    recorded: RecordedHash
    inside: bool = True


class Out(NamedTuple):
    """A file or folder that a stage makes. ``cache``: DVC keeps a copy in its cache.

    ``remote`` is the one that it is pushed to in place of the default, ``push`` whether it is.
    """

    path: str
    place: Path | None
    recorded: RecordedHash
    inside: bool = True
    cache: bool = True
    metric: bool = False
    plot: bool = False
    persist: bool = False
    remote: str | None = None
    push: bool = True


class ParamsFile(NamedTuple):
    """The params of one file that a stage reads; no ``keys`` means the whole file.

    ``recorded`` maps each recorded key to its value; None when the lock says nothing of the file.
    ``place`` is None where it is no local path.
    """

    path: str
    place: Path | None
    keys: tuple[str, ...] = ()
    recorded: Mapping[str, Any] | None = None


class Stage(NamedTuple):
    """One stage of a ``dvc.yaml``, or one ``.dvc`` file.

    ``recorded`` is False for a stage that is not in the lock. ``external`` names the deps and outs
    that ``dvc status`` looks at and that are not on this machine: in a cloud, in another
    repository. ``is_import``: DVC pushes nothing of it and pulls it from where it was imported
    from, another repository or a cloud that keeps versions (dvc/repo/index.py). ``wdir``: the
    folder that its command runs in, from the root on; empty for the root.
    """

    name: str
    file: str
    cmd: str | list[str] | None
    deps: tuple[Dep, ...] = ()
    outs: tuple[Out, ...] = ()
    params: tuple[ParamsFile, ...] = ()
    frozen: bool = False
    always_changed: bool = False
    recorded: bool = False
    command_changed: bool = False
    checksum_changed: bool = False
    external: tuple[str, ...] = ()
    is_import: bool = False
    wdir: str = ""

    @property
    def runs_always(self) -> bool:
        """A command with neither deps nor outs runs on every ``dvc repro``."""
        return self.always_changed or bool(self.cmd and not (self.deps or self.outs or self.params))


Kind = Literal["dep", "out", "param", "command", "always_changed", "checksum"]
State = Literal["never_run", "missing", "stale", "frozen", "fresh"]


class Reason(NamedTuple):
    """One line of ``dvc status``. ``change`` is DVC's word, None where DVC has none."""

    kind: Kind
    path: str
    change: str | None


class UnknownStatus(NamedTuple):
    """A dep or out that is not on this machine, and why its status is not known.

    ``silent_server`` is the address of its server where no server answers there.
    """

    path: str
    why: str
    silent_server: str | None = None


class DvcLock(NamedTuple):
    """A lock file for which ``dvc status`` stops: the command that holds it, and its process.

    Both are None where nobody does and the file is damaged.
    """

    path: str
    command: str | None
    pid: int | None


class StageState(NamedTuple):
    """A stage and why it is not up to date; ``upstream_stale``: one above it is not.

    ``state`` and ``reasons`` leave out what is ``unanswered``.
    """

    stage: Stage
    state: State
    reasons: tuple[Reason, ...]
    upstream_stale: bool = False
    unanswered: tuple[UnknownStatus, ...] = ()


class Project(NamedTuple):
    """All that the files of a repository say, before any data is looked at.

    ``metrics`` and ``plots`` are paths, of stages' outs and of the lists at the top of a dvc.yaml.
    """

    root: Path
    stages: tuple[Stage, ...]
    edges: tuple[tuple[str, str], ...]
    cache_dir: Path
    metrics: tuple[str, ...] = ()
    plots: tuple[str, ...] = ()


class ProjectState(NamedTuple):
    """The answer to ``dvc status``, and what ``GET /pipeline`` says beyond it.

    ``locks``: DVC itself would not answer now. Only ``dvcstate.status`` looks for them.
    """

    project: Project
    stages: tuple[StageState, ...]
    lock_md5: str | None = None
    checked: str = ""
    locks: tuple[DvcLock, ...] = ()
