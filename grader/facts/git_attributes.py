"""What ``.gitattributes`` at HEAD make of the files in a clone: other bytes than git has.

Rules: https://git-scm.com/docs/gitattributes
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dulwich.attrs import AttributeValue, Pattern, parse_git_attributes
from dulwich.wildmatch import MalformedPattern

from grader.facts.git import Blob, Git

FILE = ".gitattributes"
# In a text of such files, what may change bytes: not text=auto, -text, !text and eol=lf.
_MAY_CHANGE = re.compile(
    rb"eol=crlf|(?<![-!\w])(?:text|ident)(?=\s|$)|(?:working-tree-encoding|filter)=", re.MULTILINE
)
_CHANGING = {b"eol", b"text", b"ident", b"working-tree-encoding", b"filter"}
_MACRO = b"[attr]"
_BUILT_IN = {b"binary": {b"text": False}}
# "$Id$" and, as a clone has it, "$Id: 2c1a… $"
_IDENT = re.compile(rb"\$Id(?::[^$\n]*)?\$")
# git-lfs is installed for a user, and clones have its files.
_KNOWN_FILTERS = (b"lfs",)
_UTF_8 = (b"utf-8", b"utf8")


@dataclass(frozen=True)
class AttributeLine:
    """A line of a ``.gitattributes``, by its path from the root of git; lines count from 1."""

    file: str
    number: int
    text: str

    def without(self, names: Iterable[str]) -> str:
        """The text of the line without these attributes; empty where none is left."""
        pattern, *words = self.text.split()
        kept = [word for word in words if word.partition("=")[0] not in names]
        return " ".join([pattern, *kept]) if kept else ""


@dataclass(frozen=True)
class CloneChange:
    """What a clone has in place of the blob of git: the attribute, and the line that sets it."""

    attribute: str
    line: AttributeLine
    blob: bytes
    content: bytes


_Values = Mapping[bytes, AttributeValue]


@dataclass
class GitAttributes:
    """The attributes of paths, by the texts of all ``.gitattributes`` by path from git's root."""

    files: Mapping[str, bytes]
    _rules: list[tuple[Pattern, _Values, AttributeLine]] = field(default_factory=list)
    _macros: dict[bytes, _Values] = field(default_factory=lambda: dict(_BUILT_IN))

    def __post_init__(self) -> None:
        if self.may_change_bytes:
            for file in sorted(self.files, key=lambda path: path.count("/")):
                self._rules += self._parse(file)

    @property
    def may_change_bytes(self) -> bool:
        """Whether any line is such that bytes of a clone may differ."""
        return any(map(_MAY_CHANGE.search, self.files.values()))

    def _parse(self, file: str) -> Iterator[tuple[Pattern, _Values, AttributeLine]]:
        base = file.removesuffix(FILE).rstrip("/").encode()
        for number, text in enumerate(self.files[file].splitlines(), 1):
            shown = AttributeLine(file, number, text.decode("utf-8", "replace").strip())
            for pattern, values in parse_git_attributes(iter([text])):  # type: ignore[arg-type]
                if pattern.startswith(_MACRO):
                    self._macros[pattern.removeprefix(_MACRO)] = values
                    continue
                try:
                    yield Pattern(pattern, base), values, shown
                except MalformedPattern:  # git takes it for a pattern of nothing
                    continue

    def of(self, path: str) -> dict[bytes, tuple[AttributeValue, AttributeLine]]:
        """Each attribute of ``path`` with the line that sets it: of several the last one."""
        name = path.encode("utf-8", "surrogateescape")
        found: dict[bytes, tuple[AttributeValue, AttributeLine]] = {}
        for pattern, values, line in self._rules:
            if pattern.match(name):
                for key, value in values.items():
                    macro = self._macros.get(key, {}) if value is True else {}
                    found |= {each: (macro[each], line) for each in macro}
                    found[key] = value, line
        return found

    def changes(self, git: Git, files: Mapping[str, Blob], largest: int) -> dict[str, CloneChange]:
        """What a clone has otherwise of ``files``, but for those of more bytes than ``largest``."""
        oids = {
            path: blob.oid
            for path, blob in files.items()
            if blob.size <= largest and not _CHANGING.isdisjoint(self.of(path))
        }
        known = git.contents(oids.values())
        found = {p: self._change(p, oid, known[oid]) for p, oid in oids.items() if oid in known}
        return {path: change for path, change in found.items() if change}

    def _change(self, path: str, oid: str, blob: bytes) -> CloneChange | None:
        """What a clone gets of a file in place of ``blob``; None where it is the same."""
        values = self.of(path)
        content, reason = blob, None
        if _value(values, b"ident") is True:
            new = _IDENT.sub(b"$Id: %b $" % oid.encode(), content)
            content, reason = new, reason or (new != content and b"ident")
        eol, text = _value(values, b"eol"), _value(values, b"text")
        if eol == b"crlf" and _is_text(text, content):
            new = re.sub(rb"(?<!\r)\n", b"\r\n", content)
            content, reason = new, reason or (new != content and b"eol")
        encoding = _value(values, b"working-tree-encoding")
        if isinstance(encoding, bytes) and encoding.lower() not in _UTF_8:
            new = _encoded(content, encoding)
            content, reason = new, reason or (new != content and b"working-tree-encoding")
        driver = _value(values, b"filter")
        if isinstance(driver, bytes) and driver not in _KNOWN_FILTERS:
            reason = reason or b"filter"
        if reason:
            return CloneChange(reason.decode(), values[reason][1], blob, content)
        if text is True and eol is None and b"\0" in blob and re.search(rb"(?<!\r)\n", blob):
            new = re.sub(rb"(?<!\r)\n", b"\r\n", blob)
            return CloneChange("text", values[b"text"][1], blob, new)  # by git on Windows
        return None


def _value(
    values: Mapping[bytes, tuple[AttributeValue, AttributeLine]], name: bytes
) -> AttributeValue:
    return values[name][0] if name in values else None


def _is_text(text: AttributeValue, content: bytes) -> bool:
    """Whether git turns the ends of lines: with ``eol`` alone a file is a text too."""
    if text == b"auto":
        return b"\0" not in content and b"\r" not in content
    return text is not False


def _encoded(content: bytes, encoding: bytes) -> bytes:
    try:
        return content.decode("utf-8").encode(encoding.decode("ascii"))
    except (UnicodeError, LookupError):  # git writes it as it is, and says so
        return content
