"""What the workshop says of its stages is what dvc.yaml and the course say of them."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.repositories import ROOT
from workshop.course.manifest import course
from workshop.stages import STAGES, StageSpec

DVC_YAML: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"]

stages = pytest.mark.parametrize("spec", STAGES, ids=lambda spec: spec.name)


def declared_outs(entry: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Path, kind and whether DVC keeps it, of each out of a stage in dvc.yaml."""
    for section, kind in (("outs", "out"), ("metrics", "metric"), ("plots", "plot")):
        for item in entry.get(section, []):
            path, options = (item, {}) if isinstance(item, str) else next(iter(item.items()))
            yield path, kind, options.get("cache", True)


def test_the_stages_are_those_of_dvc_yaml_and_have_a_lesson_each() -> None:
    names = [spec.name for spec in STAGES]
    assert names == list(DVC_YAML)
    assert names == [lesson.id for lesson in course().lessons if lesson.has_stage]


@stages
def test_a_stage_is_as_dvc_yaml_declares_it(spec: StageSpec) -> None:
    entry = DVC_YAML[spec.name]
    assert spec.command.split() == entry["cmd"].split()
    assert {*(dep.path for dep in spec.deps), *spec.code_deps} == set(entry["deps"])
    assert {(o.path, o.kind, o.cached) for o in spec.outs} == set(declared_outs(entry))
    assert {key.partition(".")[0] for key in entry.get("params", [])} == set(spec.sections)
