"""Values of another kind than was meant, in DVC's files and from templates: as DVC takes them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import dvcstate
from tests.dvcstate import agreement, small_repository
from tests.dvcstate.dvc_oracle import Oracle
from tests.dvcstate.small_repository import LOCK, STAGE

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="names of any length")]

LONG = "a" * 300
HUGE = "0x" + "f" * 6000
ERROR = "error"
CALLBACK = {"a": {("always_changed", "", None)}}


def _same(repo: Path, oracle: Oracle) -> agreement.Verdict:
    """Our verdict, which is DVC's, and can be written as JSON."""
    ours, words = agreement.ours(repo)
    theirs, their_words = agreement.theirs(oracle, repo)
    assert ours == theirs, (words, their_words)
    if ours != ERROR:
        json.dumps(dvcstate.as_json(dvcstate.status(repo)))
    return ours


COMMANDS: dict[str, Any] = {
    "[true]": "true", "[1, 2.5, null]": "1\n2.5\nnull", "['x', {echo step: one}]": "x\necho step: one",
    "[[a, b], {c: {d: e}}]": "[a, b]\nc: d: e", "[2001-01-01]": "2001-01-01", "[]": "",
    f"[{HUGE}]": HUGE,
}  # fmt: skip


@pytest.mark.parametrize("cmd", COMMANDS)
def test_a_command_of_other_values_than_text(cmd: str, tmp_path: Path, oracle: Oracle) -> None:
    lock = LOCK.replace("cmd: x", f"cmd: {cmd}")
    pipeline = STAGE.replace("cmd: x", f"cmd: {cmd}\n    deps: [dvc.yaml.bak]")
    repo = small_repository.write(tmp_path / "repo", {"dvc.yaml": pipeline, "dvc.lock": lock})
    assert _same(repo, oracle) == {"a": {("dep", "dvc.yaml.bak", "deleted")}}
    (stage,) = dvcstate.as_json(dvcstate.status(repo))["stages"]
    assert stage["cmd"] == COMMANDS[cmd]
    (repo / "dvc.lock").write_text(LOCK)
    assert ("command", "", None) in _same(repo, oracle)["a"]  # type: ignore[index]


TEMPLATES: list[tuple[str, str, Any]] = [
    ("cmd: ${n}", "5", CALLBACK), ("cmd: ${n}", "0", {}), ("cmd: ${n}", "", {}), ("cmd: ${n}", "{b: 1}", CALLBACK),
    ("cmd: x\n    deps: ['${n}']", "5", ERROR), ("cmd: x\n    outs: ['${n}']", "5", ERROR), ("cmd: x\n    outs: ['${n}']", "", ERROR),
    ("cmd: x\n    outs: [{'${n}': {cache: false}}]", "5", ERROR), ("cmd: x\n    params: ['${n}']", "5", ERROR),
    ("cmd: x\n    params: [{'${n}': [a]}]", "5", ERROR), ("cmd: x\n    params: [{params.yaml: ['${n}']}]", "5", {"a": {("dep", "params.yaml", "new")}}),
    ("cmd: x\n    wdir: ${n}", "5", ERROR), ("cmd: x\n    wdir: ${n}", "0", CALLBACK), ("cmd: x\n    deps: ['${n}']", HUGE, ERROR),
]  # fmt: skip


@pytest.mark.parametrize(("body", "value", "expected"), TEMPLATES)
def test_a_template_that_makes_another_value_than_text(
    body: str, value: str, expected: Any, tmp_path: Path, oracle: Oracle
) -> None:
    files = {"dvc.yaml": STAGE.replace("cmd: x", body), "params.yaml": f"n: {value}\n"}
    assert _same(small_repository.write(tmp_path / "repo", files), oracle) == expected


def _import(dep: str) -> dict[str, str]:
    out = "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  path: x\n"
    return {"i.dvc": f"frozen: true\ndeps:\n- {dep}\n{out}"}


