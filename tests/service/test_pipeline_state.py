import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.problem import told

DVC_YAML = """\
stages:
  preprocess:
    cmd: python -m pipeline.preprocess
    deps: [data/raw, pipeline/preprocess.py]
    outs: [data/preprocess]
    params: [preprocess.seed]
  train:
    cmd: [python -m pipeline.train, echo done]
    deps: [data/preprocess/train.csv]
    params:
    - train.epochs
    - other.yaml: [a, b]
    outs: [models/weights.h5]
    plots:
    - models/history.csv: {cache: false}
  export:
    cmd: python -m pipeline.export
    deps: [models/weights.h5]
    outs: [models/classifier.onnx]
    frozen: true
  odd/na:me@2024-01-01:
    cmd: echo
    deps: [models/classifier.onnx]
"""

LOCK = """\
schema: '2.0'
stages:
  preprocess:
    cmd: python -m pipeline.preprocess
    deps:
    - {path: data/raw, hash: md5, md5: aaaa.dir, size: 10, nfiles: 2}
    - {path: pipeline/preprocess.py, hash: md5, md5: bbbb, size: 1}
    params:
      params.yaml:
        preprocess.seed: 7
    outs:
    - {path: data/preprocess, hash: md5, md5: cccc.dir, size: 20, nfiles: 3}
  train:
    cmd: [python -m pipeline.train, echo done]
    deps:
    - {path: data/preprocess/train.csv, hash: md5, md5: dddd, size: 5}
    params:
      params.yaml:
        train.epochs: 30
      other.yaml: {a: .nan, b: 2024-01-01}
    outs:
    - {path: models/history.csv, hash: md5, md5: eeee, size: 6}
    - {path: models/weights.h5, hash: md5, md5: ffff, size: 7}
  export:
    cmd: python -m pipeline.export
    deps:
    - {path: models/weights.h5, hash: md5, md5: ffff, size: 7}
    outs:
    - {path: models/classifier.onnx, hash: md5, md5: '1111', size: 8}
"""

OUTS = ["data/preprocess", "models/weights.h5", "models/history.csv", "models/classifier.onnx"]


