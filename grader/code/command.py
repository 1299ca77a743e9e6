"""The command of a stage, read as a shell reads it: which programs it calls, and with what."""

import itertools
import posixpath
import re
import shlex
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import NamedTuple

_OPERATORS = re.compile(r"[;|&]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*")
_BEFORE = frozenset(
    ("env", "time", "nice", "nohup", "exec", "command", "sudo", "call", "then", "do")
)
"""Words that start the program behind them."""
_SUCCEEDING = frozenset(("true", ":", "echo", "printf"))
_RUN_NOTHING = _SUCCEEDING | frozenset(
    ("false", "#", "rem", "cat", "type", "which", "where", "less", "more", "head", "tail", "wc",
     "grep", "ls", "dir", "stat", "file", "test", "[", "touch", "cp", "mv", "rm", "ln", "diff",
     "write-output", "write-host")
)  # fmt: skip
"""Programs that show their arguments, or take them for files, and run none of them."""
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "cmd", "powershell", "pwsh"))
_SOURCES = frozenset(("source", "."))
_SHELL_SCRIPTS = (".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd")
_NOTEBOOK = ".ipynb"
_STARTERS = re.compile(
    r"(?:python[\d.]*w?|py|pypy[\d.]*|ipython[\d.]*|run)(?:\.exe)?", re.IGNORECASE
)
"""What stands before the file of a script: a Python, or the ``run`` of uv, poetry and the like."""


_PYTHON_PATH = "PYTHONPATH"
_SETTERS = frozenset(("export", "set", "setenv"))
_CURRENT_FOLDER = re.compile(r"^(?:\$PWD|\$\{PWD\}|%CD%)(?:/|$)")


class Call(NamedTuple):
    """A program that a command calls: its ``words``, and where it runs.

    ``folder`` is relative to the one that DVC runs the command in, empty for that itself; so are
    the folders of ``python_path``, as PYTHONPATH has them.
    """

    words: tuple[str, ...]
    folder: str = ""
    python_path: tuple[str, ...] = ()


class Script(NamedTuple):
    """What Python runs: the dotted name of a module, or the path of a file or folder."""

    name: str
    is_module: bool
    arguments: tuple[str, ...]


def calls(command: str | list[str] | None) -> Iterator[Call]:
    """Each program that a stage's command calls, those left out that never run."""
    for text in command_texts(command):
        yield from _calls(text)


def command_texts(command: str | list[str] | None) -> list[str]:
    """What DVC hands to a shell, one after the other.

    Each line of a text is a command of its own, whatever it ends with; an entry of a list is handed
    over whole (``_enforce_cmd_list`` in dvc/stage/run.py of DVC 3.67).
    """
    return command.splitlines() if isinstance(command, str) else [*(command or [])]


def join_lines(text: str) -> str:
    """The lines of one command, those put together that a backslash continues."""
    return text.replace("\\\n", " ")


def script(words: tuple[str, ...]) -> Script | None:
    """The Python module or file that a call runs, whichever it is."""
    is_started = False
    for at, word in enumerate(words):
        if at and words[at - 1] == "-m":
            return Script(word, True, words[at + 1 :])
        if word == "-c":
            return None
        place = word.replace("\\", "/")
        if place.endswith(".py") or (is_started and "/" in place and not place.startswith("-")):
            return Script(posixpath.normpath(place), False, words[at + 1 :])
        is_started |= bool(_STARTERS.fullmatch(place.rpartition("/")[2]))
    return None


def unread_programs(command: str | list[str] | None) -> list[str]:
    """The scripts of a shell and the notebooks that a command runs, by their paths.

    What they import and read nobody here can tell.
    """
    found = ((call.folder, _unread_program(call.words)) for call in calls(command))
    return [join(folder, path.replace("\\", "/")) for folder, path in found if path]


def _unread_program(words: tuple[str, ...]) -> str:
    """The script or the notebook of one call: of ``bash -e run.sh``, ``./run``, ``papermill``."""
    first, rest = words[0].replace("\\", "/"), [word for word in words[1:] if word[0] not in "-/"]
    notebook = next((word for word in words if word.endswith(_NOTEBOOK)), "")
    name = first.rpartition("/")[2].removesuffix(".exe")
    if notebook:
        return notebook
    if name in _SHELLS | _SOURCES:
        return rest[0] if rest else ""
    is_own = first.startswith("./") and not first.endswith(".py")
    return first if is_own or first.endswith(_SHELL_SCRIPTS) else ""


