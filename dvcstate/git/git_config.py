"""A git config file as dulwich reads it, which DVC asks; git itself says otherwise in places.

To dulwich ``yes`` is no truth value, ``includeIf`` of a user's own config never holds but for
``hasconfig:``, and a line that it cannot read ends DVC with an error. A parser of git's own
rules would agree with git, and then not with DVC.
"""

import fnmatch
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dvcstate.documents import regular_file
from dvcstate.errors import FileError

MAX_BYTES = 2**20
_MAX_DEPTH = 10
_MAX_STARS = 12
_ESCAPES = {b"n"[0]: b"\n", b"t"[0]: b"\t", b"b"[0]: b"\b", b'"'[0]: b'"', b"\\"[0]: b"\\"}
_NAME = re.compile(rb"[A-Za-z0-9-]*\Z")
_SECTION_NAME = re.compile(rb"[A-Za-z0-9.-]*\Z")

Section = tuple[bytes, ...]
Values = dict[Section, dict[bytes, bytes]]
"""By section (its name in lower case, then the name in quotes) and key (in lower case)."""


@dataclass(frozen=True)
class Conditions:
    """What ``includeIf`` is judged by: the folder ``.git`` and the branch."""

    git_dir: str
    branch: str | None


def read(path: Path, conditions: Conditions | None = None) -> Values:
    """The settings in ``path`` and all that it includes; none where there is no such file."""
    try:
        content = regular_file.read(path, MAX_BYTES)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(
            f"cannot be read as git's config: {error.strerror}", "put a git config file there",
            path=str(path),
        ) from None  # fmt: skip
    return _File(str(path), conditions, set(), 0).parsed(content)


class _File:
    """One file on its way to be read."""

    def __init__(
        self, path: str, conditions: Conditions | None, included: set[str], depth: int
    ) -> None:
        self.path = path
        self.conditions = conditions
        self.included = set(included)
        self.depth = depth
        self.values: Values = {}

    def parsed(self, content: bytes) -> Values:
        section: Section | None = None
        for number, line in _logical_lines(content.removeprefix(b"\xef\xbb\xbf")):
            try:
                if line.startswith(b"["):
                    section, line = _header(line)
                    self.values.setdefault(section, {})
                if not _without_comment(line).strip():
                    continue
                if section is None:
                    raise ValueError("a setting without a [section] above it")
                self._set(section, line)
            except ValueError as error:
                raise FileError(
                    f"DVC cannot read this git config: {error}", "mend or delete that line",
                    path=self.path, line=number,
                ) from None  # fmt: skip
        return self.values

    def _set(self, section: Section, line: bytes) -> None:
        name, equals, raw = line.partition(b"=")
        name = name.strip()
        if not _NAME.match(name):
            raise ValueError(f"{name.decode('utf-8', 'replace')!r} is no name of a setting")
        value = _value(raw) if equals else b"true"
        self.values[section][name.lower()] = value
        conditional = len(section) > 1 and section[0] == b"includeif"
        if name != b"path" or not (section[0] == b"include" or conditional):
            return
        if not conditional or self._holds(section[1].decode("utf-8", "replace")):
            self._include(value.decode("utf-8", "replace"))

    def _include(self, name: str) -> None:
        path = os.path.join(os.path.dirname(self.path), os.path.expanduser(name))
        try:
            real = os.path.realpath(path)
            if real in self.included:
                return
            content = regular_file.read(path, MAX_BYTES)
        except regular_file.OddFileError as error:
            if error.strerror == "is a folder":  # what cannot be opened is passed over
                return
            raise FileError(f"{error.strerror}, and a git config includes it", "take it out",
                            path=path) from None  # fmt: skip
        except (OSError, ValueError):
            return
        self.included.add(real)
        if self.depth >= _MAX_DEPTH:
            raise ValueError(f"more than {_MAX_DEPTH} files include one another")
        inner = _File(path, self.conditions, self.included, self.depth + 1).parsed(content)
        for section, values in inner.items():
            self.values.setdefault(section, {}).update(values)

    def _holds(self, condition: str) -> bool:
        kind, _, pattern = condition.partition(":")
        if self.conditions and kind in ("gitdir", "gitdir/i"):
            return _in_folder(self.conditions.git_dir, pattern, ignore_case=kind == "gitdir/i")
        if self.conditions and kind == "onbranch":
            branch = self.conditions.branch
            return branch is not None and _globbed(branch, pattern)
        key, colon, pattern = pattern.partition(":")
        if kind != "hasconfig" or not colon:
            return False
        return any(_globbed(value, pattern) for value in self._having(key))

    def _having(self, key: str) -> Iterator[str]:
        """The values so far of ``core.editor``, or of ``remote.*.url`` in any remote."""
        parts = key.encode().split(b".", 2)
        if len(parts) < 2:
            return
        name = parts[-1].lower()
        for section, values in self.values.items():
            if len(parts) == 3 and parts[1] == b"*":
                named = len(section) == 2 and section[0] == parts[0]
            else:
                named = section == (parts[0].lower(), *parts[1:-1])
            if named and name in values:
                yield values[name].decode("utf-8", "replace")


