"""No module of a package imports another one in a circle, type-only and late imports included."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PACKAGES = ("service", "grader", "workshop", "dvcstate", "bucket", "pipeline")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_through_others(package: str) -> None:
    try:
        TopologicalSorter(import_graph(package)).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def import_graph(package: str) -> dict[str, set[str]]:
    """Each module of ``package`` with those of the same package that it imports anywhere.

    Not counted is that Python runs a package's ``__init__`` before any module in it.
    """
    sources = {module_name(path): path for path in (ROOT / package).rglob("*.py")}
    return {
        module: {
            # ``from a.b import c`` imports the module a.b.c, or else something of the module a.b.
            name if name in sources else name.rpartition(".")[0]
            for name in imported_names(path)
            if name.split(".")[0] == package
        }
        - {module}
        for module, path in sources.items()
    }


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import, line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
