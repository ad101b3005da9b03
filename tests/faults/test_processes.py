"""A worker process that dies costs its call and no other, and none outlives the one that asked."""

from __future__ import annotations

import multiprocessing
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from reports.pipeline import workforce
from reports.plans.plan import load_plan
from reports.records import processes
from reports.records.processes import Processes
from reports.records.workers import Call, OneByOne, WorkersError
from reports.request import Request, gpus
from tests.faults.builds import ROOT, gone, until
from tests.faults.calls import die, die_until, environment, lost, mine, nap


def test_a_call_that_kills_its_worker_is_begun_again(tmp_path: Path) -> None:
    calls = [Call(nap, (0.0, place)) for place in range(20)]
    calls.insert(7, Call(die_until, (tmp_path / "deaths", 2)))
    with Processes(2) as pool:
        found = dict(pool.run(calls))
    assert found == {**dict(enumerate([*range(7), 2, *range(7, 20)]))}


def test_a_call_that_no_worker_survives_is_given_up_and_named_and_the_others_go_on(tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    bad = Call(die_until, (deaths, 99), lost=lost)
    with Processes(2) as pool:
        found = dict(pool.run([bad, *(Call(nap, (0.0, place)) for place in range(10))]))
        ended = "its worker process died 3 times, at last by SIGKILL, as when memory runs out"
        assert found[0] == f"{ended} (on {platform.node()})"
        assert [found[place] for place in range(1, 11)] == list(range(10))
        assert deaths.read_text() == "xxx"
        with pytest.raises(WorkersError, match="die: its worker process died 3 times"):
            list(pool.run([Call(die)]))
        assert list(pool.run([Call(max, (1, 2))])) == [(0, 2)], "the pool is still good"


def test_a_call_that_takes_too_long_is_ended_and_the_others_go_on() -> None:
    long = [Call(nap, (600.0,), lost=lost, limit=limit) for limit in (0.2, 0.5)]
    with Processes(2) as pool:
        found = dict(pool.run([*long, *(Call(nap, (0.01, place), limit=60.0) for place in range(10))]))
        assert found[0] == f"over its time limit of 0.2 s (on {platform.node()})"
        assert found[1].startswith("over its time limit of 0.5 s")
        assert [found[place] for place in range(2, 12)] == list(range(10))
        with pytest.raises(WorkersError, match=r"nap: over its time limit of 0\.1 s"):
            list(pool.run([Call(nap, (600.0,), limit=0.1)]))


@pytest.mark.parametrize("forked", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_process_a_gpu_which_sees_no_other(monkeypatch: pytest.MonkeyPatch, *, forked: bool) -> None:
    if forked:  # quicker, and safe where there is no GPU
        monkeypatch.setattr(processes, "_context", lambda forked: multiprocessing.get_context("fork"))
    with Processes(9, ["GPU-1a", "1"]) as pool:
        seen = {gpu for _, gpu in pool.run([Call(environment, ("CUDA_VISIBLE_DEVICES", 0.3))] * 9)}
        assert seen == {"GPU-1a", "1"}
        assert len(pool._workers) == 2
        with pytest.raises(WorkersError, match="die: its worker process died 3 times"):
            list(pool.run([Call(die)]))
        again = [gpu for _, gpu in pool.run([Call(environment, ("CUDA_VISIBLE_DEVICES", 0.3))] * 2)]
        assert sorted(map(str, again)) == ["1", "GPU-1a"], "whoever takes a dead one's place has its GPU"


def test_the_gpus_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert (gpus("cpu"), gpus("cuda")) == ([], ["0", "1"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-1a")
    assert gpus("cuda") == ["3", "GPU-1a"]
    with workforce(Request(load_plan("quick"), "quick", Path("out"), "cuda", 0, 1, jobs=2), print) as force:
        assert isinstance(force.cells, Processes)
        assert (force.cells.count, force.cells.gpus) == (2, ("3", "GPU-1a"))
    with workforce(Request(load_plan("quick"), "quick", Path("out"), "cuda", 0, 1, jobs=1), print) as force:
        assert isinstance(force.cells, OneByOne), "one GPU is used by this process"


def test_no_more_processes_than_calls() -> None:
    with Processes(50) as pool:
        pids = {pid for _, pid in pool.run([Call(mine, (0.2,))] * 3)}
        assert len(pids) == len(pool._workers) == 3


def test_results_come_from_calls_that_are_made_when_there_is_room() -> None:
    taken: list[int] = []

    def calls():  # type: ignore[no-untyped-def]
        for place in range(40):
            taken.append(place)
            yield Call(nap, (0.001, place))

    with Processes(2) as pool:
        results = pool.run(calls())
        next(results)
        assert len(taken) <= 2 + 2
        assert len(list(results)) == 39


def test_calls_of_two_askers_share_the_processes() -> None:
    with Processes(2) as pool:
        first, second = pool.run([Call(nap, (0.01, "a"))] * 5), pool.run([Call(nap, (0.01, "b"))] * 5)
        assert [value for _, value in second] == ["b"] * 5
        assert [value for _, value in first] == ["a"] * 5


def test_an_error_names_what_happened_in_the_worker() -> None:
    with Processes(1) as pool, pytest.raises(ValueError, match="invalid literal") as raised:
        list(pool.run([Call(int, ("x",))]))
    assert "in a worker process" in "".join(raised.value.__notes__)


# processes are forked by this one while it has one thread, and by a server otherwise
@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_workers_end_when_the_one_who_asked_is_killed(tmp_path: Path, number: int, threads: int) -> None:
    script = tmp_path / "asker.py"
    script.write_text(
        "import threading, time\nfrom reports.records.processes import Processes\n"
        "from reports.records.workers import Call\nfrom tests.faults.calls import nap\n"
        "if __name__ == '__main__':\n"
        f"    for _ in range({threads - 1}):\n"
        "        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "    with Processes(3) as pool:\n"
        "        print([value for _, value in pool.run([Call(nap, (0.1, 1))] * 3)], flush=True)\n"
        "        list(pool.run([Call(nap, (60.0,))] * 3))\n"
    )
    asker = subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert asker.stdout is not None
        assert asker.stdout.readline() == "[1, 1, 1]\n"
        below = psutil.Process(asker.pid).children(recursive=True)
        assert len(below) >= 3
        asker.send_signal(number)
        asker.communicate(timeout=10)
        assert until(lambda: gone(below), 10)
    finally:
        asker.kill()
