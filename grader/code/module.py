"""One Python module of an attendee, compiled and never run: what it imports, takes and reads.

Parsing takes a millisecond a module; what a text says is remembered by its hash in the user's
cache folder, never in the repository.
"""

import ast
import hashlib
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeGuard

from grader import user_cache
from grader.code import source
from grader.code.syntax import nodes_of

_VERSION = 8
_MOST_TEXTS = 500
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True)
class Module:
    """What the text of a module says.

    ``imports``: level, module and name of each import. ``options``: those that argparse is told of,
    and whether each is required. ``reads``: section and model of each ``params.read``.
    ``models``: the annotated fields of each class, ``bases`` what it inherits, ``needed`` those
    fields that have no default. ``keys``: each
    ``params["section"]["key"]``, whatever the variable is called that params.yaml was loaded into.
    ``defaults``: the text that an option has where it is not given. ``texts``: those with a slash,
    which may be paths. ``first``: line, level, module and name of each import that runs as soon as
    the module does, whatever happens. ``names``: all that the module gives a value to; ``*`` where
    it may have others. ``opened``, ``written``: the paths of files that it reads and writes, as
    in grader.code.data_files. ``error``: line and words of what keeps Python from running it at
    all.
    """

    imports: list[tuple[int, str, str]] = field(default_factory=list)
    options: dict[str, bool] = field(default_factory=dict)
    reads: list[tuple[str, str]] = field(default_factory=list)
    models: dict[str, list[str]] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    first: list[tuple[int, int, str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    error: tuple[int, str] | None = None
    needed: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


@lru_cache(maxsize=1024)
def module(text: str) -> Module:
    """The module of that text; an empty one where it is no Python."""
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    path = user_cache.entry_path("modules", f"{_VERSION}-{name}")
    try:
        return _restore(user_cache.read_entry(path))
    except (ValueError, TypeError, AttributeError, LookupError):  # none, or a damaged one
        parsed = _parse(text)
        user_cache.write_entry(path, vars(parsed))
        return parsed


def _restore(stored: dict[str, Any]) -> Module:
    imports = [(level, base, name) for level, base, name in stored.pop("imports")]
    reads = [(section, model) for section, model in stored.pop("reads")]
    first = [(line, level, base, name) for line, level, base, name in stored.pop("first")]
    line, words = stored.pop("error") or (0, "")
    return Module(
        imports, reads=reads, first=first, error=(line, words) if words else None, **stored
    )


def _parse(text: str) -> Module:
    if error := source.find_error(text):
        return Module(error=error)
    try:
        with warnings.catch_warnings(action="ignore"):  # an escape such as \d, for one
            tree = ast.parse(text)
            compile(tree, "module", "exec", dont_inherit=True)  # a return outside of a function
    except SyntaxError as stop:
        return Module(error=(stop.lineno or 1, stop.msg or "it is no Python"))
    except ValueError as stop:  # a null byte in it
        return Module(error=(1, str(stop)))
    except (RecursionError, MemoryError):
        return Module()
    nodes = nodes_of(tree)
    first, names = list(_first_imports(tree)), list(dict.fromkeys(_names(nodes)))
    found = Module(list(_imports(tree)), first=first, names=names)
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="add_argument"), args=[ast.Constant(), *_]):
                _add_option(node, found)
            case ast.Call(func=ast.Attribute(attr="read") | ast.Name(id="read")):
                found.reads.extend(_reads(node))
            case ast.Constant(value=str(text)) if "/" in text and len(found.texts) < _MOST_TEXTS:
                found.texts.append(text.removeprefix("./"))
            case ast.ClassDef():
                found.models[node.name] = list(_fields(node))
                found.needed.extend(_needed_fields(node))
                found.bases[node.name] = [_last_name(base) for base in node.bases]
    from grader.code import data_files, param_keys  # 2 ms, and most texts are in the cache folder

    found.keys.extend(param_keys.keys(tree, nodes))
    files = [*dict.fromkeys(data_files.opened_files(nodes, found.options))]
    found.opened.extend(path for path, way in files if way == "read")
    found.written.extend(path for path, way in files if way == "write")
    return found


def _reads(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Section and model of ``read(path, "section", Model)``, by place or by keyword."""
    given = [*call.args[1:], *(word.value for word in call.keywords)]
    sections = [argument.value for argument in given if isinstance(argument, ast.Constant)]
    models = [name for argument in given if (name := _last_name(argument))]
    if len(given) in (2, 3) and len(sections) == 1 and isinstance(sections[0], str) and models:
        yield sections[0], models[-1]


def _last_name(node: ast.expr) -> str:
    """``Model`` of ``Model`` and of ``models.Model``; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _add_option(call: ast.Call, found: Module) -> None:
    names = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    for name in (str(name) for name in names if str(name).startswith("--")):
        found.options[name] = any(
            word.arg == "required" and isinstance(word.value, ast.Constant) and word.value.value
            for word in call.keywords
        )
        for word in call.keywords:
            # default="data/raw", or default=Path("data/raw")
            value = word.value.args[0] if _is_path(word.value) else word.value
            if word.arg == "default" and isinstance(value, ast.Constant) and value.value:
                found.defaults[name] = str(value.value)


def _is_path(node: ast.expr) -> TypeGuard[ast.Call]:
    match node:
        case ast.Call(func=func, args=[ast.Constant()]):
            return _last_name(func) in ("Path", "PurePath", "PurePosixPath")
    return False


def _fields(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each.target.id


def _needed_fields(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        match each:
            case ast.AnnAssign(target=ast.Name(id=name), value=None):
                yield name
            # Field(ge=0), and not Field(5), Field(default=5) or Field(default_factory=list)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(args=[], keywords=words)):
                if not any((word.arg or "").startswith("default") for word in words):
                    yield name


def _imports(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, node.module or "", alias.name) for alias in node.names)


def _first_imports(tree: ast.Module) -> Iterator[tuple[int, int, str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, 0, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, node.level, node.module or "", a.name) for a in node.names)


def _names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.FunctionDef(name="__getattr__"):
                yield "*"
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
            case ast.Call(func=ast.Name(id="globals" | "exec" | "setattr")):
                yield "*"


def _running(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement but what stands under ``if TYPE_CHECKING:``."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
            continue
        for block in _BLOCKS:
            below = getattr(node, block, None)
            pending += below if isinstance(below, list) else []
