"""Calls come back with their place, whoever runs them; an error reaches the one who asked."""

from __future__ import annotations

import pytest

from reports.records.processes import Processes
from reports.records.workers import Call, OneByOne, Workers

CALLS = [Call(max, (place, 3)) for place in range(6)]


def test_every_call_comes_back_with_its_place() -> None:
    with Processes(2) as several:
        askers: list[Workers] = [OneByOne(), several]
        for workers in askers:
            assert dict(workers.run(CALLS)) == {0: 3, 1: 3, 2: 3, 3: 3, 4: 4, 5: 5}


def test_an_error_in_a_process_is_raised_here_and_leaves_the_pool_usable() -> None:
    with Processes(2) as several:
        with pytest.raises(ValueError, match="invalid literal"):
            list(several.run([Call(int, ("x",))]))
        assert dict(several.run(CALLS[:1])) == {0: 3}


def test_processes_start_before_their_results_are_asked_for() -> None:
    with Processes(1) as one:
        first, second = one.run([Call(max, (1, 2))]), one.run([Call(min, (1, 2))])
        assert list(second) == [(0, 1)]
        assert list(first) == [(0, 2)]
