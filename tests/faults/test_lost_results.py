"""A result that its worker took along when it died is asked for again; only a dead scheduler ends a build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from reports.records.cluster import ClusterError, _Run
from reports.records.workers import Call


@dataclass
class Future:
    """A future that has ended, or had: its worker may be gone since."""

    key: str
    status: str
    result: list[Any]

    def add_done_callback(self, told: Callable[[Any], None]) -> None:
        told(self)


@dataclass
class Scripted:
    """A cluster whose futures end as they are told to, and are finished after that."""

    ends: list[str]
    there: bool = True
    vanishing: int = 0  # how many times what has finished is gone before it is gathered
    sent: int = 0
    window: int = 2

    def submit(self, calls: Sequence[Call]) -> Future:
        self.sent += 1
        return Future(str(self.sent), self.ends.pop(0) if self.ends else "finished", [call() for call in calls])

    def gathered(self, futures: Sequence[Future]) -> dict[str, Any]:
        self.vanishing -= 1
        return {} if self.vanishing >= 0 else {one.key: one.result for one in futures}

    def alive(self) -> bool:
        return self.there

    def gone(self) -> ClusterError:
        return ClusterError("gone")


def results(cluster: Scripted) -> list[tuple[int, Any]]:
    run = _Run(cluster, iter(enumerate(Call(abs, (-place,)) for place in range(5))))  # type: ignore[arg-type]
    run.send()
    return sorted(run.results())


@pytest.mark.parametrize("ends", [["lost"], ["pending", "lost", "finished", "cancelled"], ["lost"] * 7])
def test_every_call_has_one_result_whatever_was_lost(ends: list[str]) -> None:
    expected = 5 + sum(end != "finished" for end in ends)
    cluster = Scripted(list(ends))
    assert results(cluster) == [(place, place) for place in range(5)]
    assert cluster.sent == expected


def test_what_is_lost_while_it_is_gathered_is_asked_for_again() -> None:
    cluster = Scripted([], vanishing=2)
    assert results(cluster) == [(place, place) for place in range(5)]
    assert cluster.sent > 5


@pytest.mark.parametrize("end", ["lost", "cancelled"])
def test_without_a_scheduler_it_is_said(end: str) -> None:
    with pytest.raises(ClusterError, match="gone"):
        results(Scripted(["finished", end], there=False))
