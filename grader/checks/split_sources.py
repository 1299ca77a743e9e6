"""The splits of preprocess are of a run on the raw data, and not of a ``dvc commit --force``."""

import csv
import io
from pathlib import Path

from dvcstate import Stage
from dvcstate.documents import regular_file
from grader import fixes
from grader.amounts import amount
from grader.facts.raw_posters import read_posters
from grader.facts.repository import Repository
from grader.finding import Evidence, Finding
from grader.fixes.stage_runs import run_stage
from grader.stages import good_results
from workshop.stages import Content, StageOut

_TABLES = ("train.csv", "valid.csv", "test.csv")
_FEW = 0.1
"""So large a share of the posters may be of data that has changed a little since."""
_LARGEST_TABLE = 64 * 2**20


def foreign_splits_finding(
    repository: Repository, stage: Stage, read: list[str], outs: dict[str, StageOut]
) -> Finding | None:
    """The finding on splits with posters that the raw data, which ``stage`` read, does not have.

    Where the raw data is not what dvc.lock records, the run is of before that: others report it.
    """
    folder = next((path for path, out in outs.items() if out.content is Content.SPLITS), None)
    raw = next((path for path in read if _is_as_read(repository, stage, path)), None)
    if folder is None or raw is None:
        return None
    known = f"sources-{repository.md5_of(repository.root / raw)}"
    place = repository.root / folder
    if good_results.is_good(repository, stage, known, place):
        return None
    posters = read_posters(repository.root / raw)
    sources = _sources(place)
    absent = sources - posters.usable if posters else frozenset[str]()
    if len(absent) <= _FEW * len(sources):
        good_results.remember_good(repository, stage, known, place)
        return None
    return Finding(
        "out-wrong",
        f"{folder} of {stage.name} has {amount(len(absent), 'poster')},"
        f" {fixes.join(sorted(absent))}, that {raw} does not have: no run on that data wrote"
        " it, and dvc.lock says so.",
        f"splits of the posters in {raw}",
        f"{amount(len(absent), 'poster')} of other data",
        (
            fixes.command("dvc", "repro", "--force", "--single-item", stage.name),
            *run_stage(repository, stage),
        ),
        (Evidence("worktree", folder, value=f"{amount(len(absent), 'poster')} that {raw} lacks"),),
    )


def _is_as_read(repository: Repository, stage: Stage, path: str) -> bool:
    """Whether ``path`` is a folder that is as the last run of ``stage`` read it."""
    recorded = [dep.recorded.md5 for dep in stage.deps if dep.path == path and dep.recorded.md5]
    place = repository.root / path
    return place.is_dir() and recorded == [repository.md5_of(place)]


def _sources(folder: Path) -> frozenset[str]:
    """The Ids of the originals in the splits; the judge of the splits reads the tables before."""
    found: set[str] = set()
    for name in _TABLES:
        try:
            text = regular_file.read(folder / name, _LARGEST_TABLE).decode("utf-8")
            rows = csv.DictReader(io.StringIO(text, newline=""))
            found.update(str(row["Source"]) for row in rows)
        except (OSError, ValueError, csv.Error, KeyError):
            continue
    return frozenset(found)
