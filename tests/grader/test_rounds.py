"""What the grader tells to type ends, and nothing is lost on the way: whatever was wrong at first.

A fixed sample runs in CI. ``WORKSHOP_ROUNDS=300 WORKSHOP_ROUNDS_SEED=5000 pytest
tests/grader/test_rounds.py`` plays 300 others; ``python -m tests.grader.rounds --seed 5007 --count
1`` one of them again.
"""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.grader.rounds import room
from tests.grader.rounds.play import play, shrink
from tests.grader.rounds.room import Room

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="DVC is started by a fork"),
]
COUNT = int(os.environ.get("WORKSHOP_ROUNDS", "20"))
FIRST = int(os.environ.get("WORKSHOP_ROUNDS_SEED", "1"))


@pytest.fixture(scope="module")
def own_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with room.opened(tmp_path_factory.mktemp("rounds")) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_what_is_told_to_type_ends_and_loses_nothing(seed: int, own_room: Room) -> None:
    result = play(own_room, seed)
    assert result.failure is None, str(shrink(own_room, result))
