"""A key that stands twice in a mapping is an error with both its lines, whatever kind it is of."""

import pytest

from dvcstate.documents import yaml12


@pytest.mark.parametrize("key", ["a", "1", ".nan", "[1, 2]", "null", "'true'"])
def test_both_lines_of_a_double_key_are_known(key: str) -> None:
    with pytest.raises(yaml12.DuplicateKeyError) as error:
        yaml12.load(f"b: 0\n? {key}\n: 1\nc: 2\n? {key}\n: 3\n")
    assert (error.value.first_line, error.value.second_line) == (1, 4)
