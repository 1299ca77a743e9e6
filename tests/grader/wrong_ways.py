"""Ways out of an exercise that are none, and what the grader says of each.

A way is typed line by line; a line can also be an edit. What is expected are the checks that fail
after it, by their code; of more that fail as well nothing is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """Replace ``old``, which is in the file ``path``, by ``new``."""

    path: str
    old: str
    new: str

    def apply(self, repo: Path) -> None:
        text = (repo / self.path).read_text("utf-8")
        assert self.old in text, f"{self.path} has no {self.old!r}"
        (repo / self.path).write_text(text.replace(self.old, self.new), "utf-8", newline="\n")


Line = str | Edit


@dataclass(frozen=True)
class Way:
    """``loses_data``: what it has lost is nowhere, and the exercise has to be made anew."""

    lines: tuple[Line, ...]
    fails: Mapping[str, str]
    loses_data: bool = False


COMMIT = "git commit --quiet --all --message Mend"
FINISH = (COMMIT, "dvc push")
RUN = ("dvc repro", *FINISH)
BELIEVE = ("dvc commit --force", *FINISH)
"""Record what is in the folder, without a run."""
FORCE = ("dvc repro --force", *FINISH)

SYMPTOM = {"exercise.symptom": "symptom-there"}
CHANGED = {"exercise.given": "given-changed"}
NO_OUT = {"exercise.given": "out-undeclared"}
NO_STAGE = {"exercise.given": "stage-missing"}
NOT_CACHED = {"exercise.given": "out-not-cached"}
NO_DATA = {"exercise.given": "data-lost"}
ALWAYS = {"exercise.stages": "runs-always"}
STALE = {"exercise.records": "lock-stale"}
NO_RUN = {"exercise.records": "lock-fabricated"}
TWICE = {"data.only_dvc": "tracked-by-git-and-dvc"}

FIT_RUNS = "    cmd: python fit.py\n"
FIT_ALWAYS = Edit("dvc.yaml", FIT_RUNS, f"{FIT_RUNS}    always_changed: true\n")
MODEL = "    outs:\n    - model.json\n"
NO_MODEL = Edit("dvc.yaml", MODEL, "")
MODEL_IN_GIT = Edit("dvc.yaml", MODEL, f"{MODEL[:-1]}:\n        cache: false\n")
OLD_PARAMS = "git checkout --quiet HEAD~1 -- params.yaml"
DEP_MEANS = Edit("dvc.yaml", "    - fit.py\n", "    - fit.py\n    - means.py\n")
OWN_MEAN = Edit("fit.py", "from means import smooth_mean", "smooth_mean = lambda few, *_: few[0]")
SHARED_LOCK = ("git checkout --ours dvc.lock metrics.json", "git add dvc.lock metrics.json")

RENAMED = Edit("dvc.yaml", "  fit:\n", "  train:\n")
THAWED = Edit("dvc.yaml", "    frozen: true\n", "")
PARAM_OF_SCORE = Edit(
    "dvc.yaml", "    - score.py\n", "    - score.py\n    params:\n    - fit.smoothing\n"
)
LOG_AS_DEP = Edit(
    "dvc.yaml", "    - means.py\n", "    - means.py\n    - fit.log\n    params:\n    - fit\n"
)
LOST = {"exercise.history": "history-lost"}
# What git stops at: the conflict is resolved by the next line.
TAKE_KIM = "python -c \"import subprocess; subprocess.run(['git', '{}', 'kim'])\""
ON_TOP = "git -c core.editor=true {} --continue"
THEIR_LOCK = ("git checkout --theirs dvc.lock metrics.json", "git add dvc.lock metrics.json")
REBASE = ("git merge --abort", TAKE_KIM.format("rebase"), *THEIR_LOCK, ON_TOP.format("rebase"))
PICK = (
    "git merge --abort",
    TAKE_KIM.format("cherry-pick"),
    *THEIR_LOCK,
    ON_TOP.format("cherry-pick"),
)
OWN_REMOTE = "dvc remote add storage ../06-clone-without-remote-remote"
RENAME = "python -c \"import os; os.rename('films/2020s.csv', 'films/new.csv')\""

WRONG_WAYS: Mapping[str, Mapping[str, Way]] = {
    "metrics-not-shown": {
        "no out": Way((Edit("dvc.yaml", "    outs:\n    - metrics.json\n", ""), *RUN), NO_OUT),
        "no stage": Way(("dvc remove score", *FINISH), NO_STAGE),
        "other command": Way(
            (Edit("dvc.yaml", "python score.py", "python -c 1"), COMMIT),
            {"exercise.given": "stage-wrong-command"},
        ),
    },
    "model-never-changes": {
        "forced run": Way(FORCE, SYMPTOM),
        "runs always": Way(
            (Edit("dvc.yaml", "    frozen: true\n", "    always_changed: true\n"), *RUN), ALWAYS
        ),
        "change undone": Way((OLD_PARAMS, COMMIT), CHANGED),
        "no run": Way(("dvc unfreeze fit", *BELIEVE), NO_RUN),
        "not run": Way(("dvc unfreeze fit", *FINISH), STALE),
        "new history": Way(
            ("git checkout --quiet --orphan new", "dvc unfreeze fit", "dvc repro", *FINISH), LOST
        ),
        "other name": Way((RENAMED, THAWED, *RUN), NO_STAGE),
        "other name without a run": Way((RENAMED, THAWED), NO_STAGE),
    },
    "param-without-effect": {
        "forced run": Way(FORCE, SYMPTOM),
        "whole file": Way(
            (Edit("dvc.yaml", "    - means.py\n", "    - means.py\n    - params.yaml\n"), *RUN),
            {"exercise.stages": "dep-too-wide"},
        ),
        "value in the code": Way(
            (Edit("fit.py", 'overall, params["smoothing"]', "overall, 5"), *RUN), CHANGED
        ),
        "value in the code, not committed": Way(
            (Edit("fit.py", 'overall, params["smoothing"]', "overall, 5"),), CHANGED
        ),
        "dep too many": Way((LOG_AS_DEP, *RUN), {"exercise.stages": "dep-too-wide"}),
        "param of another stage": Way((PARAM_OF_SCORE, *RUN), SYMPTOM),
    },
    "correction-without-effect": {
        "forced run": Way(FORCE, SYMPTOM),
        "runs always": Way((FIT_ALWAYS, DEP_MEANS, *RUN), ALWAYS),
        "no run": Way((DEP_MEANS, *BELIEVE), NO_RUN),
        "no module": Way((OWN_MEAN, *RUN), CHANGED),
        "failure hidden": Way(
            (Edit("dvc.yaml", "python fit.py", "python fit.py || echo"), DEP_MEANS, *RUN),
            {"exercise.given": "stage-wrong-command"},
        ),
    },
    "clone-without-model": {
        "model in git": Way(("git add --force model.json", COMMIT), {**SYMPTOM, **TWICE}),
        "model left to git": Way(
            (MODEL_IN_GIT, "dvc repro", "git add --force model.json", COMMIT), NOT_CACHED
        ),
        "no remote": Way(
            ("dvc remote remove storage", COMMIT), {"remote.default": "no-default-remote"}
        ),
    },
    "clone-without-remote": {
        "outs in git": Way(
            ("git add --force clean.csv model.json", COMMIT), {**SYMPTOM, **TWICE}
        ),
        "relative path": Way(
            ("dvc remote remove --local storage", "dvc remote add -d storage ../data", *FINISH),
            {"remote.absolute": "remote-relative-path"},
        ),
        "no default": Way((OWN_REMOTE, COMMIT), SYMPTOM),
        "no default anywhere": Way(
            ("dvc remote remove --local storage", OWN_REMOTE, COMMIT), SYMPTOM
        ),
        "default alone": Way(("dvc remote default storage", COMMIT), SYMPTOM),
    },
    "clone-without-run": {
        "outs in git": Way(
            ("git add --force clean.csv model.json", COMMIT), {**SYMPTOM, **TWICE}
        ),
        "no record at all": Way(("git clean --quiet --force dvc.lock",), SYMPTOM),
        "no stages": Way(("git rm --quiet dvc.yaml", COMMIT), NO_STAGE),
        "kept from git": Way(
            ("python -c \"open('.gitignore', 'a').write('dvc.lock\\n')\"", COMMIT),
            {"init.readable": "lock-uncommitted"},
        ),
    },
    "run-that-stops": {
        "no out": Way((NO_MODEL, *RUN), NO_OUT),
        "left to git": Way((MODEL_IN_GIT, *RUN), NOT_CACHED),
        "change undone": Way((OLD_PARAMS, COMMIT), CHANGED),
        "not run": Way(("git rm --quiet --cached model.json", *FINISH), STALE),
    },
    "run-for-a-title": {
        "recorded": Way(BELIEVE, SYMPTOM),
        "frozen": Way(
            ("dvc freeze clean fit", *FINISH), {"exercise.stages": "stage-frozen"}
        ),
        "title undone": Way((OLD_PARAMS, COMMIT), CHANGED),
        "no param at all": Way(
            (Edit("dvc.yaml", "    - params.yaml\n", ""), *RUN),
            {"exercise.stages": "param-undeclared"},
        ),
    },
    "films-not-seen": {
        "other name": Way((RENAME, "dvc add films", *RUN), NO_DATA),
        "not added": Way(("git revert --no-edit HEAD",), STALE),
        "left to git": Way(
            ("dvc remove films.dvc", "git add --force films", COMMIT), NO_DATA
        ),
        "deleted": Way(
            ("python -c \"import os; os.remove('films/2020s.csv')\"",), NO_DATA, loses_data=True
        ),
    },
    "films-that-differ": {
        "old films": Way(("dvc checkout --force",), NO_DATA, loses_data=True),
        "not run": Way(("dvc add films", *FINISH), STALE),
        "no run": Way(("dvc add films", *BELIEVE), NO_RUN),
    },
    "merge-that-stops": {
        "merge undone": Way(("git merge --abort",), SYMPTOM),
        "ours where they conflict": Way(
            ("git merge --abort", "git merge --quiet -X ours kim", "dvc repro", "dvc push"), STALE
        ),
        "not run": Way((*SHARED_LOCK, *FINISH), STALE),
        "no run": Way((*SHARED_LOCK, *BELIEVE), STALE),
        "one change lost": Way(
            (*SHARED_LOCK, Edit("params.yaml", "min_votes: 100", "min_votes: 60"), *RUN), CHANGED
        ),
        "rebase": Way((*REBASE, *RUN), LOST),
        "rebase that stops": Way(REBASE[:2], LOST),
        "rebase without a run": Way(REBASE, LOST),
        "cherry-pick": Way((*PICK, *RUN), SYMPTOM),
        "her commits alone": Way(("git merge --abort", "git reset --quiet --hard kim"), LOST),
        "her branch": Way(("git merge --abort", "git checkout --quiet kim"), LOST),
        "ours": Way(("git merge --abort", "git merge --quiet --strategy ours kim"), CHANGED),
        "conflict committed": Way((COMMIT,), SYMPTOM),
        "half of it": Way(SHARED_LOCK, SYMPTOM),
    },
}  # fmt: skip

RIGHT_WAYS: Mapping[str, Mapping[str, tuple[Line, ...]]] = {
    "metrics-not-shown": {
        "list of metrics": (
            Edit("dvc.yaml", "stages:\n", "metrics:\n- metrics.json\nstages:\n"), *FINISH,
        ),
        "kept by DVC": (Edit("dvc.yaml", "outs:\n    - metrics", "metrics:\n    - metrics"), *RUN),
    },
    "model-never-changes": {
        "line deleted": (Edit("dvc.yaml", "    frozen: true\n", ""), *RUN),
    },
    "param-without-effect": {
        "section": (Edit("dvc.yaml", MODEL, f"    params:\n    - fit\n{MODEL}"), *RUN),
    },
    "clone-without-model": {
        "run again": ("dvc push --run-cache", "dvc push"),
    },
    "run-for-a-title": {
        "sections": (
            Edit("dvc.yaml", "    - films\n    - params.yaml\n",
                 "    - films\n    params:\n    - clean\n"),
            Edit("dvc.yaml", "    - means.py\n    - params.yaml\n",
                 "    - means.py\n    params:\n    - fit\n"),
            *RUN,
        ),
    },
    "films-not-seen": {
        "narrower pattern": (
            Edit(".dvcignore", "*2020*", "notes-2020.txt"), "dvc add films", *RUN,
        ),
    },
    "films-that-differ": {
        "commit": ("dvc commit --force films.dvc", *RUN),
    },
    "merge-that-stops": {
        "theirs": ("git checkout --theirs dvc.lock metrics.json", "git add dvc.lock metrics.json",
                   *RUN),
        "lock deleted": ("git rm --quiet --force dvc.lock", "dvc repro",
                         "git add dvc.lock metrics.json", *FINISH),
    },
}  # fmt: skip
