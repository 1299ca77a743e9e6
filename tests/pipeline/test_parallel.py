"""Work on every core comes back in order, and ends at the first error."""

import threading

import pytest

from pipeline.preprocess import parallel


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(parallel.map_items(lambda item: item * 2, range(100), "work")) == list(
        range(0, 200, 2)
    )
    assert list(parallel.map_items(str, [], "work")) == []


def test_after_an_error_no_more_is_begun() -> None:
    begun: list[int] = []
    gate = threading.Event()

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ValueError("the first")
        gate.wait(0.01)

    with pytest.raises(ValueError, match="the first"):
        list(parallel.map_items(work, range(1000), "work"))
    assert len(begun) < 100


def test_no_bar_is_drawn_where_nobody_sees_it(capfd: pytest.CaptureFixture[str]) -> None:
    list(parallel.map_items(str, range(5), "work"))
    assert capfd.readouterr() == ("", "")
