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


# By name, since a new mistake in the gallery gives each seed others. Of each the seed, which picks
# the forms, and the deeds that went in a circle once.
ONCE_IN_A_CIRCLE = [
    (17, "line_is_indented_otherwise dvc_file_has_a_copy_in_the_root_that_is_staged"),
    (20, "module_is_utf16 merge_stopped_at_the_lock"),
    (504, "objects_are_damaged sections_are_indented_below_the_command"
          " dvc_was_started_without_git"),
    (1, "folder_is_renamed pipeline_is_committed_and_ignored_by_git"),
    (1, "raw_data_is_not_to_be_cached half_of_the_raw_data_was_deleted_and_recorded"),
    (1, "raw_data_is_not_to_be_cached half_of_the_raw_data_was_deleted"),
    (1, "raw_data_was_replaced_by_a_file_and_recorded stages_were_run_by_force"),
    (1, "stage_has_a_further_key folder_is_removed"),
    (30050, "file_is_renamed folder_is_added_to_dvc"),
    (6, "lock_is_of_dvc_2"),
    (4, "folder_of_all_data_was_renamed stage_of_ones_own_is_stale"),
    (8, "entry_moved_to_another_section sections_are_indented_below_the_command"),
    (50083, "folder_is_removed code_does_not_parse raw_data_was_replaced_by_a_file_and_recorded"),
    (50109, "code_is_an_out_and_a_run_deleted_it file_of_params_was_deleted_and_that_is_committed"),
    (0, "code_imports_what_is_not_there edits_are_committed"),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "names"), ONCE_IN_A_CIRCLE, ids=lambda one: str(one)[:40])
def test_what_went_in_a_circle_once_ends(seed: int, names: str, own_room: Room) -> None:
    result = play(own_room, seed, names=names.split())
    assert result.failure is None, str(result)
    assert not [line for line in result.log if "was not possible" in line], result.log


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_what_is_told_to_type_ends_and_loses_nothing(seed: int, own_room: Room) -> None:
    result = play(own_room, seed)
    assert result.failure is None, str(shrink(own_room, result))
