"""The facts that checks need about one repository; each is gathered once, when it is asked for."""

import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from dvcstate import Project, ProjectError, ProjectState, Workspace
from dvcstate.config.dvc_config import read as read_config
from dvcstate.dvc_repository import DvcRepository, find
from dvcstate.errors import ErrorKind, FileError, TrackedPathError
from grader.facts import git_attributes, settings
from grader.facts.files import MAX_TEXT_BYTES, with_lf
from grader.facts.git import Blob, FileLine
from grader.facts.git_attributes import CloneChange, GitAttributes
from grader.facts.git_facts import GitFacts
from grader.facts.objects import Objects
from grader.facts.settings import Settings, read_settings
from grader.facts.snapshot import Snapshot, is_dvc_file, is_metadata_file
from grader.facts.snapshot_cache import SnapshotCache
from grader.facts.vars_files import read_vars_files
from grader.finding import UnknownError
from workshop.course.exercises import Exercise, exercises
from workshop.stages import STAGES

# What is above these limits is no workshop, and would take seconds to write.
_MAX_EXPORT_BYTES = 64 * 2**20
_MAX_EXPORT_FILES = 5000
# Of a damaged cache pipeline.cache_intact reports.
_NO_STOPS = (ErrorKind.NO_ACCESS, ErrorKind.DAMAGED_CACHE)
# Looked for even where git ignores its folder: that is one of the mistakes.
_RAW = "data/raw.dvc"


