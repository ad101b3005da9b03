"""python -m benchmarks.cluster: how busy dask workers on the loopback keep the processors in a build.

A scheduler and workers are started as a user starts them, a build is pointed at them, and the processors' counters are
read from the first record that is kept to the last.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import psutil
import typer

from reports.records.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_PORT = 18786
_DASK = [sys.executable, "-m", "dask"]
_EVERY = 0.1  # seconds between two looks at the folder and the counters


@app.command()
def cluster(
    workers: Annotated[int, typer.Option(help="processes of one thread each")] = 4,
    profile: Annotated[str, typer.Option(help="the plan that is built")] = "standard",
    target: Annotated[float, typer.Option(help="share of the processors that is asked for")] = 0.85,
) -> None:
    """Print the share of all processors that is busy between the first record and the last.

    Exit status 0: the target is met; 1: it is not; 3: the build failed.
    """
    address = f"tcp://127.0.0.1:{_PORT}"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as started:
        here, quiet = ["--host", "127.0.0.1", "--port", str(_PORT)], "--no-dashboard"
        started.enter_context(_process([*_DASK, "scheduler", *here, quiet], folder))
        while not _listening():
            time.sleep(_EVERY)
        many = ["--nworkers", str(workers), "--nthreads", "1"]
        started.enter_context(_process([*_DASK, "worker", address, *many, quiet], folder))
        out = Path(folder) / "out"
        build = [sys.executable, "-m", "reports.build", "--profile", profile, "--out", str(out), "--scheduler", address]
        with _process(build, folder) as asking:
            looks = list(_looks(asking, Store(out / "records")))
            said = (Path(folder) / "log").read_text(errors="replace")
        records = looks[-1][1]
        if asking.returncode or not records:
            print(said, file=sys.stderr)
            raise typer.Exit(3)
        first = next(look for look in looks if look[1])
        last = next(look for look in looks if look[1] == records)
        seconds, busy = last[0] - first[0], last[2] - first[2]
    cores = psutil.cpu_count() or 1
    share = busy / (seconds * cores)
    print(f"{profile}: {records} records by {workers} workers on {cores} processors; between the first and the last "
          f"{seconds:.1f} s, {100 * share:.0f} % of the processors busy")  # fmt: skip
    raise typer.Exit(0 if share >= target else 1)


def _looks(asking: subprocess.Popen, store: Store) -> Iterator[tuple[float, int, float]]:
    """Now and then until the build ends: the time, how many records there are, the processors' busy seconds."""
    while asking.poll() is None:
        spent = psutil.cpu_times()
        yield time.perf_counter(), len(list(store.all_keys())), spent.user + spent.system
        time.sleep(_EVERY)


def _listening() -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", _PORT)) == 0


@contextmanager
def _process(command: list[str], folder: str) -> Iterator[subprocess.Popen]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with open(Path(folder) / "log", "ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    app()
