"""The constants that a Python file assigns, as dvc/utils/serialize/_py.py finds them."""

import ast
from typing import Any


def read(text: str) -> dict[Any, Any]:
    """Names and values; nothing in ``text`` runs. Raises what ``ast.parse`` raises."""
    return _assignments(ast.parse(text).body, methods=False)


def _assignments(body: list[ast.stmt], methods: bool) -> dict[Any, Any]:
    """``name = constant`` at this level, classes as nested params, ``self.x`` of ``__init__``."""
    result: dict[Any, Any] = {}
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            result.update(_assigned_names(statement, methods))
        elif isinstance(statement, ast.ClassDef):
            result[statement.name] = _assignments(statement.body, methods=False)
        elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            result.update(_assignments(statement.body, methods=True))
    return result


def _assigned_names(statement: ast.Assign | ast.AnnAssign, methods: bool) -> dict[str, Any]:
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else statement.targets
    name = _target_name(targets[0], methods) if len(targets) == 1 else None
    if name is None or statement.value is None:
        return {}
    try:
        return {name: ast.literal_eval(statement.value)}
    except ValueError:  # not a constant: DVC leaves it out
        return {}


def _target_name(target: ast.expr, methods: bool) -> str | None:
    if isinstance(target, ast.Name) and not methods:  # `x = 1` in __init__ is a local variable
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return target.attr if target.value.id == "self" else None
    return None
