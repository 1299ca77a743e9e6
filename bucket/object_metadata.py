"""What the server knows of an object, and what a listing asks for and gives."""

import mimetypes
from dataclasses import dataclass


@dataclass(frozen=True)
class ObjectMetadata:
    """An object: ``md5`` and ``crc32c`` in base64, ``generation`` in microseconds since 1970."""

    name: str
    path: str
    size: int
    generation: int
    md5: str
    crc32c: str

    @property
    def content_type(self) -> str:
        """Guessed from the name, for browsers: the server stores none."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(frozen=True)
class ListQuery:
    """A listing of names from ``start`` on that come before ``end``, if these are given.

    Names that have the ``delimiter`` after their ``prefix`` are listed as the part up to it.
    """

    prefix: str
    delimiter: str
    start: str
    end: str
    limit: int

    def prefix_of(self, name: str) -> str | None:
        """What a listing shows in place of the name; None where it shows the name itself."""
        end = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return None if end < 0 else name[: end + len(self.delimiter)]

    def has(self, name: str, after: str) -> bool:
        """Whether the listing shows the name, and that after ``after``, which it showed last."""
        inside = name.startswith(self.prefix) and name >= self.start
        return inside and (self.prefix_of(name) or name) > after

    def may_have_below(self, folder: str, after: str) -> bool:
        """Whether it may have a name that begins with ``folder``, which ends in a slash."""
        if self.prefix_of(after) == after and folder.startswith(after):
            return False  # the prefix ``after`` stands for all of them
        is_near = folder.startswith(self.prefix) or self.prefix.startswith(folder)
        return is_near and (folder > after or after.startswith(folder))


@dataclass(frozen=True)
class ListPage:
    """Part of a listing; the next part begins after ``after``, which is None at the end."""

    items: list[ObjectMetadata]
    prefixes: list[str]
    after: str | None
