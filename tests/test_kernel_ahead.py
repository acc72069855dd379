"""Work done ahead on threads: the same results in the same order, few at a time, and errors where they belong."""

import os
import time

import numpy as np
import pytest
from wetprint.kernel.toolpath.ahead import ahead


@pytest.fixture(params=[1, 2, 4])
def processors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(os, "cpu_count", lambda: request.param)
    return int(request.param)


def test_results_come_in_order(processors: int) -> None:
    def work(n: int) -> float:
        time.sleep(0.002 * (n % 3))
        return float(np.arange(n).sum())

    assert list(ahead(work, range(40))) == [n * (n - 1) / 2 for n in range(40)]


def test_few_results_are_held_at_a_time(processors: int) -> None:
    begun: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        return n

    for n in ahead(work, range(60)):
        time.sleep(0.001)
        assert max(begun) <= n + processors + 1


def test_an_error_comes_out_and_nothing_hangs(processors: int) -> None:
    def work(n: int) -> int:
        if n == 7:
            raise ValueError("seven")
        return n

    found = []
    with pytest.raises(ValueError, match="seven"):
        found.extend(ahead(work, range(20)))
    assert found == list(range(7))


def test_a_reader_may_stop_early(processors: int) -> None:
    some = ahead(lambda n: n, range(1000))
    assert [next(some) for _ in range(5)] == [0, 1, 2, 3, 4]
    some.close()
