"""The files that a module opens, as far as its text names them."""

import time

import pytest

from grader.code.module import module

_IMPORTS = """\
import argparse, gzip, hydra, joblib, json, os, pickle
import numpy as np
import pandas as pd
from pathlib import Path
"""


def opened(text: str) -> list[str]:
    return module(_IMPORTS + text).opened


def written(text: str) -> list[str]:
    return module(_IMPORTS + text).written


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("open('a.csv')", "a.csv"),
        ("open(file='a.csv', mode='rb')", "a.csv"),
        ("gzip.open('a.csv.gz', 'rt')", "a.csv.gz"),
        ("DATA = 'data'\npd.read_csv(os.path.join(DATA, 'a.csv'))", "data/a.csv"),
        ("DATA = Path('data')\nRAW = DATA / 'a.csv'\nRAW.read_text()", "data/a.csv"),
        ("(Path('data') / 'a').open()", "data/a"),
        ("pd.read_csv(filepath_or_buffer='a.csv')", "a.csv"),
        ("np.load('a.npy')", "a.npy"),
        ("def f():\n    path = 'a.pkl'\n    return pickle.load(open(path, 'rb'))", "a.pkl"),
        ("open(Path(__file__).parent / 'a.csv')", "@/a.csv"),
        ("open(Path(__file__).resolve().parents[1] / 'a.csv')", "@/../a.csv"),
        ("open(os.path.join(os.path.dirname(__file__), 'a.csv'))", "@/a.csv"),
        ("@hydra.main(config_path='../conf', config_name='c')\ndef main(cfg): ...", "@/../conf"),
        ("p = argparse.ArgumentParser()\np.add_argument('--in-file')\n"
         "args = p.parse_args()\npd.read_csv(args.in_file)", "--in-file"),
    ],
)  # fmt: skip
def test_what_a_module_reads(text: str, path: str) -> None:
    assert opened(text) == [path]
    assert written(text) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("json.dump(x, open('a.json', 'w'))", "a.json"),
        ("with open('a.csv', 'wb') as file: ...", "a.csv"),
        ("Path('a.txt').write_text('a')", "a.txt"),
        ("table.to_csv('a.csv', index=False)", "a.csv"),
        ("joblib.dump(model, 'a.joblib')", "a.joblib"),
        ("figure.savefig(Path('plots', 'a.png'))", "plots/a.png"),
        ("np.save('a.npy', values)", "a.npy"),
    ],
)
def test_what_a_module_writes(text: str, path: str) -> None:
    assert written(text) == [path]
    assert opened(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "open('train.log', 'a')",
        "open('a.csv', 'r+')",
        "open('a.csv', mode)",
        "open(path)",
        "open(f'{folder}/a.csv')",
        "path = 'a.csv'\npath = 'b.csv'\nopen(path)",
        "def f(path='a.csv'):\n    open(path)",
        "','.join(['a.csv'])",
        "json.load(file)",
        "model.save()",
        "@hydra.main(config_path=None)\ndef main(cfg): ...",
        "x = y\ny = x\nopen(x)",
    ],
)
def test_what_nobody_can_tell(text: str) -> None:
    assert (opened(text), written(text)) == ([], [])


def test_a_module_made_to_last_does_not() -> None:
    """Each name is twice the one below it: its path would have 2**60 parts."""
    lines = [f"a{n} = a{n + 1} / a{n + 1}" for n in range(60)]
    start = time.perf_counter()
    assert opened("\n".join([*lines, "a60 = 'a'", "open(a0)"])) == []
    assert opened("open(" + "/".join(["'a'"] * 400) + ")") == []
    assert time.perf_counter() - start < 5


def test_two_files_of_one_name_in_turn() -> None:
    text = """\
import yaml
with open("data.csv") as file:
    rows = file.read()
with open("params.yaml") as file:
    PARAMS = yaml.safe_load(file)["train"]
with open("other.yaml") as file:
    other = yaml.safe_load(file)["train"]
print(PARAMS["seed"], other["steps"])
"""
    assert module(text).keys == ["train.seed"]
