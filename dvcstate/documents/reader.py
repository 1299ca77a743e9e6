"""A file of the project as plain data that DVC accepts, or a FileError with line and column."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dvcstate.documents import regular_file, schema, yaml12, yaml_positions
from dvcstate.errors import ErrorKind, FileError

# Larger is neither hand-written nor written by DVC; it would take seconds to read.
MAX_BYTES = 8 * 1024 * 1024
_MAX_VALUES = 2_000_000


def read(path: Path, shown: str, check: schema.Validator) -> dict[str, Any]:
    """The mapping in the YAML file ``path``, checked; ``shown`` is how errors name the file."""
    return parse_checked(read_bytes(path, shown, null_is_empty=False), shown, check)


def parse_checked(raw: bytes, shown: str, check: schema.Validator) -> dict[str, Any]:
    """The same of the bytes of a file."""
    text = decode(raw, shown)
    data = parse(text, shown)
    try:
        check(data, ())
    except schema.Mismatch as mismatch:
        raise _mismatch_error(mismatch, text, shown) from None
    result: dict[str, Any] = data
    return result


def read_text(path: Path | str, shown: str, at_most: int = MAX_BYTES) -> str:
    """The text of ``path`` with every line end a newline, as DVC reads it."""
    return decode(read_bytes(path, shown, at_most), shown)


def read_bytes(
    path: Path | str, shown: str, at_most: int = MAX_BYTES, null_is_empty: bool = True
) -> bytes:
    """What ``path`` holds; a FileError where it is no file that can be read whole."""
    try:
        return regular_file.read(path, at_most, null_is_empty)
    except regular_file.UnusableFileError as error:
        way_back = f"git checkout -- {shown} brings the committed one back"
        raise FileError(error.strerror, "see what wrote to it", way_back, path=shown) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise FileError(
            f"cannot be read: {why}", f"make {shown} a readable file", path=shown,
            kind=ErrorKind.NO_ACCESS,
        ) from None  # fmt: skip


def decode(raw: bytes, shown: str) -> str:
    """The UTF-8 text in ``raw`` with every line end a newline."""
    try:
        return io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8").read()
    except UnicodeDecodeError as error:
        start = raw.rfind(b"\n", 0, error.start) + 1
        raise FileError(
            "is not valid UTF-8", "save it as UTF-8 in your editor", path=shown,
            line=raw.count(b"\n", 0, error.start) + 1,
            column=len(raw[start : error.start].decode("utf-8")) + 1,
        ) from None  # fmt: skip


def parse(text: str, shown: str) -> Any:
    """The YAML document in ``text``; an empty one is ``{}``, as for DVC."""
    try:
        data = yaml12.load(text) or {}
    except yaml12.YAMLError as error:
        raise _yaml_error(error, text, shown) from None
    if _is_endless(data):
        line, column = yaml_positions.endless_alias(text, _MAX_VALUES) or (None, None)
        raise FileError(
            "an alias (*name) leads back to itself or unfolds without end",
            "write the value out instead of using an alias there",
            path=shown, line=line, column=column,
        )  # fmt: skip
    return data


def locate(error: FileError, path: Path, shown: str, keys: Sequence[object]) -> FileError:
    """The same error with the line and column in ``path`` of what ``keys`` lead to."""
    line, column = yaml_positions.of_keys(read_text(path, shown), list(keys)) or (None, None)
    return FileError.from_error(error, path=shown, line=line, column=column)


def _yaml_error(error: yaml12.YAMLError, text: str, shown: str) -> FileError:
    # "<<<<<<< HEAD", "=======", ">>>>>>> branch": what git leaves in a file after a conflict.
    marker = re.search(r"^(?:<{7}|={7}|>{7})(?: .*)?$", text, re.MULTILINE)
    if marker:
        return FileError(
            f"has an unresolved merge conflict ({marker[0].split()[0]})",
            "keep one side, delete the marker lines",
            then=f"git add {shown}",
            path=shown,
            line=text.count("\n", 0, marker.start()) + 1,
            column=1,
        )
    if isinstance(error, yaml12.DuplicateKeyError):
        lines = f"{error.first_line + 1} and {error.second_line + 1}"
        return _yaml_slip(
            error,
            shown,
            f"has the key {error.key} twice, in lines {lines}",
            f"delete one of the lines {lines}, with what belongs to it",
        )
    if _has_tab(error, text):
        return _yaml_slip(
            error,
            shown,
            "has a tab, where YAML takes spaces alone",
            "write spaces in place of the tab, as many as its neighbours have in front",
        )
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    if isinstance(error, yaml12.EndlessError):
        line, column = yaml_positions.endless_alias(text, yaml12.MAX_MERGED) or (None, None)
    return FileError(
        f"is not valid YAML: {problem}",
        "mend that line or the one above it",
        "a line has as many spaces in front as its neighbours, no + of a diff, quotes around odd"
        " values",
        f"git diff {shown} marks what you changed",
        path=shown, line=line, column=column,
    )  # fmt: skip


def _yaml_slip(error: yaml12.YAMLError, shown: str, problem: str, remedy: str) -> FileError:
    """An error of which is known what was meant."""
    mark = getattr(error, "problem_mark")  # noqa: B009 - PyYAML is not typed
    diff = f"git diff {shown} marks what you changed"
    return FileError(problem, remedy, diff, path=shown, line=mark.line + 1, column=mark.column + 1)


def _has_tab(error: yaml12.YAMLError, text: str) -> bool:
    """Whether a tab is what ``error`` is about: at its place, or in front of its line."""
    mark = getattr(error, "problem_mark", None)
    lines = text.split("\n")
    if mark is None or mark.line >= len(lines):
        return False
    line = lines[mark.line]
    return "\t" in line[: len(line) - len(line.lstrip())] or line[mark.column :][:1] == "\t"


def _mismatch_error(mismatch: schema.Mismatch, text: str, shown: str) -> FileError:
    where = ".".join(str(key) for key in mismatch.keys)
    problem = f"{mismatch.message}, in {where}" if where else mismatch.message
    line, column = yaml_positions.of_keys(text, list(mismatch.keys)) or (None, None)
    stage = ", or its spaces: two before a stage's name, four before deps and outs"
    remedies = [
        f"change that entry{stage if shown.endswith('dvc.yaml') else ''}",
        "https://doc.dvc.org/user-guide/project-structure lists what is allowed",
    ]
    if shown.endswith("dvc.lock"):
        remedies = [f"bring it back with git checkout -- {shown}, or delete it and run dvc repro"]
    return FileError(problem, *remedies, path=shown, line=line, column=column)


def _is_endless(data: Any) -> bool:
    """Aliases can make a document that contains itself, or one that unfolds without end."""
    values = 0
    pending = [data]  # a function that calls itself would end at a depth of 1,000
    while pending:
        value = pending.pop()
        values += 1
        if values > _MAX_VALUES:
            return True
        if isinstance(value, dict | list):
            pending.extend(value.values() if isinstance(value, dict) else value)
    return False
