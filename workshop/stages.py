"""The stages that the lessons ask for: what each is called, reads, writes, and how that is judged.

Checks and fixes take a stage's command from here. ``grader start --at`` copies the stage from the
reference ``dvc.yaml``; ``tests/test_stages.py`` keeps both equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

PACKAGE = "pipeline"
SHARED_CODE = f"{PACKAGE}/shared"
"""The folder of what several stages use."""
PARAMS_FILE = "params.yaml"


class Content(Enum):
    """What is in an out: ``grader.checks.results`` has a judge for each."""

    SPLITS = auto()
    WEIGHTS = auto()
    HISTORY = auto()
    ONNX_MODEL = auto()
    METRICS = auto()
    TABLE = auto()
    PICTURES = auto()


@dataclass(frozen=True)
class StageDep:
    """Data that a stage reads: ``path`` follows ``option`` in its command.

    With ``in_folder``, the folder of ``path`` does.
    """

    option: str
    path: str
    in_folder: bool = False


@dataclass(frozen=True)
class StageOut(StageDep):
    """Data that a stage writes, and how dvc.yaml declares it.

    ``cached``: DVC keeps it, not git. ``advise_kind``: as a plain out it is missed, because
    ``dvc metrics show`` or ``dvc plots show`` is the way to look at it.
    """

    content: Content = Content.TABLE
    kind: Literal["out", "metric", "plot"] = "out"
    cached: bool = True
    advise_kind: bool = False


@dataclass(frozen=True)
class StageSpec:
    """A stage of the workshop; ``sections`` are those of params.yaml that its code reads."""

    name: str
    deps: tuple[StageDep, ...]
    outs: tuple[StageOut, ...]
    sections: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """What ``python -m`` runs."""
        return f"{PACKAGE}.{self.name}"

    @property
    def code_dir(self) -> str:
        """The folder of the code that this stage alone uses."""
        return f"{PACKAGE}/{self.name}"

    @property
    def code_deps(self) -> tuple[str, ...]:
        """The folders of code that it runs."""
        return self.code_dir, SHARED_CODE

    @property
    def reads(self) -> tuple[str, ...]:
        """The options that paths to read follow."""
        return _options(self.deps)

    @property
    def writes(self) -> tuple[str, ...]:
        """The options that paths to write follow."""
        return _options(self.outs)

    @property
    def command(self) -> str:
        """The command as the workshop teaches it."""
        values = {path.option: path.path for path in (*self.deps, *self.outs)}
        values |= {
            path.option: path.path.rpartition("/")[0]
            for path in (*self.deps, *self.outs)
            if path.in_folder
        }
        values |= {"--params": PARAMS_FILE} if self.sections else {}
        return f"python -m {self.module} {' '.join(f'{o} {v}' for o, v in values.items())}"

    def names_in(self, option: str) -> tuple[str, ...]:
        """The files in the folder that ``option`` names; empty where the option names one path."""
        paths = (path for path in (*self.deps, *self.outs) if path.option == option)
        return tuple(path.path.rpartition("/")[2] for path in paths if path.in_folder)


def _options(paths: Iterable[StageDep]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path.option for path in paths))


_DATA = StageDep("--data", "data/preprocess")
_HISTORIES = (
    ("--history", "models/history.csv"),
    ("--fine-tuning-history", "models/fine_tuning_history.csv"),
)
_MODEL = ("--model", "models/classifier.onnx")
_MODELS = (_MODEL, ("--fp32-model", "models/classifier.fp32.onnx"))
_CURVES = "results/curves"

STAGES = (
    StageSpec(
        "preprocess",
        (StageDep("--raw", "data/raw"),),
        (StageOut("--out", "data/preprocess", content=Content.SPLITS),),
        ("preprocess",),
    ),
    StageSpec(
        "train",
        (_DATA,),
        (
            StageOut("--weights", "models/classifier.weights.h5", content=Content.WEIGHTS),
            *(
                StageOut(*history, content=Content.HISTORY, kind="plot", advise_kind=True)
                for history in _HISTORIES
            ),
        ),
        ("train",),
    ),
    StageSpec(
        "export",
        (_DATA, StageDep("--weights", "models/classifier.weights.h5")),
        tuple(StageOut(*model, content=Content.ONNX_MODEL) for model in _MODELS),
        ("export",),
    ),
    StageSpec(
        "evaluate",
        (_DATA, StageDep(*_MODEL)),
        (
            StageOut(
                "--metrics",
                "results/metrics/test.json",
                content=Content.METRICS,
                kind="metric",
                cached=False,
                advise_kind=True,
            ),
            StageOut("--curves", f"{_CURVES}/genres.csv", in_folder=True, kind="plot"),
            StageOut("--curves", f"{_CURVES}/precision_recall.csv", in_folder=True, kind="plot"),
            StageOut("--curves", f"{_CURVES}/predictions.csv", in_folder=True),
        ),
    ),
    StageSpec(
        "plot",
        (
            _DATA,
            *(StageDep(*history) for history in _HISTORIES),
            *(
                StageDep("--curves", f"{_CURVES}/{name}", in_folder=True)
                for name in ("genres.csv", "precision_recall.csv", "predictions.csv")
            ),
        ),
        (StageOut("--out", "results/plots", content=Content.PICTURES, kind="plot"),),
        ("plot",),
    ),
)

STAGE_NAMES = frozenset(stage.name for stage in STAGES)
