"""Gaps in the stages' code: what is cut out of the reference, and whether it is still open."""

import ast
import functools
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from workshop.course.manifest import LESSONS_DIR, CourseError

MANIFEST = "workshop/lessons/gaps.toml"
GAPS = "gaps"
"""The id under which a report has them."""


BEFORE = "train"
"""The lesson whose stage is the first to run code that has gaps."""


@dataclass(frozen=True)
class Gap:
    """A part of ``function`` in ``file``; lessons/gaps.toml says what its texts are for."""

    id: str
    file: str
    function: str
    write: str
    ask: str
    look: str
    statement: str = ""

    @property
    def message(self) -> str:
        """What is raised in its place."""
        return f"{self.id}: {self.write}"


@functools.cache
def _document() -> Mapping[str, Any]:
    try:
        return tomllib.loads((LESSONS_DIR / "gaps.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(f"{MANIFEST} cannot be read: {error}") from None


@functools.cache
def gaps() -> tuple[Gap, ...]:
    """All of them, read once; a CourseError where the manifest is not what it should be."""
    try:
        return tuple(Gap(**table) for table in _document()["gap"])
    except (TypeError, KeyError) as error:
        raise CourseError(f"{MANIFEST}: {error}") from None


def code_fixes() -> Mapping[str, Sequence[str]]:
    """What mends each code in general, as in the course."""
    fixes: Mapping[str, Sequence[str]] = _document()["code"]
    return fixes


def page() -> str:
    """The text of the gaps, for the folder of the lessons."""
    rows = "\n".join(
        f"| {gap.id} | `{gap.file}` | `{gap.function}` | {gap.write} |" for gap in gaps()
    )
    return f"""\
# Gaps in the code

Parts of the stages' code are left for you to write. Fill them before the lesson `{BEFORE}`, which
runs them first. In the place of each stands `raise NotImplementedError`, with what to write.

| gap | file | function | write |
|---|---|---|---|
{rows}

`grader check` says which are open. It runs none of your code unless you ask for that:

    grader check --lesson {GAPS} --run-code

This calls your functions with a few inputs, in this environment, and says what it expected and what
came. More than one way is right. `grader hint {GAPS}.{gaps()[0].id}` asks a question, then says
where to look, then shows one way to write it.

Commit what you have written: git keeps the code.
"""


def cut_out(text: str, gap: Gap) -> str:
    """The code ``text`` with the gap: its docstring stays, and what is to be written is said."""
    lines = text.splitlines(keepends=True)
    first, last = _span(text, gap)
    indent = " " * (len(lines[first - 1]) - len(lines[first - 1].lstrip()))
    raised = (
        f"{indent}raise NotImplementedError(\n{indent}    {json.dumps(gap.message)}\n{indent})\n"
    )
    return "".join([*lines[: first - 1], raised, *lines[last:]])


def gap_lines(text: str, gap: Gap) -> Sequence[str]:
    """The lines of the reference code ``text`` that the gap leaves out."""
    first, last = _span(text, gap)
    return text.splitlines()[first - 1 : last]


def is_open(text: str, gap: Gap) -> bool:
    """Whether nothing is written in the gap of the code ``text``, or its function is gone.

    A SyntaxError where that is no Python.
    """
    function = _function(text, gap)
    return function is None or any(_raises(node, gap) for node in ast.walk(function))


def open_line(text: str, gap: Gap) -> int | None:
    """The line of an open gap; None where the function is gone."""
    function = _function(text, gap)
    raised = (node for node in ast.walk(function) if _raises(node, gap)) if function else ()
    return next((node.lineno for node in raised), None)


def _raises(node: ast.AST, gap: Gap) -> TypeGuard[ast.Raise]:
    """Whether it raises what stands in the gap; another NotImplementedError is no gap."""
    if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
        return False
    texts = [word.value for word in node.exc.args if isinstance(word, ast.Constant)]
    return any(str(text).startswith(f"{gap.id}:") for text in texts)


def _span(text: str, gap: Gap) -> tuple[int, int]:
    """The first and the last line; a CourseError where the reference has no such part."""
    function = _function(text, gap)
    statements = list(_statements(function, gap)) if function else []
    if not statements:
        raise CourseError(f"{MANIFEST}: {gap.file} has no {gap.function} with that gap")
    return statements[0].lineno, statements[-1].end_lineno or statements[-1].lineno


def _function(text: str, gap: Gap) -> ast.FunctionDef | None:
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    return next((node for node in functions if node.name == gap.function), None)


def _statements(function: ast.FunctionDef, gap: Gap) -> Iterator[ast.stmt]:
    """The statements of the gap: those that call what it names, else all below the docstring."""
    body = function.body[1 if ast.get_docstring(function) else 0 :]
    for statement in body:
        if not gap.statement or gap.statement in set(_names(statement)):
            yield statement


def _names(statement: ast.stmt) -> Iterator[str]:
    """What is called in it, without the modules before it: ``Dropout``."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
