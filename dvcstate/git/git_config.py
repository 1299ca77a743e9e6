"""A git config file as dulwich reads it, which DVC asks; git itself says otherwise in places.

To dulwich ``yes`` is no truth value, ``includeIf`` of a user's own config never holds but for
``hasconfig:``, and a line that it cannot read ends DVC with an error.
"""

import io
import os
import re
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

# dulwich.config costs 2.5 ms to import, and `logging` another 4.5 ms where nothing else needs it.
from dulwich.config import ConditionMatcher, Config, ConfigFile, match_glob_pattern

from dvcstate.documents import regular_file
from dvcstate.errors import FileError

MAX_BYTES = 2**20
# [includeIf "onbranch:*a*b*c*d*e*f*g"]: dulwich tries all ways to divide a name among the stars.
_MANY_STARS = re.compile(rb"^\s*\[\s*includeif\b[^\n]*?(?:\*+[^*\n]+){7}", re.I | re.M)


class IncludeConditions(NamedTuple):
    """What ``includeIf`` is judged by: the folder ``.git`` and the branch."""

    git_dir: str
    branch: str | None


def read(path: Path, conditions: IncludeConditions | None = None) -> ConfigFile:
    """The settings in ``path`` and all that it includes; none where there is no such file."""
    contents: dict[str, bytes] = {}

    def open_file(name: str | os.PathLike[str]) -> BinaryIO:
        included = bool(contents)
        content = contents[os.fspath(name)] = _content(os.fspath(name), included)
        return io.BytesIO(content)

    try:
        return ConfigFile.from_path(
            path, file_opener=open_file, condition_matchers=_matchers(conditions)
        )
    except FileNotFoundError:
        return ConfigFile()
    except ValueError as error:
        raise _invalid(contents, error) from None


def setting(config: Config, section: bytes, name: bytes) -> bytes | None:
    """The value of ``section.name``, None where it is not set."""
    try:
        return config.get((section,), name)
    except KeyError:
        return None


def flag(value: bytes | None) -> bool:
    """A truth value, False where it is not set; a ValueError where DVC would end."""
    if value is None:
        return False
    if value.lower() not in (b"true", b"false"):
        raise ValueError(f"expected true or false, got {value.decode('utf-8', 'replace')!r}")
    return value.lower() == b"true"


def _content(path: str, included: bool) -> bytes:
    """An OSError passes over a file that is ``included``, as git and dulwich do."""
    try:
        content = regular_file.read(path, MAX_BYTES)
    except OSError as error:
        is_odd = isinstance(error, regular_file.UnusableFileError) and not os.path.isdir(path)
        if isinstance(error, FileNotFoundError) or (included and not is_odd):
            raise
        raise FileError(
            f"cannot be read as git's config: {error.strerror}", "put a git config file there",
            path=path,
        ) from None  # fmt: skip
    if _MANY_STARS.search(content):
        raise FileError(
            "an includeIf has so many stars that DVC would try for hours", "write fewer stars",
            path=path,
        )  # fmt: skip
    return content


def _matchers(conditions: IncludeConditions | None) -> Mapping[str, ConditionMatcher]:
    if conditions is None:
        return {}
    git_dir, branch = conditions.git_dir, conditions.branch
    return {
        "onbranch:": lambda glob: branch is not None and match_glob_pattern(branch, glob),
        "gitdir:": lambda glob: _is_in_folder(git_dir, glob, ignore_case=False),
        "gitdir/i:": lambda glob: _is_in_folder(git_dir, glob, ignore_case=True),
    }


def _is_in_folder(git_dir: str, glob: str, ignore_case: bool) -> bool:
    """Whether ``gitdir:`` names the repository, by the forms of it that dulwich knows."""
    # Private, and used like this by dulwich.repo.Repo alone: to open one costs 21 ms of imports
    # and reads files, pipes among them, without a limit.
    from dulwich.config import _match_gitdir_pattern

    if glob.startswith("./"):
        return False
    glob = os.path.expanduser(glob).replace("\\", "/")
    if not glob.startswith(("~/", "/", "**")) and glob[1:2] != ":":
        glob = f"**/{glob}"
    glob += "**" if glob.endswith("/") else ""
    return _match_gitdir_pattern(
        git_dir.encode("utf-8", "replace"), glob.encode("utf-8", "replace"), ignore_case
    )


def _invalid(contents: dict[str, bytes], error: ValueError) -> FileError:
    """The error with the file and line that it is about, which dulwich does not say."""
    lines = {path: _first_bad_line(content) for path, content in contents.items()}
    path = next((path for path, line in lines.items() if line), next(iter(lines)))
    return FileError(
        f"DVC cannot read this git config: {error}", "mend or delete that line",
        path=path, line=lines[path],
    )  # fmt: skip


def _first_bad_line(content: bytes) -> int | None:
    lines = io.BytesIO(content).readlines()

    def fails(count: int) -> bool:
        try:
            ConfigFile.from_file(io.BytesIO(b"".join(lines[:count])), expand_includes=False)
        except ValueError:
            return True
        return False

    first = bisect_left(range(len(lines) + 1), True, key=fails)
    return first if first <= len(lines) else None
