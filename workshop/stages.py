"""The stage of each lesson that is about one: what it is called, reads and writes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StageSpec:
    """The stage that a lesson asks for.

    ``reads`` and ``writes`` are options of its command that are followed by a path. ``files`` are
    the files that it writes or reads in the folder which an option names, by option.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    arguments: str
    files: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def module(self) -> str:
        """What ``python -m`` runs."""
        return f"pipeline.{self.name}"

    @property
    def code_path(self) -> str:
        """The file of the module."""
        return f"pipeline/{self.name}.py"

    @property
    def command(self) -> str:
        """The command as the workshop teaches it."""
        return f"python -m {self.module} {self.arguments}"

    def names_in(self, option: str) -> tuple[str, ...]:
        """The files in the folder that ``option`` names; empty where the option names one path."""
        return dict(self.files).get(option, ())


_CURVES = ("--curves", ("genres.csv", "precision_recall.csv", "predictions.csv"))

STAGES = (
    StageSpec(
        "preprocess",
        ("--raw",),
        ("--out",),
        "--raw data/raw --out data/preprocess --params params.yaml",
    ),
    StageSpec(
        "train",
        ("--data",),
        ("--weights", "--history", "--fine-tuning-history"),
        "--data data/preprocess --weights models/classifier.weights.h5"
        " --history models/history.csv --fine-tuning-history models/fine_tuning_history.csv"
        " --params params.yaml",
    ),
    StageSpec(
        "export",
        ("--data", "--weights"),
        ("--model", "--fp32-model"),
        "--data data/preprocess --weights models/classifier.weights.h5"
        " --model models/classifier.onnx --fp32-model models/classifier.fp32.onnx"
        " --params params.yaml",
    ),
    StageSpec(
        "evaluate",
        ("--data", "--model", "--fp32-model"),
        ("--metrics", "--curves"),
        "--data data/preprocess --model models/classifier.onnx"
        " --fp32-model models/classifier.fp32.onnx"
        " --metrics results/metrics/test.json --curves results/curves",
        (_CURVES,),
    ),
    StageSpec(
        "plot",
        ("--data", "--history", "--fine-tuning-history", "--curves"),
        ("--out",),
        "--history models/history.csv --fine-tuning-history models/fine_tuning_history.csv"
        " --curves results/curves --data data/preprocess --out results/plots --params params.yaml",
        (_CURVES,),
    ),
)
