"""What git leaves out: DVC collects no ``.dvc`` file or ``dvc.yaml`` that git ignores.

The rules of gitignore(5) as dulwich follows them, for DVC asks dulwich. The result decides which
folders are searched for stages, so it has to be right for outs (``/model.bin`` in .gitignore) and
for ``.venv/`` alike. git matches bytes (a ``?`` is one byte of an é), so names and patterns are
bytes here, read as Latin-1.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from dvcstate.documents import regular_file
from dvcstate.errors import FileError

MAX_BYTES = 2**20
MAX_LINES = 20_000
"""More takes seconds, in DVC as here."""

_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-.0-~", "lower": "a-z", "print": " -.0-~",
    "punct": r"!-.:-@\[-`{-~", "space": r"\t\n\r ", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class Malformed(Exception):  # noqa: N818 - it never leaves this module
    """A pattern that git gives up on; it matches nothing."""


@dataclass(frozen=True)
class Pattern:
    """One line of a .gitignore."""

    excludes: bool
    folders_only: bool
    named: re.Pattern[str]
    inside: re.Pattern[str] | None

    def decides(self, name: str, is_folder: bool) -> bool:
        """Whether this line says something about the entry ``name`` itself."""
        return (is_folder or not self.folders_only) and bool(self.named.match(name))

    def reaches_inside(self, name: str) -> bool:
        """Whether this line (``folder/*``) says something about what is in the folder ``name``."""
        if self.inside is None:
            return False
        return bool(self.inside.match(f"{name}/x") or self.inside.match(f"{name}/x/"))


class GitIgnore:
    """The ignore files of one git working tree, each read when it is first needed."""

    def __init__(self, top: Path, shared: list[Path], ignore_case: bool = False) -> None:
        self._top = str(top)
        self._flags = re.ASCII | (re.IGNORECASE if ignore_case else re.NOFLAG)
        self._shared = [patterns for path in shared if (patterns := self._shared_rules(path))]
        self._by_folder: dict[str, list[Pattern]] = {}

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Whether git leaves out ``path`` (absolute)."""
        relative = os.path.relpath(path, self._top).replace(os.sep, "/")
        name = os.fsencode(relative).decode("latin-1")
        parts = name.split("/")
        for depth in range(1, len(parts)):
            parent = "/".join(parts[:depth])
            if self._excluded(parent, True, depth + 1):
                return True
        if self._excluded(name, is_folder, len(parts) + is_folder):
            return True
        return is_folder and self._excluded_inside(parts)

    def _excluded(self, name: str, is_folder: bool, levels: int) -> bool:
        """The last line that decides ``name`` excludes it; deeper files come before higher ones."""
        for relative, patterns in self._patterns_for(name.split("/"), levels):
            for pattern in reversed(patterns):
                if pattern.decides(relative, is_folder):
                    return pattern.excludes
        return False

    def _excluded_inside(self, parts: list[str]) -> bool:
        for relative, patterns in self._patterns_for(parts, len(parts) + 1):
            for pattern in reversed(patterns):
                if pattern.reaches_inside(relative):
                    return pattern.excludes
        return False

    def _patterns_for(self, parts: list[str], levels: int) -> list[tuple[str, list[Pattern]]]:
        """From the deepest .gitignore up: the path as seen from there, and its lines."""
        found = []
        for depth in range(levels - 1, -1, -1):
            patterns = self._of_folder("/".join(parts[:depth]))
            if patterns:
                found.append(("/".join(parts[depth:]), patterns))
        return found + [("/".join(parts), patterns) for patterns in reversed(self._shared)]

    def _of_folder(self, folder: str) -> list[Pattern]:
        if folder not in self._by_folder:
            name = os.fsdecode(folder.encode("latin-1"))
            path = Path(self._top, name, ".gitignore")
            # git and dulwich don't follow a .gitignore that is a link.
            shown = f"{name}/.gitignore".lstrip("/")
            self._by_folder[folder] = [] if path.is_symlink() else self._read(path, shown)
        return self._by_folder[folder]

    def _shared_rules(self, path: Path) -> list[Pattern]:
        """The rules for all folders; those that cannot be opened are passed over, as in DVC."""
        if not os.path.isdir(path) and os.access(path, os.R_OK):
            return self._read(path, str(path))
        return []

    def _read(self, path: Path, shown: str) -> list[Pattern]:
        try:
            lines = regular_file.read(path, MAX_BYTES).decode("latin-1").split("\n")
            if len(lines) > MAX_LINES:
                raise regular_file.OddFileError(f"has more than {MAX_LINES:,} lines")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            fix = "put a file of fewer, broader patterns there, or delete it"
            raise FileError(
                f"{error.strerror}; it should hold patterns of what git ignores", fix, path=shown
            ) from None
        return [p for line in lines if (p := compiled(line, self._flags))]


def compiled(line: str, flags: int = re.ASCII) -> Pattern | None:
    """The pattern in one line; None for a blank line, a comment or a pattern git refuses."""
    line = line.rstrip("\r\n")
    if not line.strip() or line.startswith("#"):
        return None
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    line = line.replace("\\ ", " ")
    excludes = not line.startswith("!")
    if not excludes or line[:2] in ("\\!", "\\#"):
        line = line[1:]
    bare = line.rstrip("/")
    if not bare:
        return None
    try:
        named = re.compile(_translated(bare), flags)
        inside = re.compile(_translated(line), flags) if bare.endswith(("/*", "/**")) else None
    except Malformed:
        return None
    return Pattern(excludes, line.endswith("/"), named, inside)


def _translated(pattern: str) -> str:
    prefix = "(?s)" + ("(?:.*/)?" if "/" not in pattern[:-1] else "")
    if pattern.startswith(("/**/", "**/")):
        prefix += "(?:.*/)?"
        pattern = pattern[4:] if pattern.startswith("/") else pattern[3:]
    elif pattern.startswith("/"):
        pattern = pattern[1:]
    return prefix + _wildmatch(pattern) + ("" if pattern.endswith("/") else "/?") + r"\Z"


