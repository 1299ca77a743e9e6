"""Small projects of people who have no workshop, as ``dvc repro`` leaves them; DVC is not run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.grader import finished
from tests.repositories import commit, run

_TABLE = "a,b,quality\n" + "0.25,0.5,1\n" * 20
Stages = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class SmallProject:
    """``files`` by path, data and outs among them; the ``data`` of .dvc files; and the ``stages``.

    ``unseen`` are stages and entries that nobody can tell from the text of the code.
    """

    files: Mapping[str, str]
    stages: Stages
    data: tuple[str, ...]
    unseen: tuple[tuple[str, str], ...] = ()
    top: Mapping[str, Any] = field(default_factory=dict)

    def build(self, folder: Path) -> Path:
        """The repository ``folder``/repo, with a remote beside it."""
        repo = folder / "repo"
        (folder / "remote").mkdir(parents=True)
        texts = {
            ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
            ".dvc/config": "[core]\n    remote = storage\n"
            f"['remote \"storage\"']\n    url = {folder / 'remote'}\n",
            ".dvcignore": "__pycache__/\n",
            ".gitattributes": "* text=auto eol=lf\n",
        }
        for path, text in {**texts, **self.files}.items():
            finished.write(repo / path, text)
        for path in self.data:
            finished.add(repo, path)
        run(repo, "git", "init", "--quiet", "--initial-branch", "main")
        self.run_with(repo, self.stages)
        return repo

    def run_with(self, repo: Path, stages: Stages) -> None:
        """Declare ``stages``, run them, commit and push."""
        outs = [out for stage in stages.values() for out in stage.get("outs", [])]
        ignored = [path for path in (*self.data, *outs) if isinstance(path, str)]
        finished.write(repo / ".gitignore", "".join(f"/{path}\n" for path in ignored))
        document = {"stages": stages, **self.top}
        finished.write(repo / "dvc.yaml", yaml.safe_dump(document, sort_keys=False, width=1000))
        finished.record(repo)
        run(repo, "git", "rm", "-r", "--quiet", "--cached", "--ignore-unmatch", ".")
        commit(repo, "Run it")
        finished.push(repo)


_METRICS = {"metrics.json": {"cache": False}}

SCRIPT = SmallProject(
    {
        "train.py": """\
import csv
import json
from pathlib import Path

import joblib
import yaml
from sklearn.ensemble import RandomForestClassifier

PARAMS_FILEPATH = Path("params.yaml")
with PARAMS_FILEPATH.open("r") as f:
    PARAMS = yaml.safe_load(f)["train"]
DATA = Path("data") / "wine.csv"


def main():
    rows = list(csv.DictReader(DATA.open()))
    model = RandomForestClassifier(PARAMS["trees"], random_state=PARAMS["seed"]).fit(rows)
    joblib.dump(model, "models/model.joblib")
    with open("metrics.json", "w") as f:
        json.dump({"accuracy": model.score(rows)}, f)
    with open("train.log", "a") as f:
        f.write("done")
    Path("REPORT.md").write_text("# Good")
""",
        "params.yaml": "train:\n  trees: 10\n  seed: 1\n",
        "data/wine.csv": _TABLE,
        "models/model.joblib": "model",
        "metrics.json": '{"accuracy": 0.5}',
        "train.log": "done",
        "REPORT.md": "# Good",
    },
    {
        "train": {
            "cmd": "python train.py",
            "deps": ["train.py", "data/wine.csv"],
            "params": ["train.trees", "train.seed"],
            "outs": ["models/model.joblib"],
            "metrics": [_METRICS],
        }
    },
    ("data/wine.csv",),
)
"""A script with its paths and params in it, a log and a text for people."""

OPTIONS = SmallProject(
    {
        "utils.py": "def load_data(path):\n    return open(path).readlines()\n",
        "train.py": """\
import argparse

import joblib
from utils import load_data


def train(data_path, model_out):
    joblib.dump(load_data(data_path), model_out)


p = argparse.ArgumentParser()
p.add_argument("--data-path", default="data/train.csv")
p.add_argument("--model-out", default="models/model.joblib")
args = p.parse_args()
train(args.data_path, args.model_out)
""",
        "evaluate.py": """\
import argparse
from pathlib import Path

import joblib
from utils import load_data

