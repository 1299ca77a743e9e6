"""The nodes of a module's syntax tree."""

import ast

_WITHOUT_NODES = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """``tree`` and all below it in the order of ast.walk, but for contexts and operators.

    Of a module of 100 lines ast.walk takes 3 ms, and a third of its nodes are such as Load().
    """
    nodes = [tree]
    for node in nodes:  # which grows
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                nodes += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _WITHOUT_NODES):
                nodes.append(value)
    return nodes
