"""What DVC leaves out: ``.dvcignore`` files, git's own folder, and repositories inside this one.

As dvc/ignore.py: the patterns of each ``.dvcignore`` from the root down are moved to the root and
joined, the last that matches decides, and what is below an ignored folder is ignored. The patterns
themselves are translated by pathspec, which DVC uses too; for mere names it is not imported.
"""

import os
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dvcstate.documents import reader
from dvcstate.errors import FileError
from dvcstate.glob_regex import limit_backtracking

IGNORE_FILE = ".dvcignore"
MAX_BYTES = 2**20
# More takes seconds, in DVC as here.
MAX_LINES = 10_000
_MAX_STARS = 4
# What pathspec makes of `/**`.
_DEEP = {"gap": "(?:/.+)?", "shortest_gap": "(?:/.+?)??", "gap_end": "(?=/)"}
# `__pycache__/`, `*.pyc`, `.partial-*`: what most files have. pathspec is not imported for them.
_PLAIN = re.compile(r"(?:[\w.-]+\*?[\w.-]*|\*[\w.-]+)/?")
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")  # pathspec's (?P<ps_d>/), once in each pattern


class _Rule(NamedTuple):
    text: str
    ignores: bool
    folders_only: bool
    regex: re.Pattern[str]

    def matches(self, name: str, is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        return bool(self.regex.match(name) or (is_folder and self.regex.match(name + "/")))


class _Rules:
    """Rules in the order in which they were written; names are posix paths from the root."""

    def __init__(self, rules: tuple[_Rule, ...]) -> None:
        self.rules = rules
        self._joined: tuple[re.Pattern[str], re.Pattern[str]] | None = None
        if all(rule.ignores for rule in rules):  # then the order does not matter, one search does
            self._joined = (_join(r for r in rules if not r.folders_only), _join(rules))

    def ignore(self, name: str, is_folder: bool) -> bool:
        """Whether ``name`` is ignored, if the folders above it are not."""
        if self._joined is not None:
            regex = self._joined[is_folder]
            return bool(regex.match(name) or (is_folder and regex.match(name + "/")))
        rule = self.last_match(name, is_folder)
        return rule is not None and rule.ignores

    def last_match(self, name: str, is_folder: bool) -> _Rule | None:
        """The rule that decides."""
        return next((rule for rule in reversed(self.rules) if rule.matches(name, is_folder)), None)


class DvcIgnore:
    """The ignore rules of one repository, each file of them read when it is first needed."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._prefix = os.path.join(root, "")
        self._rules: dict[str, _Rules] = {}
        self._subrepos: dict[str, bool] = {root: False}
        self._folders: dict[tuple[str, bool], bool] = {}

    def covers(self, folder: str) -> bool:
        """Whether the rules reach ``folder`` at all: it is the root or below it."""
        return folder == self.root or folder.startswith(self._prefix)

    def restricts(self, folder: str) -> bool:
        """Whether any ``.dvcignore`` says something about the entries of ``folder``."""
        return self.covers(folder) and self.rules(folder) is not _DEFAULT_RULES

    def rules_key(self, folder: str) -> bytes:
        """Bytes that differ where the rules for ``folder`` differ; empty without a .dvcignore."""
        if not self.restricts(folder):
            return b""
        return "\n".join(rule.text for rule in self.rules(folder).rules).encode("utf-8", "replace")

    def file_test(self, folder: str) -> Callable[[str], bool] | None:
        """Says of a file's posix path below ``folder`` whether it is ignored; None: none is.

        The folders above the file are known not to be ignored.
        """
        if not self.restricts(folder):
            return None
        rules = self.rules(folder)
        below = folder[len(self._prefix) :].replace(os.sep, "/")
        prefix = f"{below}/" if below else ""
        return lambda name: rules.ignore(prefix + name, False)

    def ignores(self, path: str, is_folder: bool, subrepos: bool = True) -> bool:
        """Whether DVC leaves out ``path`` (absolute); the root never."""
        if not path.startswith(self._prefix):
            return False
        if is_folder and (path, subrepos) in self._folders:
            return self._folders[path, subrepos]
        parent = os.path.dirname(path)
        ignored = (
            (parent != self.root and self.ignores(parent, True, subrepos))
            or (subrepos and is_folder and self.is_subrepo(path))
            or self.rules(parent).ignore(self._name(path), is_folder)
        )
        if is_folder:
            self._folders[path, subrepos] = ignored
        return ignored

    def rules(self, folder: str) -> _Rules:
        """The rules for the entries of ``folder``, which is the root or below it."""
        known = self._rules.get(folder)
        if known is not None:
            return known
        above = _DEFAULT_RULES if folder == self.root else self.rules(os.path.dirname(folder))
        path = os.path.join(folder, IGNORE_FILE)
        rules = above
        if os.path.lexists(path) and not self._is_ignored_by(above, path):
            added = _read(path, "" if folder == self.root else self._name(folder))
            rules = _Rules(above.rules + tuple(added)) if added else above
        self._rules[folder] = rules
        return rules

    def _name(self, path: str) -> str:
        return path[len(self._prefix) :].replace(os.sep, "/")

    def _is_ignored_by(self, rules: _Rules, path: str) -> bool:
        parts = self._name(path).split("/")
        return any(
            rules.ignore("/".join(parts[:depth]), depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    def is_subrepo(self, folder: str) -> bool:
        """A folder with a ``.dvc`` in it is a repository of its own."""
        known = self._subrepos.get(folder)
        if known is None:
            known = self._subrepos[folder] = os.path.lexists(os.path.join(folder, ".dvc"))
        return known

    def ignoring_rule(self, path: str, is_folder: bool) -> str | None:
        """The pattern because of which an out at ``path`` is an error; None if there is none."""
        if not self.ignores(path, is_folder):
            return None
        rules = self.rules(os.path.dirname(path))
        parts = self._name(path).split("/")
        for depth in range(1, len(parts) + 1):
            rule = rules.last_match("/".join(parts[:depth]), is_folder or depth < len(parts))
            if rule is not None and rule.ignores:
                return rule.text
        return "a repository inside this one"


def _join(rules: Iterable[_Rule]) -> re.Pattern[str]:
    patterns = [f"(?:{_NAMED_GROUP.sub('(?:', rule.regex.pattern)})" for rule in rules]
    return re.compile("|".join(patterns) or "(?!)")


def _read(path: str, folder: str) -> list[_Rule]:
    """The rules in one .dvcignore, moved from ``folder`` to the root."""
    shown = f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE
    lines = reader.read_text(path, shown, MAX_BYTES).split("\n")
    if len(lines) > MAX_LINES:
        raise FileError(
            f"has more than {MAX_LINES:,} lines", "write fewer, broader patterns", path=shown,
            line=MAX_LINES + 1,
        )  # fmt: skip
    rules: list[_Rule] = []
    for number, line in enumerate(map(str.strip, lines), 1):
        rule = _compile(line, shown, number) if line and not line.startswith("#") else None
        if rule is not None and folder:
            rule = _compile(move_to_root(rule.text, folder), shown, number)
        if rule is not None:
            rules.append(rule)
    return rules


def _compile(pattern: str, shown: str, number: int) -> _Rule | None:
    if _PLAIN.fullmatch(pattern):
        return _plain_rule(pattern)
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # 30 ms to import

    try:
        regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(pattern)
    except ValueError:
        raise FileError(
            f"the pattern {pattern!r} cannot be read", "mend or delete it", path=shown, line=number
        ) from None
    if regex is None or ignores is None:
        return None
    if "[" in pattern and pattern.count("*") > _MAX_STARS:
        raise FileError(
            f"the pattern {pattern!r} has so many stars and a bracket that DVC would try for hours",
            "write a pattern with fewer stars", path=shown, line=number,
        )  # fmt: skip
    # It looks for the text of a star, which inside of brackets is none: [^/]*] is a class.
    regex = regex if "[" in pattern else limit_backtracking(regex, **_DEEP)
    return _Rule(pattern, ignores, pattern.endswith("/"), re.compile(regex))


def move_to_root(pattern: str, folder: str) -> str:
    """As dvc/pathspec_math.py: ``*.log`` in ``data`` becomes ``data/**/*.log`` in the root."""
    negated, pattern = pattern.startswith("!"), pattern.removeprefix("!")
    anchored = "/" in pattern[:-1] and not pattern.startswith("**/")
    pattern = pattern.removeprefix("/" if anchored else "**/")
    pattern = pattern.removeprefix("\\")
    moved = f"/{folder}/{pattern}" if anchored else f"/{folder}/**/{pattern}"
    return f"!{moved}" if negated else moved.removeprefix("/")


def _plain_rule(pattern: str) -> _Rule:
    """The rule of a name with at most one star in it, as pathspec translates it."""
    name = re.escape(pattern.rstrip("/")).replace(r"\*", "[^/]*")
    folders_only = pattern.endswith("/")
    regex = f"^(?:.+/)?{name}/" if folders_only else f"^(?:.+/)?{name}(?:/|$)"
    return _Rule(pattern, True, folders_only, re.compile(regex))


# dvc/ignore.py, DvcIgnorePatterns: what DVC ignores in any repository.
_DEFAULT_RULES = _Rules(tuple(map(_plain_rule, (".hg/", ".git/", ".git", ".dvc/"))))
