"""What can be wrong with a DVC project so that nobody can tell its state, and what mends it.

ProjectError             what is wrong and where, and what to do
├── NotAProjectError     no DVC repository here, or no git around it
├── FileError            a file of the project that cannot be read as what it should be
├── ConfigError          .dvc/config, config.local or the user's own DVC config
├── TrackedPathError     a dep or an out that cannot be looked at as DVC would
└── NeedsDvcError        only DVC itself can tell, and it is not there or did not
"""

from enum import Enum, auto
from typing import Self


class ErrorKind(Enum):
    """What some errors are about, for whoever does more than show their words."""

    OTHER = auto()
    NO_ACCESS = auto()
    """The operating system does not let the file be read."""
    UNSUPPORTED_URL = auto()
    """The address of a remote begins with a scheme that DVC does not know."""
    IGNORED_BY_GIT = auto()
    """DVC refuses to work with a file of its own that git leaves out."""
    NESTED_DVCIGNORE = auto()
    """A .dvcignore is in a folder that DVC tracks."""
    OUT_IN_DVCIGNORE = auto()
    """A .dvcignore leaves out an out."""
    DAMAGED_CACHE = auto()
    """An object of the cache is not what DVC wrote."""


class ProjectError(Exception):
    """Something a user can mend: ``problem`` says what and where, ``fix`` what to do.

    ``fix`` may be followed by ``hints``, and by a command that is typed ``then``.
    ``path`` is relative to the repository, in posix form; ``line`` and ``column`` count from 1.
    All three are None where they are not known.
    """

    def __init__(
        self,
        problem: str,
        fix: str,
        *hints: str,
        then: str | None = None,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
        kind: ErrorKind = ErrorKind.OTHER,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedies = (fix, *hints)
        self.then = then
        self.path = path
        self.line = line
        self.column = column
        self.kind = kind

    @property
    def fix(self) -> str:
        """All that there is to do, in one line."""
        return "; ".join(self.remedies) + (f", then: {self.then}" if self.then else "")

    @classmethod
    def from_error(
        cls,
        error: "ProjectError",
        *,
        path: str | None,
        line: int | None = None,
        column: int | None = None,
    ) -> Self:
        """The same error as one of this class, at another place."""
        return cls(
            error.problem,
            *error.remedies,
            then=error.then,
            path=path,
            line=line,
            column=column,
            kind=error.kind,
        )

    def __str__(self) -> str:
        parts = [self.path] if self.path else []
        parts += [f"line {self.line}"] if self.line else []
        parts += [f"column {self.column}"] if self.line and self.column else []
        where = ", ".join(parts)
        return f"{where}: {self.problem}" if where else self.problem


class NotAProjectError(ProjectError):
    """No DVC repository here, or no git repository around it."""


class FileError(ProjectError):
    """A file of the project is not what DVC could read."""


class ConfigError(ProjectError):
    """A DVC config file is not what DVC could read."""


class TrackedPathError(ProjectError):
    """A dep or an out cannot be looked at: a broken link, a .dvcignore inside it, no permission."""


class NeedsDvcError(ProjectError):
    """Only DVC itself can tell this, and it is not installed here or did not answer."""
