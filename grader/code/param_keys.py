"""Which keys of params.yaml a module reads by subscripts: ``loaded["section"]["key"]``.

By what was loaded, whatever the variable is called: ``yaml.safe_load(open("params.yaml"))``,
``dvc.api.params_show()``. A variable called ``params`` is taken for it wherever it comes from.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from grader.code.syntax import nodes_of

_LOADERS = frozenset(("load", "safe_load", "full_load", "unsafe_load", "loads"))
_FILE = "params.yaml"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass
class _Scope:
    """What the names of a function stand for: files of params, all params, one section of them."""

    files: set[str] = field(default_factory=set)
    params: set[str] = field(default_factory=lambda: {"params"})
    sections: dict[str, str] = field(default_factory=dict)

    def inner(self, own: set[str]) -> "_Scope":
        """That of a function inside, which has names of its ``own``."""
        return _Scope(
            self.files - own,
            (self.params - own) | {"params"},
            {name: section for name, section in self.sections.items() if name not in own},
        )


def keys(tree: ast.Module, nodes: Iterable[ast.AST]) -> list[str]:
    """``section.key`` of each, in the order of the code; ``nodes`` are all those of ``tree``."""
    return list(_keys(tree, _Scope())) if any(map(_may_be_params, nodes)) else []


def _may_be_params(node: ast.AST) -> bool:
    """Whether a module with such a node may read params: most have none, and are not searched."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in ("params", "params_show")
        case ast.Constant(value=str(text)):
            return _FILE in text
    return False


def _keys(function: ast.AST, scope: _Scope) -> Iterator[str]:
    nodes = list(_own_nodes(function))
    bindings = [(node, *pair) for node in nodes for pair in _bindings(node)]
    for _, name, value in bindings:
        others = [other for other, bound, _ in bindings if bound == name]
        if len(others) == 1 or name == "params":
            _bind(name, value, scope)
        elif all(isinstance(other, ast.withitem) for other in others):
            scope.files.discard(name)  # with open(...) as file: until the next one of that name
            _bind(name, value, scope)
    for node in nodes:
        key = _key(node, scope)
        if key:
            yield key
        if isinstance(node, _FUNCTIONS):
            yield from _keys(node, scope.inner(_own_names(node)))


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Everything in a function in the order of the code, other functions in it not entered."""
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, _FUNCTIONS):
            pending[:0] = ast.iter_child_nodes(node)


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement gives a value, with the value."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
            yield name, value


def _own_names(function: ast.AST) -> set[str]:
    given = {argument.arg for argument in nodes_of(function) if isinstance(argument, ast.arg)}
    return given | {name for node in _own_nodes(function) for name, _ in _bindings(node)}


def _bind(name: str, value: ast.expr, scope: _Scope) -> None:
    section = _section(value, scope)
    if _is_params(value, scope):
        scope.params.add(name)
    elif section:
        scope.sections[name] = section
    elif _names_the_file(value, scope):
        scope.files.add(name)


def _is_params(node: ast.expr, scope: _Scope) -> bool:
    match node:
        case ast.Name(id=name):
            return name in scope.params
        case ast.Call(func=func, args=args):
            called = getattr(func, "attr", None) or getattr(func, "id", None)
            if called == "params_show":
                return not args
            return called in _LOADERS and bool(args) and _names_the_file(args[0], scope)
    return False


def _names_the_file(node: ast.expr, scope: _Scope) -> bool:
    """Whether ``node`` has to do with params.yaml: its name, a file of it, or ``args.params``."""
    for part in ast.walk(node):
        match part:
            case ast.Constant(value=str(text)) if text.rpartition("/")[2] == _FILE:
                return True
            case ast.Name(id=name) if name in scope.files:
                return True
            case ast.Attribute(value=ast.Name(), attr="params"):
                return True
    return False


def _item(node: ast.AST) -> tuple[ast.expr, str] | None:
    """What is asked for an item, and its name: ``x["name"]`` or ``x.get("name")``."""
    match node:
        case ast.Subscript(value=whole, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
            return whole, name
        case ast.Call(
            func=ast.Attribute(value=whole, attr="get"), args=[ast.Constant(value=str(name)), *_]
        ):
            return whole, name
    return None


def _section(node: ast.expr, scope: _Scope) -> str | None:
    """The section of params.yaml that ``node`` is."""
    if isinstance(node, ast.Name):
        return scope.sections.get(node.id)
    found = _item(node)
    return found[1] if found and _is_params(found[0], scope) else None


def _key(node: ast.AST, scope: _Scope) -> str | None:
    found = _item(node)
    section = _section(found[0], scope) if found else None
    return f"{section}.{found[1]}" if found and section else None
