"""Our verdict on a repository is DVC's, whatever was done to it.

A fixed sample runs in CI. ``WORKSHOP_AGREEMENT=300 pytest tests/dvcstate/test_agreement.py`` tries
300 repositories at random; what it finds is shrunk to the least that still differs.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.dvcstate import agreement, dvc_repositories, mutations
from tests.dvcstate.conftest import examples
from tests.dvcstate.dvc_oracle import Oracle

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="links, odd names")]

FULL = "WORKSHOP_AGREEMENT" in os.environ
TEMPLATES = ("plain", "plain", "plain", "dvc2", "dvc2", "templated", "imported")


@settings(
    max_examples=examples(60),
    derandomize=not FULL,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink) if FULL else (Phase.generate,),
    print_blob=FULL,
)
@given(data=st.data())
def test_our_reasons_are_those_of_dvc_status(
    data: st.DataObject, templates: dict[str, Path], oracle: Oracle
) -> None:
    def pick(choices: Sequence[Any]) -> Any:
        choices = list(choices)
        if not choices:
            raise IndexError("nothing to choose from")
        return choices[data.draw(st.integers(0, len(choices) - 1))]

    name = pick(TEMPLATES)
    with tempfile.TemporaryDirectory() as folder:
        repo = dvc_repositories.copy(templates[name], Path(folder, "repo"))
        seen = Path(folder, "link") if pick((True, False)) else repo
        if seen != repo:
            seen.symlink_to(repo)
        done = 0
        for _ in range(pick((1, 1, 2, 3))):
            mutation = pick(mutations.ALL)
            note(f"{name}: {mutation.__name__}")
            try:
                mutation(repo, pick)
            except (OSError, IndexError):  # what an earlier mutation left cannot be changed so
                continue
            done += 1
        _compare(seen, Path(folder, "hashes.sqlite"), oracle, alone=done == 1)


def _compare(repo: Path, store: Path, oracle: Oracle, alone: bool) -> None:
    """``alone``: one thing was done, so an error of DVC's and one of ours tell of the same."""
    first, words = agreement.ours(repo, store)
    theirs, their_words = agreement.theirs(oracle, repo)
    assert first == theirs, (words, their_words)
    if theirs == "error" and alone:
        blamed = agreement.files_named(their_words)
        assert not blamed or blamed & agreement.files_named(words), (words, their_words)
    again, words = agreement.ours(repo, store)
    if again != theirs:  # DVC's status writes into the cache: listings of DVC 2, and deletions
        theirs, their_words = agreement.theirs(oracle, repo)
    assert again == theirs, ("the second look", words, their_words)


@pytest.mark.parametrize("name", ["plain", "templated", "imported"])
def test_the_process_that_we_ask_answers_as_the_command_line_of_dvc(
    name: str, templates: dict[str, Path], oracle: Oracle, tmp_path: Path
) -> None:
    repo = dvc_repositories.copy(templates[name], tmp_path / "repo")
    single = next(path for path in (repo / "single.txt", repo / "one.txt") if path.exists())
    single.unlink()
    single.write_text("changed")
    if (repo / "prep").exists():
        shutil.rmtree(repo / "prep")
    command = [sys.executable, "-P", "-m", "dvc", "status", "--json"]
    done = subprocess.run(command, cwd=repo, capture_output=True, timeout=120, check=True)
    printed = json.loads(done.stdout)
    assert printed
    assert printed == oracle.status(repo)["status"]