@pytest.fixture(autouse=True)
def project(repo_dir: Path) -> None:
    (repo_dir / "dvc.yaml").write_text(DVC_YAML, "utf-8")
    (repo_dir / "dvc.lock").write_text(LOCK, "utf-8")
    for path in [*OUTS, "data/raw", "pipeline/preprocess.py"]:
        (repo_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (repo_dir / path).touch()


def pipeline(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/pipeline")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def state(client: httpx.Client) -> dict[str, str]:
    return {each["name"]: each["state"] for each in pipeline(client)["stages"]}


def test_each_stage_is_told_with_what_is_recorded(client: httpx.Client, repo_dir: Path) -> None:
    document = pipeline(client)
    md5 = hashlib.md5((repo_dir / "dvc.lock").read_bytes(), usedforsecurity=False).hexdigest()
    assert document["lock"] == {"path": "dvc.lock", "md5": md5}
    assert document["checked"].endswith("Z")
    assert document["edges"] == [
        ["preprocess", "train"],
        ["train", "export"],
        ["export", "odd/na:me@2024-01-01"],
    ]
    train = document["stages"][1]
    assert train == {
        "name": "train",
        "state": "fresh",
        "upstream_stale": False,
        "cmd": "python -m pipeline.train\necho done",
        "frozen": False,
        "reasons": [],
        "deps": [{"path": "data/preprocess/train.csv", "md5": "dddd"}],
        "outs": [
            {"path": "models/weights.h5", "md5": "ffff", "size": 7, "cache": True},
            {"path": "models/history.csv", "md5": "eeee", "size": 6, "cache": False},
        ],
        "params": {
            "params.yaml": {"train.epochs": 30},
            "other.yaml": {"a": "nan", "b": "2024-01-01"},
        },
    }


def test_states_follow_from_the_lock_and_the_outs(client: httpx.Client, repo_dir: Path) -> None:
    assert list(state(client).values()) == ["fresh", "fresh", "frozen", "never_run"]
    (repo_dir / "models/history.csv").unlink()
    assert state(client)["train"] == "missing"
    edited = DVC_YAML.replace("cmd: python -m pipeline.preprocess", "cmd: python -m pipeline.pre")
    (repo_dir / "dvc.yaml").write_text(edited, "utf-8")
    document = pipeline(client)
    preprocess, train, _, odd = document["stages"]
    assert preprocess["state"] == "stale"
    assert preprocess["reasons"] == [{"kind": "command", "path": None, "change": None}]
    assert train["reasons"] == [
        {"kind": "out", "path": "models/history.csv", "change": "not in cache"}
    ]
    assert odd["reasons"] == [
        {"kind": "dep", "path": "models/classifier.onnx", "change": "modified"}
    ]
    assert [each["upstream_stale"] for each in document["stages"]] == [False, True, True, True]


def test_without_a_lock_every_stage_is_never_run(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "dvc.lock").unlink()
    (repo_dir / "data/raw").unlink()
    document = pipeline(client)
    assert document["lock"] is None
    assert {each["state"] for each in document["stages"]} == {"never_run"}
    assert document["stages"][0]["reasons"] == [
        {"kind": "dep", "path": "data/raw", "change": "deleted"},
        {"kind": "dep", "path": "pipeline/preprocess.py", "change": "modified"},
        {"kind": "param", "path": "params.yaml", "change": "new"},
    ]
    assert document["stages"][0]["params"] == {"params.yaml": {"preprocess.seed": None}}


def test_repository_without_a_pipeline_has_no_stages(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "dvc.yaml").unlink()
    (repo_dir / "dvc.lock").unlink()
    document = pipeline(client)
    assert (document["stages"], document["edges"], document["lock"]) == ([], [], None)
    assert "dvc stage add" in told(client.get("/pipeline/train"), 404)["fix"]
    assert client.get("/pipeline/graph").text.startswith("flowchart TD\n")


def test_one_stage_is_found_by_any_name(client: httpx.Client) -> None:
    for name in ("train", "odd/na:me@2024-01-01", "odd%2Fna%3Ame@2024-01-01"):
        answer = client.get(httpx.URL(f"{client.base_url}/pipeline/{name}"))
        assert answer.json()["name"] == name.replace("%2F", "/").replace("%3A", ":")


def test_unknown_stage_names_the_known(client: httpx.Client) -> None:
    document = told(client.get("/pipeline/trian"), 404)
    assert "'trian'" in document["detail"]
    assert "preprocess, train, export" in document["fix"]


def test_graph_shows_each_stage_and_edge(client: httpx.Client, repo_dir: Path) -> None:
    answer = client.get("/pipeline/graph")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "flowchart TD"
    assert '  s1["train<br/>fresh"]:::fresh' in lines
    assert "  s0 --> s1" in lines
    assert any(line.startswith("  classDef never_run ") for line in lines)
    evil = DVC_YAML.replace("  export:", "  '\"]; click s0 <b>#':")
    (repo_dir / "dvc.yaml").write_text(evil, "utf-8")
    (line,) = [each for each in client.get("/pipeline/graph").text.splitlines() if "s2[" in each]
    assert line.count('"') == 2
    assert "<b>" not in line


BROKEN: dict[str, tuple[str, str | bytes, str]] = {
    "merge markers": (
        "dvc.lock",
        LOCK.replace("  train:", "<<<<<<< HEAD\n  train:"),
        "dvc.lock, line 13: it has merge markers",
    ),
    "not YAML": ("dvc.yaml", "stages:\n  a: [\n", "dvc.yaml, line 3: not YAML, column 1"),
    "a tab": ("dvc.yaml", "stages:\n\ta: 1\n", "dvc.yaml, line 2: not YAML, column 1"),
    "a list": ("dvc.yaml", "- a\n", "dvc.yaml, line 1: the file should be a mapping"),
    "stages a list": ("dvc.yaml", "stages:\n- a\n", "dvc.yaml, line 2: stages should be a mapping"),
    "no command": (
        "dvc.yaml",
        "stages:\n  a:\n    deps: [b]\n",
        "dvc.yaml, line 3: stages.a.cmd should be a command",
    ),
    "a dep of 5": (
        "dvc.yaml",
        "stages:\n  a:\n    cmd: b\n    deps:\n    - c\n    - 5\n",
        "dvc.yaml, line 6: stages.a.deps.1 should be a path",
    ),
    "numbers for names": ("dvc.yaml", "stages:\n  1: {cmd: a}\n", "dvc.yaml, line 2: stages"),
    "templating": (
        "dvc.yaml",
        "stages:\n  a:\n    cmd: echo ${b}\n",
        "dvc.yaml, line 3: stages.a uses ${…}, which is not read here yet",
    ),
    "foreach": (
        "dvc.yaml",
        "stages:\n  a:\n    foreach: [1]\n    do: {cmd: b}\n",
        "dvc.yaml, line 3: stages.a uses foreach, which is not read here yet",
    ),
    "another schema": ("dvc.lock", "schema: '3.0'\n", "dvc.lock: schema should be '2.0'"),
    "a hash of 5": (
        "dvc.lock",
        LOCK.replace("md5: bbbb", "md5: 5"),
        "dvc.lock, line 7: stages.preprocess.deps.1.md5 should be a hash",
    ),
    "no path": ("dvc.lock", LOCK.replace("path: data/raw, ", ""), "dvc.lock, line 6: stages"),
    "a size of text": ("dvc.lock", LOCK.replace("size: 10", "size: ten"), "should be a number of"),
    "recursive": ("dvc.lock", "schema: '2.0'\nstages: &a {a: *a}\n", "dvc.lock: its aliases"),
    "blown up": (
        "dvc.lock",
        "a0: &a0 [1, 1]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(30)),
        "dvc.lock: its aliases",
    ),
    "deep": ("dvc.yaml", "[" * 100_000, "dvc.yaml"),
    "deep by lines": ("dvc.yaml", "- " * 20_000 + "a\n", "dvc.yaml"),
    "not UTF-8": ("dvc.yaml", b"\xff\xfe", "dvc.yaml: byte 0 is not UTF-8"),
    "a NUL": ("dvc.yaml", "a: \0", "dvc.yaml"),
    "an unknown tag": ("dvc.yaml", "a: !!python/name:os.system\n", "dvc.yaml, line 1: not YAML"),
    "a date of 99": ("dvc.yaml", "a: 2024-99-99\n", "dvc.yaml: "),
    "huge": ("dvc.yaml", "# " + "x" * 11_000_000, "dvc.yaml is larger than 10 MB"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_file_is_named_with_its_line(
    client: httpx.Client, repo_dir: Path, case: str
) -> None:
    name, content, says = BROKEN[case]
    (repo_dir / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    for route in ("/pipeline", "/pipeline/train", "/pipeline/graph"):
        document = told(client.get(route), 503)
        assert says in document["detail"]
        assert name in document["detail"]
        assert len(document["detail"]) < 300


def test_folder_named_dvc_yaml_is_told(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "dvc.yaml").unlink()
    (repo_dir / "dvc.yaml").mkdir()
    assert "dvc.yaml cannot be read" in told(client.get("/pipeline"), 503)["detail"]