REFUSED: dict[str, dict[str, str]] = {
    "an import without a path": _import("repo: {url: /nowhere, rev_lock: abc}"),
    "an import with an empty path": _import("{path: '', repo: {url: /nowhere}}"),
    "a dep with an empty path": _import("path: ''"),
    "an empty dep": {"dvc.yaml": f"{STAGE}    deps: ['']\n"},
    "vars with a long name": {"dvc.yaml": f"vars: [{LONG}]\n{STAGE}"},
    "vars with a NUL": {"dvc.yaml": f'vars: ["a\\0b"]\n{STAGE}'},
    "vars with no name": {"dvc.yaml": f"vars: ['']\n{STAGE}"},
    "vars of a stage with a long name": {"dvc.yaml": f"{STAGE}    vars: [{LONG}]\n"},
    "a stage of a group that is not there": {"dvc.yaml": "stages:\n  build@1:\n    cmd: x\n"},
    "a stage of a group that is none": {"dvc.yaml": f"{STAGE}  a@1:\n    cmd: x\n"},
    "a stage of a group without a name": {"sub/dvc.yaml": "stages:\n  build@:\n    cmd: x\n"},
    "a stage that its group does not make": {
        "dvc.yaml": "stages:\n  b:\n    foreach: [1]\n    do: {cmd: 'x ${item}'}\n  b@3: {cmd: x}\n"
    },
    "a stage without a name": {"dvc.yaml": "stages:\n  '':\n    cmd: x\n"},
    "a stage without a name, and a template": {
        "dvc.yaml": "stages:\n  '':\n    cmd: ${n}\n", "params.yaml": "n: x\n"
    },
    "a huge number in the place of a text": {"dvc.yaml": f"stages:\n  a:\n    cmd: {HUGE}\n"},
    "a huge number in the place of a hash": {"x.dvc": f"outs:\n- md5: {HUGE}\n  path: x\n"},
    "a huge number in the place of a name": {"dvc.yaml": f"stages:\n  {HUGE}:\n    cmd: x\n"},
    "an option that is no text": {
        "x.dvc": "deps:\n- path: s3://b/x\n  fs_config: {region: 5}\nouts:\n- path: x\n"
    },
    "an option that JSON does not know": {
        "x.dvc": "deps:\n- path: x\n  repo: {url: u, config: {a: 2001-01-01}}\nouts:\n- path: y\n"
    },
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_dvc_refuses(name: str, tmp_path: Path, oracle: Oracle) -> None:
    repo = small_repository.write(tmp_path / "repo", REFUSED[name])
    assert _same(repo, oracle) == ERROR
    with pytest.raises(dvcstate.ProjectError) as caught:
        dvcstate.status(repo)
    assert caught.value.path == next(iter(REFUSED[name]))


def test_a_stage_of_a_group_that_makes_it(tmp_path: Path, oracle: Oracle) -> None:
    group = "stages:\n  b:\n    foreach: [1, 2]\n    do: {cmd: 'echo ${item}'}\n  b@1: {cmd: x}\n"
    repo = small_repository.write(tmp_path / "repo", {"dvc.yaml": group})
    assert _same(repo, oracle) == {name: {("always_changed", "", None)} for name in ("b@1", "b@2")}


@pytest.mark.parametrize("where", ["deps", "outs", "wdir", "params"])
def test_a_name_that_no_file_can_have(where: str, tmp_path: Path, oracle: Oracle) -> None:
    value = {"wdir": f"{LONG}\n    deps: [x]", "params": f"[{LONG}.yaml: [a]]"}.get(where)
    pipeline = f"{STAGE}    {where}: {value or f'[{LONG}]'}\n"
    repo = small_repository.write(tmp_path / "repo", {"dvc.yaml": pipeline})
    assert "deleted" in str(_same(repo, oracle))


@pytest.mark.parametrize(
    ("section", "value", "is_refused"),
    [
        *(("datasets", value, True) for value in ("", "1", "0", "true", "1.5", "2001-01-01")),
        *(("datasets", value, False) for value in ("text", "''", "{}", "[]", "[1]", "!!set {a}")),
        *(("artifacts", value, True) for value in ("", "1", "text", "[]", "{a: 1}")),
        ("artifacts", "{}", False),
    ],
)
def test_a_section_of_another_kind(
    section: str, value: str, is_refused: bool, tmp_path: Path, oracle: Oracle
) -> None:
    files = {"dvc.yaml": f"{section}: {value}\n{STAGE}"}
    verdict = _same(small_repository.write(tmp_path / "repo", files), oracle)
    assert verdict == (ERROR if is_refused else CALLBACK)


# In dvcstate/documents/nesting.py: DVC ends at 137, 100, 973 and 323.
LIMITS = {"params.yaml": 120, "o.toml": 100, "o.json": 900}


@pytest.mark.parametrize("form", ["[]", "{}"])
@pytest.mark.parametrize("name", ["meta", "cmd", "params.yaml", "o.yaml", "o.json", "o.toml"])
@pytest.mark.parametrize("depth", [90, 118, 150, 290, 330])
def test_a_deep_value_is_read_as_by_dvc_or_refused_in_words(
    depth: int, name: str, form: str, tmp_path: Path, oracle: Oracle
) -> None:
    start = "[" if form == "[]" else '{"a": '
    if name == "o.toml":
        start = start.replace('"a": ', "a = ")
    deep = start * depth + "1" + form[1] * depth
    files = {"dvc.yaml": STAGE}
    if name in ("meta", "cmd"):
        body = f"cmd: [{deep}]" if name == "cmd" else f"cmd: x\n    meta: {deep}"
        files["dvc.yaml"] = STAGE.replace("cmd: x", body)
    else:
        files[name] = f"p = {deep}" if name == "o.toml" else f'{{"p": {deep}}}'
        files["dvc.yaml"] += f"    params: [{name}: [p]]\n"
        files["dvc.lock"] = f"{LOCK}    params:\n      {name}: {{p: 1}}\n"
    repo = small_repository.write(tmp_path / "repo", files)
    ours, words = agreement.ours(repo)
    if ours == ERROR:
        assert "nested" in words
    else:
        assert ours == agreement.theirs(oracle, repo)[0]
    assert (ours == ERROR) == (depth > LIMITS.get(name, 300))
