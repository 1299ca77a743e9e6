"""What DVC leaves out: ``.dvcignore`` files, git's own folder, and repositories inside this one.

As dvc/ignore.py: the patterns of each ``.dvcignore`` from the root down are moved to the root and
joined, the last that matches decides, and what is below an ignored folder is ignored. The patterns
themselves are translated by pathspec, which DVC uses too; it is imported only where there are any.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from workshop.project.errors import FileError

IGNORE_FILE = ".dvcignore"
_UNNAMED = re.compile(r"\(\?P<\w+>")
_DEFAULTS = (".hg/", ".git/", ".git", ".dvc/")


@dataclass(frozen=True)
class _Rule:
    text: str
    ignores: bool
    folders_only: bool
    regex: re.Pattern[str]


class DvcIgnore:
    """The ignore rules of one repository, each file of them read when it is first needed."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._prefix = os.path.join(root, "")
        self._defaults = tuple(_Rule(t, True, t.endswith("/"), _default(t)) for t in _DEFAULTS)
        self._rules: dict[str, tuple[_Rule, ...]] = {}
        self._subrepos: dict[str, bool] = {root: False}

    def covers(self, folder: str) -> bool:
        """Whether the rules reach ``folder`` at all: it is the root or below it."""
        return folder == self.root or folder.startswith(self._prefix)

    def restricts(self, folder: str) -> bool:
        """Whether any ``.dvcignore`` says something about the entries of ``folder``."""
        return self.covers(folder) and self.rules(folder) is not self._defaults

    def rules_key(self, folder: str) -> bytes:
        """Bytes that differ where the rules for ``folder`` differ; empty without a .dvcignore."""
        if not self.restricts(folder):
            return b""
        return "\n".join(rule.text for rule in self.rules(folder)).encode("utf-8", "replace")

    def file_test(self, folder: str) -> Callable[[str], bool] | None:
        """Tells of a file's posix path below ``folder`` whether it is ignored; None: none is.

        The folders above the file are known not to be ignored.
        """
        if not self.restricts(folder):
            return None
        rules = [rule for rule in self.rules(folder) if not rule.folders_only]
        below = folder[len(self._prefix) :].replace(os.sep, "/")
        prefix = f"{below}/" if below else ""
        if all(rule.ignores for rule in rules):
            joined = re.compile(
                "|".join(f"(?:{_UNNAMED.sub('(?:', r.regex.pattern)})" for r in rules)
            )
            return lambda name: joined.match(prefix + name) is not None
        return lambda name: _matches(tuple(rules), prefix + name, False)

    def ignores(self, path: str, is_folder: bool, subrepos: bool = True) -> bool:
        """Whether DVC leaves out ``path`` (absolute); the root never."""
        if not path.startswith(self._prefix):
            return False
        rules = self.rules(os.path.dirname(path))
        parts = path[len(self._prefix) :].replace(os.sep, "/").split("/")
        if subrepos and self._in_subrepo(parts, is_folder):
            return True
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            if _matches(rules, name, is_folder or depth < len(parts)):
                return True
        return False

    def rules(self, folder: str) -> tuple[_Rule, ...]:
        """The rules for the entries of ``folder``, which is the root or below it."""
        known = self._rules.get(folder)
        if known is not None:
            return known
        above = self._defaults if folder == self.root else self.rules(os.path.dirname(folder))
        path = os.path.join(folder, IGNORE_FILE)
        rules = above
        relative = "" if folder == self.root else folder[len(self._prefix) :]
        if os.path.lexists(path) and not self._covered_by(above, relative):
            rules = above + tuple(_read(path, relative.replace(os.sep, "/")))
        self._rules[folder] = rules
        return rules

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
        parts = path[len(self._prefix) :].replace(os.sep, "/").split("/")
        for depth in range(1, len(parts) + 1):
            rule = _last_match(rules, "/".join(parts[:depth]), is_folder or depth < len(parts))
            if rule is not None and rule.ignores:
                return rule.text
        return "a repository inside this one"

    def _covered_by(self, rules: tuple[_Rule, ...], relative: str) -> bool:
        parts = (
            [*relative.replace(os.sep, "/").split("/"), IGNORE_FILE] if relative else [IGNORE_FILE]
        )
        return any(
            _matches(rules, "/".join(parts[:depth]), depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    def _in_subrepo(self, parts: list[str], is_folder: bool) -> bool:
        folders = parts if is_folder else parts[:-1]
        path = self.root
        for part in folders:
            path = os.path.join(path, part)
            if self.is_subrepo(path):
                return True
        return False


def _matches(rules: tuple[_Rule, ...], name: str, is_folder: bool) -> bool:
    rule = _last_match(rules, name, is_folder)
    return rule is not None and rule.ignores


def _last_match(rules: tuple[_Rule, ...], name: str, is_folder: bool) -> _Rule | None:
    for rule in reversed(rules):
        if rule.folders_only and not is_folder:
            continue
        if rule.regex.match(name) or (is_folder and rule.regex.match(name + "/")):
            return rule
    return None


def _default(pattern: str) -> re.Pattern[str]:
    name = re.escape(pattern.rstrip("/"))
    return re.compile(f"^(?:.+/)?{name}/" if pattern.endswith("/") else f"^(?:.+/)?{name}(?:/|$)")


def _read(path: str, folder: str) -> list[_Rule]:
    """The rules in one .dvcignore, moved from ``folder`` to the root."""
    shown = f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"cannot be read: {error}", "save it as UTF-8 text", path=shown) from None
    patterns = [line for line in lines if line and not line.startswith("#")]
    rules = [_compiled(pattern, shown, number) for number, pattern in enumerate(patterns, 1)]
    if folder:
        rules = [
            _compiled(_moved(rule.text, folder), shown, number)
            for number, rule in enumerate(rules, 1)
            if rule is not None
        ]
    return [rule for rule in rules if rule is not None]


def _compiled(pattern: str, shown: str, number: int) -> _Rule | None:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # only where it is needed

    try:
        regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(pattern)
    except ValueError:
        raise FileError(
            f"the pattern {pattern!r} cannot be read", "mend or delete it", path=shown, line=number
        ) from None
    if regex is None or ignores is None:
        return None
    return _Rule(pattern, ignores, pattern.endswith("/"), re.compile(regex))


def _moved(pattern: str, folder: str) -> str:
    """As dvc/pathspec_math.py: ``*.log`` in ``data`` becomes ``data/**/*.log`` in the root."""
    negated, pattern = pattern.startswith("!"), pattern.removeprefix("!")
    anchored = "/" in pattern[:-1] and not pattern.startswith("**/")
    pattern = pattern.removeprefix("/" if anchored else "**/")
    pattern = pattern.removeprefix("\\")
    moved = f"/{folder}/{pattern}" if anchored else f"/{folder}/**/{pattern}"
    return f"!{moved}" if negated else moved.removeprefix("/")
