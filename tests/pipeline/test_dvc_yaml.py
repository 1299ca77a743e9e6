"""dvc.yaml says what the code says: the folders, the params and the command of every stage.

Both are derived from the code, so that a forgotten dep or param is found before an attendee meets
a stage that does not run again.
"""

import ast
import importlib
from collections import Counter
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml
from pydantic import BaseModel

INIT = "__init__.py"
ROOT = Path(__file__).parents[2]
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"]
GRAPH = grimp.build_graph("pipeline", exclude_type_checking_imports=True)

stages = pytest.mark.parametrize("stage", STAGES)


def modules_of(program: str) -> set[str]:
    """The modules that run when the stage or `posters` does, found by walking its imports."""
    name = f"pipeline.{program}.__main__"
    return {name} | {m for m in GRAPH.find_upstream_modules(name) if source_path(m).name != INIT}


def source_path(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / INIT if path.is_dir() else path.with_suffix(".py")


def folder_of(module: str) -> str:
    """``pipeline/train`` of ``pipeline.train.training``."""
    return "/".join(module.split(".")[:2])


def source_of(module: str) -> ast.Module:
    return ast.parse(source_path(module).read_text("utf-8"))


def sections_read_by(stage: str) -> dict[str, type[BaseModel]]:
    """The sections of params.yaml that the stage's module asks for, each with its model."""
    module = importlib.import_module(f"pipeline.{stage}.__main__")
    return {
        str(call.args[1].value): getattr(module, call.args[2].id)
        for call in ast.walk(source_of(f"pipeline.{stage}.__main__"))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) == "params.read"
        and isinstance(call.args[1], ast.Constant)
        and isinstance(call.args[2], ast.Name)
    }


def test_every_stage_is_a_folder_of_the_same_name() -> None:
    for stage, entry in STAGES.items():
        assert entry["cmd"].split()[:3] == ["python", "-m", f"pipeline.{stage}"]


@stages
def test_a_stage_depends_on_its_own_folder_and_the_shared_one(stage: str) -> None:
    """They cover every module that it imports."""
    declared = [dep for dep in STAGES[stage]["deps"] if dep.startswith("pipeline")]
    assert declared == sorted([f"pipeline/{stage}", "pipeline/shared"])
    assert {folder_of(module) for module in modules_of(stage)} == set(declared)


def test_what_is_shared_is_used_by_several() -> None:
    """What one stage alone uses lies in its folder, so that a change runs that stage alone."""
    programs = [*STAGES, "posters"]
    users = Counter(module for program in programs for module in modules_of(program))
    shared = {module for module in GRAPH.modules if folder_of(module) == "pipeline/shared"}
    shared = {module for module in shared if source_path(module).name != INIT}
    assert {module for module in shared if users[module] < 2} == set()


def test_the_folders_are_packages_that_do_nothing() -> None:
    """An `__init__` runs before its stage's Ctrl-C is watched, and is no dep of other folders."""
    for module in GRAPH.modules:
        if source_path(module).name == INIT:
            assert source_path(module).read_text("utf-8") == "", module


@stages
def test_every_param_that_a_stage_reads_is_declared(stage: str) -> None:
    read = {
        f"{section}.{field}"
        for section, model in sections_read_by(stage).items()
        for field in model.model_fields
    }
    assert set(STAGES[stage].get("params", [])) == read


def uses_of_params(tree: ast.Module) -> list[str]:
    """Whatever a module calls of ``pipeline.shared.params`` or PyYAML, or imports so as to call it.

    ``params.Section`` and such, which describe values and read none, are no uses.
    """
    described = {"Section", "Number", "Share"}
    uses = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                uses += [n.name for n in names if n.name in ("yaml", "pipeline.shared.params")]
            case ast.ImportFrom(module="pipeline.shared", names=names):
                uses += [f"params as {n.asname}" for n in names if n.name == "params" and n.asname]
            case ast.ImportFrom(module="pipeline.shared.params" | "yaml" as module, names=names):
                uses += [f"{module}.{n.name}" for n in names if n.name not in described]
            case ast.Attribute(value=ast.Name("params"), attr=name) if name not in described:
                uses.append(f"params.{name}")
    return uses


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from pipeline.shared import params\nclass A(params.Section):\n    a: params.Share", []),
        ("from pipeline.shared.params import Number, Section", []),
        ("from pipeline.shared import params\nparams.read(path, 'a', A)", ["params.read"]),
        ("from pipeline.shared import params as p\np.read(path, 'a', A)", ["params as p"]),
        ("from pipeline.shared.params import read", ["pipeline.shared.params.read"]),
        ("import pipeline.shared.params", ["pipeline.shared.params"]),
        ("import yaml", ["yaml"]),
        ("from yaml import safe_load", ["yaml.safe_load"]),
    ],
)
def test_a_use_of_params_is_found_however_it_is_spelt(source: str, uses: list[str]) -> None:
    assert uses_of_params(ast.parse(source)) == uses


@stages
def test_params_are_read_in_the_one_way_that_is_found_here(stage: str) -> None:
    """Else the test of declared params would find none and be content."""
    for module in modules_of(stage) - {"pipeline.shared.params"}:
        found = sections_read_by(stage) if module == f"pipeline.{stage}.__main__" else {}
        assert uses_of_params(source_of(module)) == ["params.read"] * len(found), module
    takes_params = "--params" in STAGES[stage]["cmd"].split()
    assert takes_params == bool(sections_read_by(stage))


@stages
def test_every_param_of_a_stage_is_used_by_its_code(stage: str) -> None:
    used = {
        node.attr
        for module in modules_of(stage)
        for node in ast.walk(source_of(module))
        if isinstance(node, ast.Attribute)
    }
    for model in sections_read_by(stage).values():
        assert set(model.model_fields) <= used


@stages
def test_every_path_in_a_command_is_a_dep_or_an_out(stage: str) -> None:
    entry = STAGES[stage]
    declared = [*entry["deps"], "params.yaml"]
    for kind in ("outs", "metrics", "plots"):
        declared += [
            item if isinstance(item, str) else next(iter(item)) for item in entry.get(kind, [])
        ]
    for word in entry["cmd"].split():
        if "/" in word:
            assert any(path == word or path.startswith(f"{word}/") for path in declared), word


def test_the_default_params_are_valid() -> None:
    document = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    sections = {name: model for stage in STAGES for name, model in sections_read_by(stage).items()}
    assert set(document) == set(sections)
    for name, model in sections.items():
        model.model_validate(document[name])


def test_nothing_but_training_and_export_imports_tensorflow() -> None:
    for module in GRAPH.modules - {"pipeline"}:
        names = {
            name
            for node in ast.walk(source_of(module))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
        }
        if any(name.split(".")[0] in ("tensorflow", "keras", "tf2onnx") for name in names):
            assert module in {
                "pipeline.shared.backend",
                "pipeline.shared.network",
                "pipeline.train.training",
                "pipeline.export.conversion",
            }