p = argparse.ArgumentParser()
p.add_argument("--data", type=Path)
p.add_argument("--model", type=Path)
p.add_argument("--metrics", type=Path, default=Path("reports/metrics.json"))
args = p.parse_args()
model, data = joblib.load(args.model), load_data(args.data)
args.metrics.write_text(str(model))
""",
        "data/train.csv": _TABLE,
        "data/test.csv": _TABLE * 2,
        "models/model.joblib": "model",
        "reports/metrics.json": '{"accuracy": 0.5}',
    },
    {
        "train": {
            "cmd": "python train.py --data-path data/train.csv --model-out models/model.joblib",
            "deps": ["train.py", "utils.py", "data/train.csv"],
            "outs": ["models/model.joblib"],
        },
        "evaluate": {
            "cmd": "python evaluate.py --data=data/test.csv --model models/model.joblib",
            "deps": ["evaluate.py", "utils.py", "models/model.joblib", "data/test.csv"],
            "metrics": [{"reports/metrics.json": {"cache": False}}],
        },
    },
    ("data/train.csv", "data/test.csv"),
    unseen=(("train", "models/model.joblib"),),
)
"""Paths as options of argparse, and a module beside the scripts."""

HYDRA = SmallProject(
    {
        "train.py": """\
import json

import hydra
import joblib


@hydra.main(config_path="conf", config_name="config", version_base=None)
def main(cfg):
    joblib.dump(open(cfg.data).read(), "model.joblib")
    json.dump({"accuracy": 1}, open("metrics.json", "w"))
""",
        "conf/config.yaml": "defaults:\n  - model: forest\ndata: data/train.csv\n",
        "conf/model/forest.yaml": "trees: 5\n",
        "data/train.csv": _TABLE,
        "model.joblib": "model",
        "metrics.json": '{"accuracy": 1}',
    },
    {
        "train": {
            "cmd": "python train.py",
            "deps": ["train.py", "conf", "data/train.csv"],
            "outs": ["model.joblib"],
            "metrics": [_METRICS],
        }
    },
    ("data/train.csv",),
    unseen=(("train", "data/train.csv"),),
)
"""A folder of settings for hydra, which names the data."""

LAYOUT = SmallProject(
    {
        "src/churn/__init__.py": "",
        "src/churn/tables.py": "def read(path):\n    return open(path).readlines()\n",
        "src/churn/features.py": "from .tables import read\n",
        "src/churn/train.py": """\
import json
from pathlib import Path

from . import features

ROOT = Path(__file__).resolve().parents[2]
rows = features.read(ROOT / "data" / "train.csv")
words = (ROOT / "data" / "words.json").read_text()
json.dump(len(rows), (ROOT / "model.json").open("w"))
""",
        "tests/test_churn.py": "from churn import train\n",
        "data/train.csv": _TABLE,
        "data/words.json": "[]",
        "model.json": "20",
    },
    {
        "train": {
            "cmd": "PYTHONPATH=src python -m churn.train",
            "deps": ["src/churn", "data/train.csv", "data/words.json"],
            "outs": ["model.json"],
        }
    },
    ("data/train.csv", "data/words.json"),
    unseen=(("train", "data/train.csv"),),
)
"""A package below src, with relative imports and paths from the module's own place."""

STEPS = SmallProject(
    {
        "src/prepare.py": """\
import os
import sys

import yaml

params = yaml.safe_load(open("params.yaml"))["prepare"]
split, seed = params["split"], params["seed"]
output_train = os.path.join("data", "prepared", "train.csv")
with open(sys.argv[1]) as source, open(output_train, "w") as target:
    target.write(source.read())
""",
        "src/evaluate.py": """\
import json
import os
import sys

EVAL_PATH = "eval"
rows = open(os.path.join(sys.argv[1], "train.csv")).readlines()
json.dump({"rows": len(rows)}, open(os.path.join(EVAL_PATH, "metrics.json"), "w"))
json.dump({"prc": []}, open(os.path.join(EVAL_PATH, "prc.json"), "w"))
""",
        "params.yaml": "prepare:\n  split: 0.2\n  seed: 1\n",
        "data/data.csv": _TABLE,
        "data/prepared/train.csv": _TABLE,
        "eval/metrics.json": '{"rows": 20}',
        "eval/prc.json": '{"prc": []}',
    },
    {
        "prepare": {
            "cmd": "python src/prepare.py data/data.csv",
            "deps": ["data/data.csv", "src/prepare.py"],
            "params": ["prepare.split", "prepare.seed"],
            "outs": ["data/prepared"],
        },
        "evaluate": {
            "cmd": "python src/evaluate.py data/prepared",
            "deps": ["data/prepared", "src/evaluate.py"],
        },
    },
    ("data/data.csv",),
    top={"metrics": ["eval/metrics.json"], "plots": ["eval/prc.json"]},
)
"""Paths by their place among the arguments; metrics that git has, at the top of dvc.yaml."""

PROJECTS = {
    "script": SCRIPT, "options": OPTIONS, "hydra": HYDRA, "layout": LAYOUT, "steps": STEPS,
}  # fmt: skip