def arguments(words: tuple[str, ...], module: str, paths: Container[str]) -> tuple[str, ...] | None:
    """What a call gives to ``module``, or to one of ``paths``; None where it runs another thing."""
    for at, word in enumerate(words):
        if word == module and at > 1 and words[at - 1] == "-m":  # behind what starts Python
            return words[at + 1 :]
        place = word.replace("\\", "/").removeprefix("./").rstrip("/")
        # python -m pytest pipeline/train runs another module than the folder.
        if place in paths and (place.endswith(".py") or "-m" not in words[:at]):
            before = [program.replace("\\", "/").rpartition("/")[2] for program in words[:at]]
            if not before or any(_STARTERS.fullmatch(program) for program in before):
                return words[at + 1 :]
    return None


@lru_cache(maxsize=256)
def _calls(line: str, folder: str = "", path: tuple[str, ...] = ()) -> tuple[Call, ...]:
    found: list[Call] = []
    operator, before = "", ""
    for words in _simple_commands(line):
        if _OPERATORS.fullmatch(words[0]):
            operator = words[0]
            continue
        own, own_path = _program(words), _python_path(words, folder, path)
        name = own[0].lower() if own else ""
        never = (operator == "||" and before in _SUCCEEDING) or (
            operator == "&&" and before == "false"
        )
        if not own or name in _SETTERS:
            path = own_path
        elif name == "cd" and len(own) > 1:
            folder = join(folder, own[-1])
        elif name not in _RUN_NOTHING and not never:
            inner = _of_a_shell(own)
            found += _calls(inner, folder, own_path) if inner else [Call(own, folder, own_path)]
        operator, before = "", name
    return tuple(found)


def _python_path(words: tuple[str, ...], folder: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """The folders of PYTHONPATH where one of ``words`` sets it, else ``path``."""
    for word in words:
        name, equals, value = word.partition("=")
        if name == _PYTHON_PATH and equals:
            # "src:$PYTHONPATH"; on Windows a semicolon is between two.
            parts = [_CURRENT_FOLDER.sub("", part) or "." for part in re.split("[:;]", value)]
            return tuple(join(folder, part) for part in parts if part[0] not in "$%/~")
    return path


def join(folder: str, path: str) -> str:
    """``path`` seen from ``folder``; empty for the folder in which all begins."""
    joined = posixpath.normpath(posixpath.join(folder, _CURRENT_FOLDER.sub("", path) or "."))
    return "" if joined == "." else joined


def _simple_commands(line: str) -> Iterator[tuple[str, ...]]:
    """Each simple command, and each operator between two on its own."""
    for part in join_lines(line).splitlines():
        words: list[str] = []
        for word in _words(part):
            if _OPERATORS.fullmatch(word):
                if words:
                    yield tuple(words)
                yield (word,)
                words = []
            elif word.startswith("#"):
                break
            else:
                words.append(word)
        if words:
            yield tuple(words)
        yield (";",)


def _words(line: str) -> list[str]:
    line = re.sub(r"\\(?=\w)", "/", line)  # the paths of Windows
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>")
        lexer.whitespace_split, lexer.commenters = True, ""
        words = list(lexer)
    except ValueError:  # a quote that is not closed
        words = line.split()
    return [bare for word in words if (bare := _without_brackets(word))]


def _without_brackets(word: str) -> str:
    """Without those of a sub-shell: ``(cd x`` and ``y)``."""
    if word.startswith("(") and ")" not in word:
        return word.lstrip("(")
    return word.rstrip(")") if "(" not in word else word


def _program(words: tuple[str, ...]) -> tuple[str, ...]:
    """A call without redirections and without what only sets the stage for the program."""
    bare: list[str] = []
    skipped = False
    for word in words:
        if skipped:
            skipped = False
        elif set(word) <= set("<>&"):
            skipped = True
        else:
            bare.append(word)
    at, started = 0, False
    while at < len(bare):
        if bare[at] in _BEFORE:
            started = True
        elif not (_ASSIGNMENT.fullmatch(bare[at]) or (started and bare[at].startswith("-"))):
            break
        at += 1
    return tuple(bare[at:])


def _of_a_shell(words: tuple[str, ...]) -> str | None:
    """What ``sh -c "..."`` is given."""
    name = words[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    for option, text in itertools.pairwise(words):
        if name in _SHELLS and option.lower() in ("-c", "/c", "-lc", "-ec", "-command"):
            return text
    return None
