"""Every implementation gives the same iterates, and one that does not is never timed."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from benchmarks import timing
from benchmarks.peers import PEERS, Setting
from benchmarks.peers.ours_peers import tables
from benchmarks.timing import SAME_ITERATES, DifferentIteratesError, check, measure, relative_difference
from benchmarks.worker import Job, Measurement, UnavailableError, Worker, WorkerError
from benchmarks.workloads import Tables
from tests.benchmarks.tiny import TINY

SETTING = Setting("cpu", 1)
JAX = importlib.util.find_spec("jax") is not None
TORCH = [name for name, peer in PEERS.items() if peer.library != "jax" and name != "ours"]


def _tables(name: str) -> Tables:
    return tables(replace(TINY[name], dtype="float64"))


def _by_loop(name: str) -> np.ndarray:
    """One quadratic agent after another in NumPy, by the closed form of the meta-gradient."""
    workload, drawn = TINY[name], _tables(name).participants
    data = workload.data("float64")
    A, c = data.arrays
    iterates = [data.w0]
    for index in range(workload.rounds):
        ends = []
        for agent in range(workload.agents) if drawn is None else drawn[index]:
            w = iterates[-1]
            factor = np.eye(workload.d) - workload.alpha * A[agent]
            for _ in range(workload.tau):
                power = np.linalg.matrix_power(factor, 2 * workload.nu)
                w = w - workload.beta * power @ A[agent] @ (w - c[agent])
            ends.append(w)
        iterates.append(np.mean(ends, axis=0))
    return np.stack(iterates)


@pytest.mark.parametrize("name", sorted(TINY))
@pytest.mark.parametrize("peer", TORCH)
def test_torch_peers_give_our_iterates(name: str, peer: str) -> None:
    workload, drawn = TINY[name], _tables(name)
    data = workload.data("float64")
    mine = PEERS["ours"].prepare(workload, data, drawn, SETTING)()
    theirs = PEERS[peer].prepare(workload, data, drawn, SETTING)()
    assert mine.shape == (workload.rounds + 1, workload.d)
    assert relative_difference(theirs, mine) <= SAME_ITERATES


@pytest.mark.parametrize("name", ["W1", "W4"])
def test_ours_is_the_closed_form_on_quadratics(name: str) -> None:
    workload = TINY[name]
    mine = PEERS["ours"].prepare(workload, workload.data("float64"), _tables(name), SETTING)()
    assert relative_difference(_by_loop(name), mine) <= SAME_ITERATES


# each compiles in a process of its own, which takes a few seconds
_SHORT = {("jax_plain", "W4"), ("jax_by_hand", "W3")}


@pytest.mark.skipif(not JAX, reason="jax is not installed (extra `bench`)")
@pytest.mark.parametrize(
    ("peer", "name"),
    [
        pytest.param(peer, name, marks=[] if (peer, name) in _SHORT else [pytest.mark.slow])
        for peer in PEERS
        if PEERS[peer].library == "jax"
        for name in TINY
        if PEERS[peer].serves(TINY[name])
    ],
)
def test_jax_peers_give_our_iterates(peer: str, name: str) -> None:
    workload, drawn = TINY[name], _tables(name)
    mine = PEERS["ours"].prepare(workload, workload.data("float64"), drawn, SETTING)()
    with Worker(Job(peer, workload, "float64", drawn, Setting("cpu", 2))) as worker:
        assert relative_difference(worker.ask("iterates"), mine) <= SAME_ITERATES


class _Fake:
    """A worker that answers from a dictionary, so that what is done with the answers can be seen."""

    answers: ClassVar[dict[tuple[str, str], Any]] = {}

    def __init__(self, job: Job) -> None:
        self.job = job

    def __enter__(self) -> _Fake:
        return self

    def __exit__(self, *_: object) -> None: ...

    def ask(self, request: str) -> Any:
        answer = self.answers[self.job.peer, request]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[_Fake]:
    monkeypatch.setattr(timing, "Worker", _Fake)
    return _Fake


def _iterates(**of_peer: Any) -> dict[tuple[str, str], Any]:
    return {(peer, "iterates"): answer for peer, answer in of_peer.items()}


def _check(*peers: str) -> tuple[dict[str, float], list[str]]:
    return check(TINY["W1"], [PEERS[name] for name in peers], Tables(), SETTING, print)


def test_a_peer_that_differs_is_refused(fake: type[_Fake]) -> None:
    right = np.ones((4, 3))
    wrong = right.copy()
    wrong[2, 1] += 1e-11
    fake.answers = _iterates(ours=right, torch_bmm=wrong)
    with pytest.raises(DifferentIteratesError, match=r"torch_bmm differs from ours on W1.*nothing was timed"):
        _check("ours", "torch_bmm")


def test_a_peer_that_is_not_finite_is_refused(fake: type[_Fake]) -> None:
    fake.answers = _iterates(ours=np.ones((4, 3)), torch_bmm=np.full((4, 3), np.nan))
    with pytest.raises(DifferentIteratesError):
        _check("ours", "torch_bmm")


def test_a_peer_with_fewer_rounds_is_compared_over_those(fake: type[_Fake]) -> None:
    right = np.arange(12.0).reshape(4, 3)
    fake.answers = _iterates(ours=right, torch_bmm=right[:2])
    found, missing = _check("ours", "torch_bmm")
    assert found["torch_bmm"] == 0
    assert not missing


def test_a_peer_that_cannot_run_here_is_left_out_with_its_reason(fake: type[_Fake]) -> None:
    fake.answers = _iterates(ours=np.ones((4, 3)), jax_plain=UnavailableError("jax is not installed"))
    found, missing = _check("ours", "jax_plain")
    assert list(found) == ["ours"]
    assert missing == ["jax is not installed"]


def _answers(peer: str, iterates: np.ndarray, seconds: float, last: np.ndarray) -> dict[tuple[str, str], Any]:
    told = {"first": 7.0, "iterates": iterates, "memory": 5, "time": Measurement(seconds, 1, last), "backend": None}
    return {(peer, request): answer for request, answer in told.items()}


def test_a_slow_peer_is_scaled_to_the_whole_run_and_its_compilation_is_apart(
    fake: type[_Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "peak_flops", lambda *_: 1e9)
    workload, iterates = replace(TINY["W1"], rounds=4), np.arange(15.0).reshape(5, 3)
    loop = replace(PEERS["python_loop"], rounds={"W1": 2})
    fake.answers = _answers("ours", iterates, 2.0, iterates[4]) | _answers(
        "python_loop", iterates[:3], 3.0, iterates[2]
    )
    table = measure(workload, [PEERS["ours"], loop], Tables(), SETTING, 3, 1, print)
    mine, theirs = table.timings
    assert (mine.seconds, mine.ratios) == ([2.0] * 3, [1.0] * 3)
    # two of four rounds took 3 s, so all take 6 s; the first call took 7 s, 4 s more than another one
    assert (theirs.seconds, theirs.ratios, theirs.timed_rounds) == ([6.0] * 3, [3.0] * 3, 2)
    assert theirs.first_call_extra_seconds == 4.0
    assert (table.flops, table.peak_flops, table.missing) == (workload.flops(), 1e9, [])


def test_a_peer_that_ends_elsewhere_while_it_is_timed_is_refused(
    fake: type[_Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "peak_flops", lambda *_: 1e9)
    iterates = np.arange(12.0).reshape(4, 3)
    fake.answers = _answers("ours", iterates, 2.0, iterates[3])
    fake.answers |= _answers("torch_bmm", iterates, 3.0, iterates[3] + 1e-9)
    with pytest.raises(DifferentIteratesError, match="while it was timed"):
        measure(TINY["W1"], [PEERS["ours"], PEERS["torch_bmm"]], Tables(), SETTING, 1, 1, print)


def test_a_worker_tells_what_failed_in_it_and_takes_another_job() -> None:
    bad, good = (Job("ours", TINY["W1"], dtype, Tables(), SETTING) for dtype in ("float1", "float64"))
    with timing.Crew() as crew:
        with crew.hire(bad) as worker, pytest.raises(WorkerError, match="ours on W1: TypeError"):
            worker.ask("iterates")
        with crew.hire(good) as again:
            assert again is worker
            assert relative_difference(again.ask("iterates"), _by_loop("W1")) <= SAME_ITERATES


def test_tables_are_the_draws_of_the_engine() -> None:
    participants = _tables("W4").participants
    assert participants is not None
    assert participants.shape == (3, 4)
    assert (np.diff(participants) > 0).all()
    drawn = _tables("W3")
    assert drawn.inner is not None
    assert drawn.outer is not None
    assert drawn.hessian is not None
    assert drawn.inner.shape == drawn.hessian.shape == (2, 2, 2, 4, 4)
    assert drawn.outer.shape == (2, 2, 4, 4)
    # without replacement, and independent of one another
    assert all(len(set(row)) == 4 for row in drawn.inner.reshape(-1, 4).tolist())
    assert not np.array_equal(drawn.inner, drawn.hessian)
    assert _tables("W1") == Tables() or all(part is None for part in vars(_tables("W1")).values())
