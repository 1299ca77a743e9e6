"""What the bucket server is told to do, and why it may not start."""

from dataclasses import dataclass
from pathlib import Path

from dvcstate.errors import ProjectError
from workshop import endpoints

COMMAND = endpoints.BUCKET_COMMAND


class BucketError(ProjectError):
    """The server cannot start: ``problem`` says why, ``fix`` what to type."""


@dataclass(frozen=True)
class Options:
    """What the command line says.

    ``raw`` is offered as it lies there, ``posters`` are copied first; either may be None.
    """

    host: str
    port: int
    folder: Path
    name: str
    raw: Path | None
    posters: Path | None
