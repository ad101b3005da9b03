"""python -m benchmarks.overhead: what it costs to hand a cell to a worker, beyond the cell's own work.

Cells that sleep a millisecond, on our own processes, on a dask cluster, and on joblib's loky pool beside them; the last
lines are what the store costs on top, and what a cell's description costs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from reports.plans.plan import load_plan
from reports.records.attempts import attempt  # a build has it too: forked processes begin with it
from reports.records.cluster import Cluster
from reports.records.processes import Processes
from reports.records.seeded_cell import seeded_cells
from reports.records.store import Store, record_key
from reports.records.workers import Call, Workers

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def overhead(
    cells: Annotated[int, typer.Option(help="how many")] = 10_000,
    seconds: Annotated[float, typer.Option(help="what each takes")] = 0.001,
    workers: Annotated[int, typer.Option(help="how many")] = 2,
) -> None:
    """Print, for each engine, seconds until its workers answer and milliseconds a cell costs beyond its work."""
    engines = {"processes": (_processes, ""), "dask": (_dask, ""), "dask, light": (_dask, "light")}
    for name, (engine, shape) in engines.items():
        started = time.perf_counter()
        with engine(workers) as asked:
            list(asked.run([Call(_ready)] * workers))
            ready = time.perf_counter() - started
            calls = [Call(_nap, (seconds,), _LIGHT, shape=shape)] * cells
            spent = _seconds(lambda asked=asked, calls=calls: list(asked.run(calls)))
        _say(name, ready, spent, cells, seconds, workers)
    _loky(cells, seconds, workers)
    _store()


_LIGHT = 1 / 16  # a weight of which as many as may travel together


def _nap(seconds: float) -> None:
    time.sleep(seconds)


def _ready() -> str:
    """A worker is ready when it has imported what runs a cell."""
    return attempt.__name__


def _say(name: str, ready: float, spent: float, cells: int, seconds: float, workers: int) -> None:
    over = (spent / cells - seconds / workers) * 1e3
    print(f"{name:11} ready after {ready:6.2f} s; {cells} cells of {seconds * 1e3:g} ms on {workers} workers in "
          f"{spent:6.2f} s: {over:.2f} ms a cell over the work")  # fmt: skip


@contextmanager
def _processes(workers: int) -> Iterator[Workers]:
    with Processes(workers) as pool:
        yield pool


@contextmanager
def _dask(workers: int) -> Iterator[Workers]:
    from distributed import LocalCluster

    started: Any = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
    with started as cluster, Cluster(cluster.scheduler_address) as asked:
        yield asked


def _loky(cells: int, seconds: float, workers: int) -> None:
    from joblib import Parallel, delayed

    started = time.perf_counter()
    with Parallel(workers, return_as="generator_unordered") as pool:
        list(pool(delayed(_ready)() for _ in range(workers)))
        ready = time.perf_counter() - started
        spent = _seconds(lambda: list(pool(delayed(_nap)(seconds) for _ in range(cells))))
    _say("loky", ready, spent, cells, seconds, workers)


def _store() -> None:
    """A record of a small run, written and read; a cell's key."""
    work, count = seeded_cells(load_plan("standard"), seed=0, seeds=1, device="cpu"), 200
    one, arrays = work[0].description(), {"iterates": np.zeros((16, 31, 5))}
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        store = Store(Path(folder))
        write = _seconds(lambda: [store.write({**one, "seed": seed}, {}, arrays) for seed in range(count)])
        keys = list(store.all_keys())
        read = _seconds(lambda: [store.read(key) for key in keys])
    describe = _seconds(lambda: [record_key(cell.description()) for cell in work])
    print(f"store       {write / count * 1e3:.2f} ms to write a record of 20 kB here, "
          f"{read / count * 1e3:.2f} ms to read it; {describe / len(work) * 1e3:.3f} ms for a cell's key")  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    app()