def _wildmatch(pattern: str) -> str:
    """The regex. What ``**`` leaves to the next ``**`` is matched where it first fits, once.

    No later place could do better, and trying them all would take for ever where there are many.
    """
    segments: list[str] = []
    for segment in _segments(pattern):
        if not (segment == "**" and segments[-1:] == ["**"]):
            segments.append(segment)
    result, opened = "", -1
    for index, segment in enumerate(segments):
        result += "/" if index and segments[index - 1] != "**" else ""
        if segment != "**":
            result += _segment(segment)
            continue
        result, opened = _closed(result, opened)
        if not any(segments[index + 1 :]):
            return result + (".*/" if segments[index + 1 :] else ".*")
        opened = len(result)
        result += "(?:.*?/)??" if index == 0 else "(?:[^/]+/)*?"
    return result


def _closed(result: str, opened: int) -> tuple[str, int]:
    return (f"{result[:opened]}(?>{result[opened:]})" if opened >= 0 else result), -1


def _segments(pattern: str) -> list[str]:
    """Split at slashes, but not at one inside brackets."""
    if "[" not in pattern:
        return pattern.split("/")
    segments, start, index = [], 0, 0
    while index < len(pattern):
        char = pattern[index]
        if char == "\\" and index + 1 < len(pattern):
            index += 2
        elif char == "[":
            index, _ = _bracket(pattern, index + 1)
        else:
            if char == "/":
                segments.append(pattern[start:index])
                start = index + 1
            index += 1
    return [*segments, pattern[start:]]


def _segment(segment: str) -> str:
    if segment == "*":
        return "[^/]+"
    result, index, star = "", 0, -1
    while index < len(segment):
        char = segment[index]
        index += 1
        if char == "*":
            if star >= 0 and not result.endswith(
                "[^/]*"
            ):  # as with ``**``: the first place will do
                result = f"{result[:star]}(?>{result[star:].replace('[^/]*', '[^/]*?', 1)})"
            star = star if result.endswith("[^/]*") else len(result)
            result += "" if result.endswith("[^/]*") else "[^/]*"
        elif char == "?":
            result += "[^/]"
        elif char == "\\" and index < len(segment):
            result += re.escape(segment[index])
            index += 1
        elif char == "[":
            index, fragment = _bracket(segment, index)
            result += fragment
        else:
            result += re.escape(char)
    return result


def _bracket(pattern: str, index: int) -> tuple[int, str]:  # noqa: C901 - one grammar
    """The regex of the bracket expression whose ``[`` is just before ``index``, and its end."""
    negated = pattern[index : index + 1] in ("!", "^")
    index += negated
    members: list[tuple[str, str]] = []
    classes, low, first = "", "", True
    while pattern[index : index + 1] != "]" or first:
        first = False
        char = pattern[index : index + 1]
        if char == "[" and pattern[index + 1 : index + 2] == ":":
            end = pattern.find("]", index + 2)
            if end < 0:
                raise Malformed
            if pattern[end - 1] == ":" and end > index + 2:
                if pattern[index + 2 : end - 1] not in _POSIX_CLASSES:
                    raise Malformed
                classes += _POSIX_CLASSES[pattern[index + 2 : end - 1]]
                index, low = end + 1, ""
                continue
        ranged = char == "-" and low and pattern[index + 1 : index + 2] not in ("", "]")
        index += bool(ranged)
        if pattern[index : index + 1] == "\\":
            index += 1
        if index >= len(pattern):
            raise Malformed
        if ranged:
            if low <= pattern[index]:
                members[-1] = (low, pattern[index])
            low = ""
        else:
            low = pattern[index]
            members.append((low, low))
        index += 1
    body = "".join(map(_members, members)) + classes
    if negated:
        return index + 1, f"[^/{body}]"
    return index + 1, f"[{body}]" if body else "(?!)"


def _members(bounds: tuple[str, str]) -> str:
    """A range without the slash, which no bracket expression matches."""
    result = ""
    for low, high in ((bounds[0], min(bounds[1], ".")), (max(bounds[0], "0"), bounds[1])):
        if low == high:
            result += re.escape(low)
        elif low < high:
            result += f"{re.escape(low)}-{re.escape(high)}"
    return result
