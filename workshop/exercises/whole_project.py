"""What the project of every exercise is when it is whole: stages, code, params, data."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from workshop.exercises.project_folder import PROJECT_DIR, STAGES_FILE

DATA_FILE = "films.dvc"
DATA_DIR = "films"
PARAMS_FILE = "params.yaml"


@dataclass(frozen=True)
class ProjectStage:
    """A stage: the script that it runs, what it reads and writes; ``metrics`` are outs too."""

    name: str
    script: str
    deps: tuple[str, ...]
    params: tuple[str, ...]
    outs: tuple[str, ...]
    metrics: tuple[str, ...]


@functools.cache
def project_stages() -> tuple[ProjectStage, ...]:
    """The stages, in the order in which they run."""
    document = yaml.safe_load((PROJECT_DIR / STAGES_FILE).read_text("utf-8"))
    return tuple(
        ProjectStage(
            name,
            table["cmd"].split()[-1],
            tuple(table["deps"]),
            tuple(table.get("params", ())),
            tuple(table.get("outs", ())),
            tuple(path for entry in table.get("metrics", ()) for path in entry),
        )
        for name, table in document["stages"].items()
    )


@functools.cache
def code_files() -> Mapping[str, bytes]:
    """The bytes of each Python file."""
    return {path.name: path.read_bytes() for path in sorted(PROJECT_DIR.glob("*.py"))}


@functools.cache
def data_files() -> Mapping[str, bytes]:
    """The bytes of each file of the data, by its path."""
    paths = sorted((PROJECT_DIR / DATA_DIR).glob("*.csv"))
    return {f"{DATA_DIR}/{path.name}": path.read_bytes() for path in paths}


@functools.cache
def params_file() -> bytes:
    """The bytes of ``params.yaml``."""
    return (PROJECT_DIR / PARAMS_FILE).read_bytes()


@functools.cache
def param_values() -> Mapping[str, Any]:
    """Each param by its key, such as ``fit.smoothing``."""
    document = yaml.safe_load(params_file())
    return {
        f"{section}.{name}": value
        for section, values in document.items()
        for name, value in values.items()
    }
