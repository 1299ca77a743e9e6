"""What the code of a stage imports, reads and takes on its command line: parsed, never run."""

import ast
import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TypeVar

from grader.lessons import LessonStage

Text = Callable[[str], str | None]
Node = TypeVar("Node", bound=ast.AST)


class StageCode:
    """The module of a lesson's stage and the attendee's modules below it."""

    def __init__(self, text: Text, stage: LessonStage) -> None:
        self._text = text
        self.stage = stage

    def is_run_by(self, command: str | list[str] | None) -> bool:
        """Whether ``command`` runs the stage's module, as a module or as a file."""
        words = words_of(command)
        for before, word in zip(["", *words], words, strict=False):
            if word == self.stage.module and before == "-m":
                return True
            if word.replace("\\", "/").removeprefix("./") == self.stage.code_path:
                return True
        return False

    def imported(self) -> list[str]:
        """The paths of the attendee's own modules that run when the stage does, its own first.

        As Python finds them: a name is a module beside the others, or a package's ``__init__.py``.
        What is imported for type checkers alone does not run. Empty ``__init__.py`` are left out.
        """
        found: dict[str, None] = {}
        pending = [self.stage.code_path]
        while pending:
            path = pending.pop(0)
            text = self._text(path)
            if path in found or text is None:
                continue
            if text.strip() or not path.endswith("__init__.py"):
                found[path] = None
            pending += [p for name in _imports(text, path) for p in self._paths(name)]
        return list(found)

    def _paths(self, name: str) -> Iterator[str]:
        """The files that importing the dotted ``name`` runs: its packages', and its own."""
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            base = "/".join(parts[:length])
            for path in (f"{base}/__init__.py", f"{base}.py"):
                if self._text(path) is not None:
                    yield path
                    break

    @cached_property
    def options(self) -> Mapping[str, bool]:
        """The options that the module declares with argparse, and whether each is required."""
        found = {}
        for call in self._calls("add_argument"):
            name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else 0
            if isinstance(name, str) and name.startswith("--"):
                required = [word for word in call.keywords if word.arg == "required"]
                found[name] = bool(
                    required
                    and isinstance(required[0].value, ast.Constant)
                    and required[0].value.value
                )
        return found

    def params(self) -> list[str]:
        """The params that the module reads: ``section.key``, in the order of its code.

        From ``params.read(path, "section", Model)`` and the fields of ``Model``; and from
        ``params["section"]["key"]`` where that is how the code reads them.
        """
        found: dict[str, None] = {}
        models = self._models()
        for call in self._calls("read"):
            if len(call.args) == 3 and isinstance(call.args[1], ast.Constant):
                model = call.args[2]
                fields = models.get(model.id, []) if isinstance(model, ast.Name) else []
                found.update(dict.fromkeys(f"{call.args[1].value!s}.{field}" for field in fields))
        found.update(dict.fromkeys(self._subscripts()))
        return list(found)

    def _models(self) -> dict[str, list[str]]:
        """The annotated fields of each class in the module."""
        return {
            node.name: [
                field.target.id
                for field in node.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            ]
            for node in self._nodes(ast.ClassDef)
        }

    def _subscripts(self) -> Iterator[str]:
        for node in self._nodes(ast.Subscript):
            match node:
                case ast.Subscript(
                    value=ast.Subscript(
                        value=ast.Name(id="params"), slice=ast.Constant(value=str(section))
                    ),
                    slice=ast.Constant(value=str(key)),
                ):
                    yield f"{section}.{key}"

    def _calls(self, method: str) -> Iterator[ast.Call]:
        for node in self._nodes(ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr == method:
                yield node

    def _nodes(self, kind: type[Node]) -> list[Node]:
        text = self._text(self.stage.code_path)
        return [node for node in _walked(text) if isinstance(node, kind)] if text else []


def words_of(command: str | list[str] | None) -> list[str]:
    """The words of a stage's command, or of all of them where it has several."""
    lines = [command] if isinstance(command, str) else command or []
    return [word for line in lines for word in _words(line)]


@lru_cache(maxsize=256)
def _words(line: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(line))
    except ValueError:  # a quote that is not closed
        return tuple(line.split())


def values_of(command: str | list[str] | None) -> dict[str, str]:
    """What follows each ``--option`` of a command, or stands behind its ``=``."""
    words = words_of(command)
    found = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            found[name] = value if equals else following
    return found


@lru_cache(maxsize=256)
def _parsed(text: str | None) -> ast.Module | None:
    try:
        return ast.parse(text) if text is not None else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=256)
def _walked(text: str) -> tuple[ast.AST, ...]:
    """The nodes of a module that the questions above are about."""
    kinds = (ast.Call, ast.ClassDef, ast.Subscript)
    tree = _parsed(text)
    return tuple(node for node in ast.walk(tree) if isinstance(node, kinds)) if tree else ()


@lru_cache(maxsize=256)
def _imports(text: str, path: str) -> tuple[str, ...]:
    """The dotted names that a module imports, relative ones made whole."""
    tree = _parsed(text)
    return tuple(_imported_names(tree, path)) if tree else ()


def _imported_names(tree: ast.Module, path: str) -> Iterator[str]:
    package = path.removesuffix("/__init__.py").removesuffix(".py").split("/")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{name}.{alias.name}" if name else alias.name


def _running(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement but what stands under ``if TYPE_CHECKING:``."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop(0)
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
            continue
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            below = getattr(node, block, None)
            pending += below if isinstance(below, list) else []