class Repository(GitFacts):
    """The repository that the folder ``start`` is in.

    ``cache`` may serve one repository several times. ``ask_s``: how many seconds to wait for what
    a cloud says of external deps; 0 does not ask. ``as_foreign``: judge it as any DVC repository.
    """

    def __init__(
        self, start: Path, cache: SnapshotCache, ask_s: float, *, as_foreign: bool = False
    ) -> None:
        super().__init__(start, cache.git)
        self._cache = cache
        self.ask_s = ask_s
        self._as_foreign = as_foreign
        self.remote_asked_at: float | None = None
        """When a cloud was first asked: every answer has to come within ten seconds of it."""
        self._files_in: dict[str, tuple[str, ...]] = {}

    @cached_property
    def clone_changes(self) -> dict[str, CloneChange]:
        """The files of HEAD that git writes into a clone otherwise than it has them, by path.

        The .gitattributes say so, those above the root of DVC included.
        """
        files = self._tree.files
        paths = [path for path in files if f"/{path}".endswith(f"/{git_attributes.FILE}")]
        own = [path for path in paths if path.startswith(self.prefix)]
        texts = {path: self.head.content(path.removeprefix(self.prefix)) for path in own}
        above = [path for path in paths if path not in own]
        contents = (
            self.git.contents(files[path].oid for path in above) if self.git and above else {}
        )
        texts |= {path: contents.get(files[path].oid) for path in above}
        attributes = GitAttributes({path: text for path, text in texts.items() if text})
        if self.git is None or not attributes.may_change_bytes:
            return {}
        blobs = {p: blob for p, blob in files.items() if p.startswith(self.prefix)}
        changes = attributes.changes(self.git, blobs, MAX_TEXT_BYTES)
        return {path.removeprefix(self.prefix): change for path, change in changes.items()}

    def is_staged(self, path: str) -> bool:
        """Whether git's index has the small file ``path`` as the worktree has it."""
        content = self.worktree.content(path)
        if content is None or self.git is None or path in self.unmerged_files:
            return False
        name = f"{self.prefix}{path}"
        oids = [entry.oid for entry in self.git.index_entries() if entry.path == name]
        staged = map(with_lf, self.git.contents(oids).values())
        return with_lf(content) in staged

    @cached_property
    def head(self) -> Snapshot:
        """What is committed."""
        files = self._cache.exported_files(self.root, self.commit)
        if files is None:
            blobs = self._metadata_files
            objects = self.git.contents(blob.oid for blob in blobs.values()) if self.git else {}
            contents = {path: objects[b.oid] for path, b in blobs.items() if b.oid in objects}
            files = self._cache.export(self.root, self.commit, contents)
        return Snapshot(
            "HEAD", files, lambda: self.shared_project or files.project, lambda: self.is_foreign
        )

    @cached_property
    def exercise(self) -> Exercise | None:
        """The exercise of `grader start --broken` that this is, unless it is judged as foreign."""
        if self._as_foreign:
            return None
        try:
            name = self.settings.exercise
            is_deleted = self.worktree.content(settings.PATH) is None
            if is_deleted and settings.PATH in self.committed_files:
                name = read_settings(self.head.content(settings.PATH)).exercise
        except UnknownError:  # git cannot say
            return None
        return exercises().exercise(name) if name else None

    @property
    def has_gaps(self) -> bool:
        """Whether parts of its code were left to the attendee to write."""
        return self.settings.has_gaps and not self.is_foreign

    @cached_property
    def is_foreign(self) -> bool:
        """Whether `grader start` did not make it: it has DVC, and no code of the workshop's.

        Its lessons and their stages are not there to be judged.
        """
        if self._as_foreign or self.exercise:
            return True
        try:
            known = {*self.committed_files, *self.tracked_files}
        except UnknownError:  # git cannot say
            return False
        has_dvc = ".dvc/config" in known
        if not has_dvc or settings.PATH in known or (self.root / settings.PATH).exists():
            return False
        ends = tuple(f"/{s.code_dir}{end}" for s in STAGES for end in ("/__main__.py", ".py"))
        is_here = any((self.root / end[1:]).exists() for end in ends)
        return not (is_here or any(f"/{path}".endswith(ends) for path in known))

    @cached_property
    def _metadata_files(self) -> dict[str, Blob]:
        """The metadata files of HEAD, DVC's own first, within a limit of bytes and of files."""
        blobs: dict[str, Blob] = {}
        total = 0
        for path in sorted(
            filter(is_metadata_file, self.committed_files),
            key=lambda path: (not is_dvc_file(path), path),
        ):
            blob = self.committed_files[path]
            total += blob.size
            if total > _MAX_EXPORT_BYTES or len(blobs) == _MAX_EXPORT_FILES:
                break
            parts = set(path.split("/"))
            if blob.size <= MAX_TEXT_BYTES and not parts & {"..", ".git"} and "\\" not in path:
                blobs[path] = blob
        return blobs

    @cached_property
    def worktree(self) -> Snapshot:
        """The files in the attendee's folder."""
        project: Callable[[], Project] = lambda: self.workspace.project()  # noqa: E731
        return Snapshot(
            "worktree", self._cache.worktree_files(self.root), project, lambda: self.is_foreign
        )

    @cached_property
    def uncommitted_files(self) -> tuple[str, ...]:
        """The metadata files that differ between HEAD and the worktree."""
        paths = {*self._metadata_files, *self._dvc_files_in_worktree}
        return tuple(sorted(path for path in paths if not self._is_same(path)))

    def _is_same(self, path: str) -> bool:
        ours, theirs = self.worktree.content(path), self.head.content(path)
        if ours is None or theirs is None:
            return ours is theirs
        return with_lf(ours) == with_lf(theirs)

    @cached_property
    def _dvc_files_in_worktree(self) -> list[str]:
        """DVC's own files in the worktree, three folders deep at most: deeper ones cost seconds."""
        paths = [p for p in (_RAW, *self.params_files) if (self.root / p).is_file()]
        pending = [(str(self.root), "")]
        while pending:
            folder, shown = pending.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = list(listing)
            except OSError:
                continue
            # Sub-modules and git worktrees are other repositories.
            if shown and any(entry.name in (".git", ".dvc") for entry in entries):
                continue
            for entry in entries:
                path = shown + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path.count("/") < 3 and self._is_searched(path):
                        pending.append((entry.path, f"{path}/"))
                elif path.endswith(("dvc.yaml", "dvc.lock", ".dvc")):
                    paths.append(path)
        return paths

    def _is_searched(self, path: str) -> bool:
        """Whether DVC looks in the folder for stages: not where it is ignored."""
        if path.rpartition("/")[2].startswith("."):
            return False
        folder = str(self.root / path)
        try:
            dvc = self._dvc
        except ProjectError:  # the check init.config reports it
            return True
        is_ignored = dvc.git_ignores(folder, True) or dvc.dvcignore.ignores(folder, True)
        return not is_ignored or any(p.startswith(f"{path}/") for p in self._metadata_files)

    @cached_property
    def params_files(self) -> frozenset[str]:
        """The files of params, and of ``vars``, that the stages in the worktree name.

        Where the stages cannot be read, those of ``vars`` in the dvc.yaml of the root alone.
        """
        try:
            stages = self.worktree.project.stages
        except (ProjectError, OSError):
            stages = ()
        declared = {file.path for stage in stages for file in stage.params}
        pipelines = {stage.file for stage in stages if stage.cmd} | {"dvc.yaml"}
        declared |= read_vars_files(self.worktree, pipelines)
        return frozenset({"params.yaml", *filter(is_metadata_file, declared)})

    @cached_property
    def lost_vars_files(self) -> list[str]:
        """The files of ``vars`` in the dvc.yaml of HEAD that the folder has and HEAD lacks.

        DVC reads no pipeline without them.
        """
        named = sorted(filter(is_metadata_file, read_vars_files(self.head, {"dvc.yaml"})))
        absent = [path for path in named if path not in self.committed_files]
        return [path for path in absent if (self.root / path).is_file()]

    @cached_property
    def objects(self) -> Objects:
        """DVC's cache on this machine."""
        return Objects(self._dvc.cache_dir, self._object_stats)

    def _object_stats(self) -> Mapping[str, os.stat_result]:
        """What DVC's state took a look at, in this grade: twice 1,000 objects take 4 ms."""
        try:
            _ = self.state
        except ProjectError:  # what the last grade saw may have changed
            return {}
        return self.workspace.object_stats(self._dvc.cache_dir)

    @cached_property
    def state(self) -> ProjectState:
        """The state of the worktree as ``dvc status`` sees it; a ProjectError where it cannot."""
        _ = self.worktree.project  # raises the ProjectError of the files, which is read once
        if self.ask_s and any(stage.external for stage in self.worktree.project.stages):
            self.remote_asked_at = time.monotonic()
        return self.workspace.state(read=False, ask_s=self.ask_s, trusted=False)

    @cached_property
    def stop(self) -> ProjectError | None:
        """The error with which DVC stops when it looks at what it tracks, if it does.

        Not what keeps one command from being answered: no access, or no DVC that could tell.
        """
        try:
            _ = self.state
            return None
        except (TrackedPathError, FileError) as error:
            return None if error.kind in _NO_STOPS else error
        except (ProjectError, OSError):
            return None

    def stops_at(self, error: ProjectError) -> bool:
        """Whether ``error`` is the one with which DVC stops."""
        return self.stop is not None and (type(error), str(error)) == (
            type(self.stop),
            str(self.stop),
        )

    @cached_property
    def workspace(self) -> Workspace:
        """The worktree as a DVC project."""
        return self._cache.workspace(self.root)

    def md5_of(self, place: Path, algorithm: str = "md5") -> str | None:
        """The hash of the file or folder ``place`` as DVC takes it, None where none is."""
        return self._hashes.md5_of(place, algorithm)

    def md5s_in(self, folder: Path) -> list[str]:
        """The hash of each file in ``folder``, which is there."""
        return self._hashes.md5s_in(folder)

    @cached_property
    def _hashes(self) -> Workspace:
        """The workspace, which has looked at the folder as it is now."""
        try:
            _ = self.state
        except (ProjectError, OSError):  # where DVC stops, it may not have looked at all
            self.workspace.look_again()
        return self.workspace

    @cached_property
    def shared_project(self) -> Project | None:
        """The project in the worktree, where it is also that of HEAD: reading takes a while."""
        if self.uncommitted_files:
            return None
        project = self.workspace.project()
        is_committed = all(stage.file in self.committed_files for stage in project.stages)
        return project if is_committed else None

    def files_in(self, folder: str) -> tuple[str, ...]:
        """Every file below a folder of the worktree, sorted, by its path from the root."""
        if folder not in self._files_in:
            top = str(self.root / folder)
            paths = (
                f"{parent}{os.sep}{name}" for parent, _, names in os.walk(top) for name in names
            )
            below = (path[len(top) :].replace(os.sep, "/") for path in paths)
            self._files_in[folder] = tuple(sorted(f"{folder}{path}" for path in below))
        return self._files_in[folder]

    def ignores(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether a .gitignore of the worktree leaves out ``path``."""
        return self._dvc.git_ignores(str(self.root / path), is_folder)

    def ignoring_line(self, path: str) -> FileLine | None:
        """The line that leaves ``path`` out of git; None where git itself cannot say."""
        at = self.git.ignoring_line(f"{self.prefix}{path}") if self.git else None
        return FileLine(at.file.removeprefix(self.prefix), at.line) if at else None

    def ignores_at_head(self, path: str) -> bool:
        """The same by the committed .gitignore files, those above the root left out."""
        is_folder = (self.root / path).is_dir()
        return self._dvc_at_head.git_ignores(str(self.head.root / path), is_folder)

    @cached_property
    def _dvc_at_head(self) -> DvcRepository:
        return find(self.head.root, asks_git=True)

    @cached_property
    def _dvc(self) -> DvcRepository:
        """With git's rules also where ``core.no_scm`` keeps them from DVC."""
        return find(self.root, asks_git=True)

    @cached_property
    def remote_options(self) -> Mapping[str, Mapping[str, str]]:
        """The options of each remote as DVC sees them, with config.local and the user's config."""
        return read_config(self.root).remotes

    @cached_property
    def settings(self) -> Settings:
        """What ``workshop.toml`` says about this attendee."""
        return read_settings(self.worktree.content(settings.PATH))