def _logical_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each setting on one line, a backslash at the end of a line undone, and the line's number."""
    pending, start = b"", 0
    for number, line in enumerate(re.findall(rb"[^\n]*\n|[^\n]+", content), 1):
        line = line.lstrip()
        start = start if pending else number
        goes_on = re.search(rb"(?<!\\)(?:\\\\)*\\\r?\n\Z", line)
        if goes_on and (pending or _is_assignment(line)):
            pending += line[: line.rindex(b"\\")]
            continue
        yield start, pending + line
        pending = b""


def _is_assignment(line: bytes) -> bool:
    return not line.startswith(b"[") and b"=" in line and bool(_without_comment(line).strip())


def _header(line: bytes) -> tuple[Section, bytes]:
    """The section that a line opens, and what follows on the same line."""
    line = _without_comment(line).rstrip()
    match = re.match(rb'\[((?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*)\]', line, re.DOTALL)
    if match is None:
        raise ValueError("expected a ']' at the end of [section")
    name, space, quoted = match[1].partition(b" ")
    if space:
        quoted = quoted.strip() if name == b"includeIf" else quoted
        if len(quoted) > 1 and quoted[:1] == quoted[-1:] == b'"':
            quoted = re.sub(rb"\\(.)", rb"\1", quoted[1:-1], flags=re.DOTALL)
        elif name != b"includeIf":
            raise ValueError("expected the second part of a [section] in quotes")
    if not _SECTION_NAME.match(name):
        raise ValueError(f"{name.decode('utf-8', 'replace')!r} is no name of a section")
    name = name.lower() if space else name
    rest = line[match.end() :]
    if space:
        return (name, quoted), rest
    first, dot, second = name.partition(b".")
    return ((first.lower(), second) if dot else (first.lower(),)), rest


def _without_comment(line: bytes) -> bytes:
    in_quotes = False
    for index, char in enumerate(line):
        if char == b'"'[0]:
            in_quotes = not in_quotes
        elif not in_quotes and char in b"#;":
            return line[:index]
    return line


def _value(raw: bytes) -> bytes:
    result, spaces, in_quotes = bytearray(), bytearray(), False
    raw = raw.strip()
    index = 0
    while index < len(raw):
        char = raw[index : index + 1]
        index += 1
        if char == b'"':
            in_quotes = not in_quotes
        elif char in b"#;" and not in_quotes:
            break
        elif char in b" \t":
            (result if in_quotes else spaces).extend(char)
        else:
            result += spaces
            spaces.clear()
            if char == b"\\" and raw[index : index + 1] and raw[index] in _ESCAPES:
                char = _ESCAPES[raw[index]]
                index += 1
            result += char
    if in_quotes:
        raise ValueError("a quote is not closed")
    return bytes(result)


def _globbed(value: str, pattern: str) -> bool:
    """``*`` stays within a folder, ``**`` does not; nothing else is special."""
    parts = re.split(r"(\*+)", pattern)
    if len(parts) > _MAX_STARS:  # it might try for hours
        return False
    regex = "".join(
        ("[^/]*" if part == "*" else ".*") if part.startswith("*") else re.escape(part)
        for part in parts
    )
    return re.match(f"^{regex}$", value) is not None


def _in_folder(git_dir: str, pattern: str, ignore_case: bool) -> bool:
    """Whether ``gitdir:`` names the repository, by the forms of it that dulwich knows."""
    if pattern.startswith("./"):
        return False
    pattern = os.path.expanduser(pattern).replace("\\", "/")
    if not pattern.startswith(("~/", "/", "**")) and pattern[1:2] != ":":
        pattern = f"**/{pattern}"
    pattern += "**" if pattern.endswith("/") else ""
    path = git_dir.replace("\\", "/")
    if ignore_case:
        path, pattern = path.lower(), pattern.lower()
    return _matcher(pattern)(path)


def _matcher(pattern: str) -> Callable[[str], bool]:
    if pattern.startswith("**/") and pattern.endswith("/**"):
        name = pattern[3:-3]
        return lambda path: f"/{name}/" in path or path.endswith(f"/{name}")
    if pattern.startswith("**/"):
        return lambda path: pattern[3:] in path
    if pattern.endswith("/**"):
        return lambda path: path == pattern[:-3] or path.startswith(pattern[:-2])
    if pattern.count("**") == 1:
        start, _, end = pattern.partition("**")
        return lambda path: path.startswith(start) and path.endswith(end)
    if re.search(r"[*?[]", pattern):
        return lambda path: fnmatch.fnmatch(path, pattern)
    return lambda path: path == pattern


def flag(value: bytes | None, default: bool) -> bool:
    """A truth value; a ValueError where DVC would end."""
    if value is None:
        return default
    if value.lower() not in (b"true", b"false"):
        raise ValueError(f"expected true or false, got {value.decode('utf-8', 'replace')!r}")
    return value.lower() == b"true"
